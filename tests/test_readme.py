"""The README tells the truth: its commands and its Python run as printed, on corpora of official names."""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import official.audio
import pytest

from mserbench import dataset, registry
from mserbench.contracts import Utterance

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("#")[0].split(maxsplit=1)[1] for line in re.findall(r"^    (mserbench .*)$", TEXT, re.MULTILINE)
]
TARGETS = re.findall(r"^    make (\w+)", TEXT, re.MULTILINE)
LAST = ("score", "compare")  # the README shows them first, but they need runs to compare with


@pytest.fixture
def prepared(tmp_path: Path, build_corpus: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with complete corpora of tiny clips in D, and files of one's own."""
    for name in ("ravdess", "emodb", "emovo"):
        build_corpus(name, tmp_path / "D")
    for name in ("aesdd", "shemo", "resd", "iemocap", "meld"):
        official.build(name, tmp_path / "D")
    official.audio.link(tmp_path, [f"my-corpus/{who}_{word}.wav" for who in "ab" for word in ("anger", "joy")])
    sides = [f"{one.id},{'test' if i % 5 else 'train'}" for i, one in enumerate(resd_utterances())]
    (tmp_path / "my_split.csv").write_text("\n".join(["id,part", *sides]))
    labelled = dataset.truth(registry.task("ravdess"), None)
    with open(tmp_path / "my_predictions.csv", "w", newline="") as file:
        rows = [[utterance.id, "happy"] for utterance, _ in labelled]
        csv.writer(file).writerows([["id", "prediction"], *rows])
    (tmp_path / "my_card.json").write_text(json.dumps({"exposure": [], "exposure_complete": True}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def resd_utterances() -> list[Utterance]:
    return [utterance for utterance, _ in dataset.truth(registry.task("resd"), None)]


def expanded(command: str) -> list[str]:
    """Split a command as a shell would; a pattern stands for its first match."""
    words = shlex.split(command)
    return [str(sorted(Path().glob(word))[0]) if "*" in word else word for word in words]


def test_every_command_of_the_readme_runs(prepared: Path, cli: Callable[..., object]) -> None:
    """The first thing a newcomer does is to type them."""
    assert len(COMMANDS) >= 8
    for command in sorted(COMMANDS, key=lambda command: command.split()[0] in LAST):
        if command.startswith("check "):
            continue  # it stands there with NAME
        done = cli(*expanded(command))
        assert done.code == 0, f"mserbench {command}: {done.err}"


def test_the_python_of_the_readme_runs(no_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
