"""Scripts for shells: what each offers at a place of the command line, asked of the shell itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Offers = Callable[[str, list[str]], list[str]]

_BASH = """\
source {script}
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_mserbench
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
_ZSH = "setopt extendedglob ksharrays shwordsplit\n" + _BASH
_FISH = "source {script}\ncomplete -C {words!r}"


@pytest.fixture(scope="module")
def offers(tmp_path_factory: pytest.TempPathFactory) -> Offers:
    """Return what a shell offers after words, the last of which is being typed."""
    folder: Path = tmp_path_factory.mktemp("completion")

    def ask(shell: str, words: list[str]) -> list[str]:
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not on this machine")

        script = folder / f"mserbench.{shell}"
        if not script.exists():
            script.write_text(_printed(shell))

        template = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}[shell]
        asked = template.format(script=script, words=" ".join(words))
        # Without the start files of the person who runs the tests.
        plain = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
        done = subprocess.run([shell, *plain, "-c", asked], capture_output=True, text=True)
        assert done.stderr == ""
        return [line.split("\t")[0] for line in done.stdout.split("\n") if line]

    return ask


def _printed(shell: str) -> str:
    from click.testing import CliRunner

    from mserbench.cli.completion import command

    result = CliRunner().invoke(command, [shell])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["mserbench", "ru"], "run"),
        (["mserbench", "leaderb"], "leaderboard"),
        (["mserbench", "run", "--mo"], "--model"),
        (["mserbench", "run", "--model", "logm"], "logmel"),
        (["mserbench", "run", "--model", "prior,logm"], "prior,logmel"),
        (["mserbench", "run", "--model", "prior", "--task", "emodb-sam"], "emodb-sample"),
        (["mserbench", "weights", "ge"], "get"),
        (["mserbench", "weights", "get", "smol"], "smollm2-135m-instruct"),
        (["mserbench", "models", "mser-l"], "mser-llm"),
    ],
)
def test_the_shell_offers_what_may_stand_there(
    offers: Offers, shell: str, words: list[str], offered: str
) -> None:
    assert offered in offers(shell, words)


def test_an_option_that_takes_a_file_offers_no_names(offers: Offers) -> None:
    assert offers("bash", ["mserbench", "run", "--data", "ru"]) == []


def test_every_command_and_every_flag_stands_in_every_script(cli) -> None:
    from mserbench.cli import program
    from mserbench.cli._completing import places

    everywhere = list(places(program))
    assert {"run", "completion", "leaderboard"} <= {name for name, _ in everywhere[0].commands}

    for shell in ("bash", "zsh", "fish"):
        script = cli("completion", shell).out
        for place in everywhere:
            assert place.path in script
            for flag in place.flags:
                assert flag.flag.lstrip("-") in script


def test_another_shell_is_a_sentence(cli) -> None:
    done = cli("completion", "tcsh")
    assert (done.code, done.out) == (2, "")
    assert "bash" in done.err
