"""Each damage of a corpus is named by the item and the kind, and what is no damage is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from damaged import damages, own_corpus
from damaged.fails_today import marked
from mserbench.data import lookup

DAMAGES = damages.load()
Cli = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup._owned.clear()
    monkeypatch.chdir(tmp_path)


def told(cli: Cli, corpus: own_corpus.OwnCorpus, proposed: bool) -> list[str]:
    """Return what `init-task` (with the file that it wrote), `data verify` and `run` say."""
    corpus.write()
    lines = []
    if proposed:
        corpus.toml.unlink()
        done = cli("init-task", "c", "--out", "t.toml", "--language", "de")
        lines += [*done.out.splitlines(), *done.err.splitlines()]
        if corpus.toml.exists():
            lines += corpus.toml.read_text().splitlines()
        else:  # that it says why is the question
            return lines

    for arguments in (
        ("data", "verify", "./t.toml"),
        ("run", "--model", "prior", "--task", "./t.toml"),
    ):
        done = cli(*arguments)
        assert done.code in (0, 1, 3), f"no exit code for a matter of data: {done}"
        lines += [*done.out.splitlines(), *done.err.splitlines()]

    return lines


@pytest.mark.parametrize("name", [marked(name) for name in DAMAGES])
def test_a_damage_is_named(name: str, cli: Cli, tmp_path: Path) -> None:
    """If a damage passed in silence, a model would be judged by what nobody recorded or said."""
    damage = DAMAGES[name]
    if damage.needs:
        pytest.importorskip(damage.needs)

    corpus = own_corpus.build(tmp_path)
    damage.apply(corpus)
    lines = told(cli, corpus, damage.proposed)
    if damage.allowed:
        assert any("18 utterances" in line and "0 problem(s)" in line for line in lines), lines
        assert not any(line.startswith(("problem:", "error:")) for line in lines), lines
    else:
        item, words = (re.compile(text, re.IGNORECASE) for text in (damage.item, damage.words))
        named = [line for line in lines if item.search(line) and words.search(line)]
        assert named, f"{name} ({damage.changed}) is not named:\n" + "\n".join(lines)


def test_the_good_corpus_is_good(cli: Cli, tmp_path: Path) -> None:
    """If the undamaged corpus had a problem or a note, every damage would seem to be named."""
    lines = told(cli, own_corpus.build(tmp_path), proposed=True)
    assert not [line for line in lines if line.startswith(("problem:", "note:", "error:"))]
