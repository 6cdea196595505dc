"""The tables of systems, and their cells: numbers with intervals, seeds, marks, links to files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mserbench.report.blocks import (
    Block,
    Cell,
    Column,
    Folded,
    Inline,
    Link,
    Marks,
    Number,
    Strong,
    Table,
    Written,
)
from mserbench.report.numbers import percent
from mserbench.results import marks
from mserbench_leaderboard import pictures
from mserbench_leaderboard.board import Row
from mserbench_leaderboard.entries import Score
from mserbench_leaderboard.store import RESULTS

NOT_SHIPPED = "weights not shipped"
UA = "UA [95 % interval]"
CANONICAL = "UA, canonical labels"
OTHERS = ("WA", "WF1", "MF1")
"""Metrics that nothing is ranked by."""

MORE = "Other metrics, what was heard and trained on, predictions"

_NUMBERS = ("rank", "n", CANONICAL, *OTHERS, "unparsed")


def columns(names: Sequence[str]) -> list[Column]:
    """Return columns of these names; those of numbers are aligned to the right."""
    return [Column(name, right=name in _NUMBERS) for name in names]


def systems(rows: Sequence[Row], extra: bool, sizes: bool = False) -> list[Block]:
    """Return the table by which some systems are compared, and one with all else, folded.

    `extra`: with the canonical subset, `sizes`: with the number of clips.
    """
    # Two tables, as a reader compares by the first, and one with all columns would fit no screen.
    head = ["rank", "model", UA, "verdict", "marks", "tie", "seeds"]
    names = apart(rows)
    first = Table(columns(head), [_first(row, name) for row, name in zip(rows, names, strict=True)])

    more = ["rank", "model", "trained on", *(["n"] if sizes else [])]
    more += [*([CANONICAL] if extra else []), *OTHERS, "unparsed", "heard", "files"]
    second = Table(columns(more), [_second(row, extra, sizes) for row in rows])

    return [first, Folded(MORE, [second])]


def apart(rows: Sequence[Row]) -> list[str]:
    """Return the names of rows; of one name, as where only the training speech differs, with that.

    The table that tells them apart is folded, and two rows of one name would be read as a mistake.
    """
    times = Counter(row.name for row in rows)
    return [
        f"{row.name}, on {' '.join(row.system.trained_on)}" if times[row.name] > 1 else row.name
        for row in rows
    ]


def _rank(row: Row) -> str:
    return "" if row.rank is None else str(row.rank)


def _first(row: Row, name: str) -> list[Cell]:
    verdict = row.system.first.verdict
    return [
        _rank(row),
        name,
        points(row.system.scores["UA"]),
        Strong(verdict) if verdict == "leaked" else verdict,
        Marks(flags(row)),
        "top" if row.tied else "",
        seeds(row),
    ]


def _second(row: Row, extra: bool, sizes: bool) -> list[Cell]:
    system = row.system
    return [
        _rank(row),
        row.name,
        ", ".join(system.trained_on),
        *([str(system.first.n)] if sizes else []),
        *([canonical(row)] if extra else []),
        *(Number(system.scores[name].value) for name in (*OTHERS, "unparsed")),
        system.first.heard,
        files(row),
    ]


def seeds(row: Row) -> Written:
    """Return how many seeds a row is the mean of, and how far they lie apart: `5 ± 0.8`; nothing if
    nobody says.
    """
    system = row.system
    if system.spread is not None:
        return Written(f"{len(system.entries)} ± {percent(system.spread)}")
    return Written({True: "1", False: "none", None: ""}[system.is_random])


def files(row: Row) -> Cell:
    """Link the predictions of each run, by its seed where there are several, and the confusion
    matrix.
    """
    system = row.system
    paths = [f"{RESULTS}/{entry.place}/predictions.csv" for entry in system.entries]
    matrix = Link("matrix", pictures.place(system))
    if len(paths) == 1:
        return (Link("predictions", paths[0]), ", ", matrix)

    pieces: list[Inline] = [Written("predictions by seed: ")]
    for seed, path in zip(system.seeds, paths, strict=True):
        pieces += [Link(seed, path), ", "]

    return (*pieces[:-1], "; ", matrix)


def points(score: Score, is_strong: bool = False) -> Number:
    """Return a score with its interval."""
    return Number(score.value, score.interval, score.by_clip, is_strong)


def canonical(row: Row) -> Cell:
    """Return the score among the canonical labels, nothing where there is none."""
    return points(row.system.canonical) if row.system.canonical else ""


def flags(row: Row) -> list[str]:
    """Return the marks of a system; that speech is synthetic is said once for the task."""
    record, interval = row.system.first.run.record, row.system.scores["UA"].interval

    # The interval of a mean over seeds is another one than that of its first run.
    plain = [mark for mark in marks.of_record(record) if mark not in ("synthetic", "wide")]
    more = {
        "wide": marks.is_wide(interval),
        "submitted": record.model.submitted is not None,
        NOT_SHIPPED: row.system.is_shipped is False,
    }

    return [*plain, *(name for name, is_set in more.items() if is_set)]
