"""The README tells the truth: its commands and its Python run as printed, on corpora of official
names.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import official.audio
import pytest

import mserbench
from mserbench.contracts import Utterance
from mserbench.data import dataset, lookup

if TYPE_CHECKING:
    from conftest import Outcome

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("#")[0].split(maxsplit=1)[1]
    for line in re.findall(r"^    (mserbench .*)$", TEXT, re.MULTILINE)
]
TARGETS = re.findall(r"^    make (\w+)", TEXT, re.MULTILINE)
LAST = ("score", "compare")  # the README shows them first, but they need runs to compare with
LIGHTER = {  # what takes minutes is run whole by tests of its own
    "experiment supcon-table2": ["--plan"],
    "experiment transfer-real": ["--plan"],
    "train --model supcon-w2v2": ["--option", "steps=2", "--option", "evaluate_every=1"],
}
QUOTED = {  # of each experiment: what stands before a figure, and the row that it is of
    "transfer-real": {
        "cross-entropy alone": "Baseline 2: cross-entropy, Whisper base",
        "with both losses": "Proposed, Whisper base",
        "without the adversary": "without adversary, Whisper base",
        "the linear `whisper-linear`": "whisper-linear",
        r"On log-mels neither helps \(": "Proposed, log-mels",
        r"On log-mels neither helps \(.{,9} with,": "Baseline 2: cross-entropy, log-mels",
    },
    "mser-real": {
        r"\[pictures\]\(leaderboard/mser-real/embeddings.md\)\):": "mser-llm (mini), layer 2, "
        "scored",
        "answers that the LLM writes": "answer written by the LLM",
        "without its contrastive loss": "without L_lec",
    },
}
# of what one change brings in transfer-real: what stands before a figure, and the pair that it is
# of
CHANGES = {
    "contrastive loss alone brings": "contrastive loss alone: without adversary - neither",
    "beside the adversary": "contrastive loss, with the adversary: proposed - without SupCon",
    "the adversary alone": "adversary alone: without SupCon - neither",
    "the hierarchical batches": "batches alone: neither - Baseline 2",
    "the contrastive loss alone costs,": "log-mels, contrastive loss alone",
}
# needs pretrained weights
PRETRAINED = re.compile(r"--model (?:whisper-linear|mser-llm)|^weights get (?P<name>\S+)")


@pytest.fixture
def prepared(
    tmp_path: Path, build_corpus: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a working folder with complete corpora of tiny clips in D, and files of one's own."""
    for name in ("ravdess", "emodb", "emovo"):
        build_corpus(name, tmp_path / "D")

    for name in ("aesdd", "shemo", "resd", "iemocap", "meld"):
        official.build(name, tmp_path / "D")

    official.audio.link(
        tmp_path, [f"my-corpus/{who}_{word}.wav" for who in "ab" for word in ("anger", "joy")]
    )
    sides = [f"{one.id},{'test' if i % 5 else 'train'}" for i, one in enumerate(resd_utterances())]
    (tmp_path / "my_split.csv").write_text("\n".join(["id,part", *sides]))
    labelled = dataset.truth(lookup.task("ravdess"), None)

    with open(tmp_path / "my_predictions.csv", "w", newline="") as file:
        rows = [[utterance.id, "happy"] for utterance, _ in labelled]
        csv.writer(file).writerows([["id", "prediction"], *rows])

    (tmp_path / "my_card.json").write_text(json.dumps({"exposure": [], "exposure_complete": True}))
    monkeypatch.chdir(tmp_path)
    mserbench.evaluate("egemaps", "emodb-sample")  # `make run` leaves that

    return tmp_path


def resd_utterances() -> list[Utterance]:
    return [utterance for utterance, _ in dataset.truth(lookup.task("resd"), None)]


def expanded(command: str) -> list[str]:
    """Split a command as a shell would; a pattern stands for its first match."""
    words = shlex.split(command)
    lighter = [
        word for start, more in LIGHTER.items() if command.startswith(start) for word in more
    ]
    return [str(sorted(Path().glob(word))[0]) if "*" in word else word for word in words] + lighter


def parts_of(command: str) -> list[str]:
    """Return the pretrained weights that a command needs, in the order in which it asks for
    them.
    """
    found = PRETRAINED.search(command)
    if found and found["name"]:
        return [found["name"]]
    return ["whisper-base", "smollm2-135m-instruct"] if "mser-llm" in command else ["whisper-base"]


def in_order() -> list[str]:
    return sorted(COMMANDS, key=lambda command: command.split()[0] in LAST)


