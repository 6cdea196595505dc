"""The program itself: names, listings, exit codes, and what is imported when."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from mserbench.cli import COMMANDS, GROUPS, program

Install = Callable[..., Path]


@pytest.mark.parametrize("command", ["tasks", "models", "corpora"])
def test_listings_name_everything_with_its_plugin(cli, plugin: Install, command: str) -> None:
    plugin()
    records = json.loads(cli(command, "--json").out)
    names = [record["name"] for record in records]
    assert names == sorted(names)
    assert all(record["plugin"] and record["target"].count(":") == 1 for record in records)
    expected = {"tasks": "ravdess", "models": "steady", "corpora": "emodb-sample"}[command]
    assert expected in names
    assert expected in cli(command).out


def test_a_failed_plugin_is_listed_and_hides_nothing(cli, plugin: Install) -> None:
    plugin()
    plugin("raise ImportError('no torch here')")
    done = cli("plugins", "--json")
    assert done.code == 1
    failed = [plugin for plugin in json.loads(done.out) if plugin["status"] == "failed"]
    assert len(failed) == 1
    assert "no torch here" in failed[0]["failures"][0]
    listing = cli("models")
    assert (listing.code, "steady" in listing.out) == (0, True)
    assert "1 plugin(s) failed, so names may be missing: see 'mserbench plugins'" in listing.err


def test_strict_plugins_stops_at_a_failure_wherever_the_flag_stands(cli, plugin: Install) -> None:
    plugin("raise ImportError('no torch here')")
    for arguments in (["--strict-plugins", "tasks"], ["tasks", "--strict-plugins"]):
        done = cli(*arguments)
        assert (done.code, done.out) == (4, "")
        assert "no torch here" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], "command 'rnu' is not known; did you mean 'run'"),
        (["tasks", "--jsno"], "option '--jsno' is not known; did you mean --json"),
        (["tasks", "extra"], "extra"),
        (["data", "verifi"], "verifi"),
        (["compare", "one"], "RUN_B"),
        (["compare", "a", "b", "c"], "extra argument (c): --help tells how many are expected"),
        (["compare", "a"], "is missing: --help tells what is expected"),
    ],
)
def test_a_wrong_request_is_exit_2(cli, arguments: list[str], words: str) -> None:
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_without_arguments_it_says_what_it_can_do(request: pytest.FixtureRequest) -> None:
    """In a process of its own, as a newcomer starts it: nothing that ran before is in it."""
    call = request.getfixturevalue("program")  # the name is that of the click object here

    for arguments, code in (([], 2), (["--help"], 0), (["-h"], 0)):
        done = call(*arguments)
        missing = [name for name in COMMANDS if name not in done.out + done.err]
        assert (done.code, missing) == (code, []), f"{arguments} gave {done}"


IN_GROUPS = """
    from mserbench import CommandEntry

    @hookimpl
    def register_commands():
        return [
            CommandEntry("grade", "absent:command", "grade a model", group="Score"),
            CommandEntry("water", "absent:command", "water the plants", group="Garden"),
            CommandEntry("sing", "absent:command", "sing a song"),
        ]
"""


def test_the_help_has_groups_and_plugins_choose_theirs(cli, plugin: Install) -> None:
    """Nineteen names in one list tell a newcomer nothing of where to begin."""
    plugin(IN_GROUPS)
    sections = dict(
        section.strip().split(":\n", 1) for section in cli("--help").out.split("\n\n")[3:]
    )
    commands = {
        heading: [line.split()[0] for line in text.splitlines()]
        for heading, text in sections.items()
        if heading != "Options"
    }
    assert list(commands) == [
        *GROUPS,
        "Of plugins",
        "Garden",
    ]
    assert {"run", "leaderboard", "grade"} <= set(commands["Score"])
    assert (commands["Garden"], commands["Of plugins"]) == (["water"], ["sing"])
    assert {name for names in commands.values() for name in names} > set(COMMANDS)


def test_each_command_takes_one_line_of_the_help(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list whose titles wrap cannot be looked down."""
    monkeypatch.setenv("COLUMNS", "80")
    text = cli("--help").out
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("  ")}
    assert [name for name, title in COMMANDS.items() if not lines[name].endswith(title)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["check", "model", "prior"], "'mserbench conform model prior'"),
        (["check", "task", "emodb", "--json"], "'mserbench conform task emodb'"),
        (["check", "packages"], "'mserbench packages'"),
        (["experiment", "mser-real", "--check"], "'mserbench experiment NAME --replay'"),
        (["experiment", "--check", "--seeds", "no"], "'mserbench experiment NAME --replay'"),
    ],
)
def test_an_old_spelling_says_where_it_went(cli, old: list[str], new: str) -> None:
    """Scripts and pages have the old words: a shrug, or another command under them, would cost
    their readers an hour.
    """
    done = cli(*old)
    assert (done.code, done.out) == (2, "")
    assert new in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_old_spellings_are_in_no_help(cli) -> None:
    """Whoever learns the program today shall learn one word for each thing."""
    assert "--check" not in cli("experiment", "--help").out


def test_the_version_is_told(cli) -> None:
    from mserbench import __version__

    assert cli("--version").out.strip() == f"mserbench, version {__version__}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(cli, command: str) -> None:
    done = cli(command, "--help")
    assert done.code == 0
    assert "Usage: mserbench" in done.out


def test_train_tells_where_the_weights_are_and_what_to_do_with_them(
    cli, plugin: Install, tmp_path: Path
) -> None:
    plugin()
    done = cli("train", "--model", "trainee", "--on", "emodb-sample", "--out", tmp_path / "w")
    assert done.code == 0
    assert f"weights in {tmp_path / 'w'}" in done.out
    assert f"mserbench run --model trainee --weights {tmp_path / 'w'} --task TASK" in done.out
    second = cli("train", "--model", "trainee", "--on", "emodb-sample", "--out", tmp_path / "w")
    assert (second.code, second.out) == (0, done.out)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").touch()
    third = cli("train", "--model", "trainee", "--on", "emodb-sample", "--out", tmp_path / "full")
    assert (third.code, third.out) == (2, "")
    assert "is not empty: give another --out" in third.err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["tasks"], ["models"], ["corpora"], ["run", "--help"]]
)
def test_looking_around_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom mserbench.cli import main\n"
        f"try:\n    main({arguments})\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'pandas', 'scipy', 'sklearn', 'soundfile'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_every_command_chooses_the_device_alike() -> None:
    """Trainings were on the CPU by default, runs on the GPU: nobody could tell which without the
    help.
    """
    context = click.Context(program)
    commands = [program.get_command(context, name) for name in program.list_commands(context)]
    defaults = {
        command.name: option.default
        for command in commands
        if isinstance(command, click.Command)
        for option in command.params
        if option.name == "device"
    }
    assert {"run", "train", "experiment", "predict"} <= set(defaults)
    assert set(defaults.values()) == {"auto"}
