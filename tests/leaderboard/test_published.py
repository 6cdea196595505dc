"""The file of published results: what may stand in it, and that every row says where it comes
from.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mserbench.errors import DataError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import TaskEntry
from mserbench_leaderboard.published import COLUMNS, judged, read

FILE = Path(__file__).parents[2] / "leaderboard" / "reported.csv"


def test_each_row_concerns_a_task_and_has_a_source() -> None:
    """A number without source or of another question would be hearsay beside results that anyone
    can recompute.
    """
    rows = read(FILE)
    assert rows
    assert {row.task for row in rows} <= set(registry.entries(TaskEntry))
    assert all(row.system and row.paper and row.table and row.source and row.note for row in rows)
    assert len({(row.task, row.system, row.paper, row.table) for row in rows}) == len(rows)


def test_zero_shot_in_a_seen_language_is_cross_corpus() -> None:
    """The paper calls RAVDESS zero-shot though it trained on English; our verdict's words are used
    for all.
    """
    ours = [row for row in read(FILE) if row.system.startswith("MSER-LLM")]
    assert {row.task: row.exposure for row in ours} == {
        **dict.fromkeys(("aesdd", "resd", "shemo"), "zero-shot"),
        "ravdess": "cross-corpus",
        **dict.fromkeys(("iemocap-4", "iemocap-7", "meld", "meld-4"), "in-corpus"),
    }


def test_the_registry_says_what_the_file_says() -> None:
    """The verdict of a public system is computed; a slip of the hand would show here."""
    rows = read(FILE)
    computed = judged(rows)
    assert computed == rows
    slipped = [replace(row, exposure="leaked") for row in rows]
    mended = {row.system for row in judged(slipped) if row.exposure != "leaked"}
    assert mended == {
        'MSER-LLM zero-shot ("Ours ZS")',
        *(f"emotion2vec+ {size}" for size in ("seed", "base", "large")),
    }


@pytest.mark.parametrize(
    "line",
    [
        "t,s,F1,50,in-corpus,p,1,x,n",
        "t,s,UA,0.5e9,in-corpus,p,1,x,n",
        "t,s,UA,nan,in-corpus,p,1,x,n",
        "t,s,UA,50,in-domain,p,1,x,n",
        "t,s,UA,50,in-corpus,p,1,x",
        "t,s,UA,50,in-corpus,p,1,x,n\nt,s,UA,51,in-corpus,p,1,x,n",
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    """A slip in a hand-kept file must stop, and say where."""
    path = tmp_path / "reported.csv"
    path.write_text(f"{','.join(COLUMNS)}\n{line}\n")
    with pytest.raises(DataError, match=r"line [23]"):
        read(path)


def test_no_file_is_no_result(tmp_path: Path) -> None:
    """A board elsewhere need not list published results."""
    assert read(tmp_path / "reported.csv") == []