def test_every_command_of_the_readme_runs(prepared: Path, cli: Callable[..., Outcome]) -> None:
    """The first thing a newcomer does is to type them."""
    assert len(COMMANDS) >= 8
    for command in in_order():
        if command.startswith("check ") or PRETRAINED.search(command):
            continue  # the first stands there with NAME, the others have a test of their own

        done = cli(*expanded(command))
        assert done.code == 0, f"mserbench {command}: {done.err}"


def test_commands_that_need_pretrained_weights_run_or_say_how_to_get_them(
    prepared: Path, cli: Callable[..., Outcome], pretrained: Path
) -> None:
    """If they did neither, a newcomer would not know what is missing."""
    commands = [command for command in in_order() if PRETRAINED.search(command)]
    assert len(commands) >= 3
    for command in commands:
        missing = [name for name in parts_of(command) if not (pretrained / name).exists()]
        if not missing:
            done = cli(*expanded(command))
            assert done.code == 0, f"mserbench {command}: {done.err}"
        elif not command.startswith("weights get"):  # that would go to the network
            done = cli(*expanded(command))
            assert done.code == 3
            assert f"mserbench weights get {missing[0]}" in done.err


def test_the_python_of_the_readme_runs(
    no_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook user copies it whole."""
    pytest.importorskip("opensmile", reason="the snippet runs egemaps")
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert code is not None
    exec(code[1], {})


def test_make_knows_the_targets_of_the_readme() -> None:
    """`make run` and `make test` are all the set-up there is."""
    makefile = (ROOT / "Makefile").read_text()
    assert {"run", "test"} <= set(TARGETS)
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in TARGETS)


def test_links_lead_somewhere() -> None:
    """A dead link is a promise broken on the first page."""
    links = [
        link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link
    ]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", QUOTED)
def test_the_figures_of_an_experiment_stand_in_its_table(name: str) -> None:
    """A figure that was quoted by hand, of a table made anew since, would be false on the first
    page.
    """
    report = (ROOT / "leaderboard" / name / "README.md").read_text(encoding="utf-8")
    table = report.partition("## UA, mean recall of the emotions")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    averages = {row[0]: row[-1] for row in rows}
    readme = " ".join(TEXT.split())

    for words, system in QUOTED[name].items():
        (quoted,) = re.findall(rf"{words} ?(\d+\.\d(?: \[[\d., ]+\])?)", readme)
        assert averages[system].startswith(quoted), (
            f"README: {quoted} for {system!r}, the table: {averages[system]}"
        )


@pytest.mark.parametrize("words", CHANGES)
def test_what_one_change_brings_stands_in_its_table(words: str) -> None:
    """ "So the loss helps" once rested on a difference that had changed the batches too."""
    report = (ROOT / "leaderboard/transfer-real/README.md").read_text(encoding="utf-8")
    (row,) = [line for line in report.splitlines() if line.startswith(f"| {CHANGES[words]} |")]
    average = row.strip(" |").rpartition("|")[2].strip()
    readme = " ".join(TEXT.split())
    (quoted,) = re.findall(rf"{words} ([+-]\d+\.\d \[[+-]?\d+\.\d, [+-]?\d+\.\d\])", readme)
    assert plain(average).startswith(plain(quoted)), f"README: {quoted}, the table: {average}"


def plain(text: str) -> str:
    return text.replace("+", "")


WITHOUT_TRAIN = """
import sys

HIDDEN = {"torch", "torchaudio", "transformers", "whisper", "accelerate", "peft", "safetensors", "gguf"}


class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):  # such as what finds installed distributions
        return getattr(self.finder, name)

    def find_spec(self, name, *more):
        return None if name.partition(".")[0] in HIDDEN else self.finder.find_spec(name, *more)


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from mserbench.cli import main

main(sys.argv[1:])
"""


def test_the_base_install_scores_without_torch(no_settings: None, tmp_path: Path) -> None:
    """If it did not, five gigabytes would stand before the first number, and `make run` would hide
    it.
    """

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_TRAIN, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("run", "--model", "prior,random,logmel,egemaps", "--task", "emodb-sample")
    assert done.returncode == 0, done.stderr
    assert "egemaps" in done.stdout
    assert run("models").returncode == run("weights", "list").returncode == 0
    done = run("run", "--model", "whisper-linear", "--task", "emodb-sample")
    assert done.returncode == 4
    assert "pip install 'mserbench[train]'" in done.stderr
