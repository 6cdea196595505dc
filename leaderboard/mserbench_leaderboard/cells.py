"""The tables of systems, and their cells: numbers with intervals, seeds, marks, links to files."""

from __future__ import annotations

from collections.abc import Sequence

from mserbench.report.numbers import percent
from mserbench.results import marks
from mserbench_leaderboard import pictures
from mserbench_leaderboard.board import Row
from mserbench_leaderboard.entries import Score
from mserbench_leaderboard.markdown import escape, table
from mserbench_leaderboard.store import RESULTS

NOT_SHIPPED = "weights not shipped"
NUMBERS = ("n", "UA, canonical labels", "WA", "WF1", "MF1", "unparsed")
"""Columns that are aligned to the right."""


def systems(rows: Sequence[Row], extra: bool, sizes: bool = False) -> str:
    """Return the table of some systems; `extra`: with the canonical subset, `sizes`: with the
    number of clips.
    """
    head = ["rank", "model", "trained on", *(["n"] if sizes else []), "UA [95 % interval]", "seeds"]
    head += [
        *(["UA, canonical labels"] if extra else []),
        "WA",
        "WF1",
        "MF1",
        "unparsed",
        "verdict",
        "heard",
    ]
    lines = [_row(row, extra, sizes) for row in rows]

    return table([*head, "marks", "tie", "files"], lines, right=("rank", *NUMBERS))


def _row(row: Row, extra: bool, sizes: bool) -> list[str]:
    system, verdict = row.system, row.system.first.verdict
    return [
        "" if row.rank is None else str(row.rank),
        escape(row.name),
        escape(", ".join(system.trained_on)),
        *([str(system.first.n)] if sizes else []),
        points(system.scores["UA"]),
        seeds(row),
        *([points(system.canonical) if system.canonical else ""] if extra else []),
        *(percent(system.scores[name].value) for name in ("WA", "WF1", "MF1", "unparsed")),
        f"**{verdict}**" if verdict == "leaked" else verdict,
        system.first.heard,
        ", ".join(flags(row)),
        "top" if row.tied else "",
        files(row),
    ]


def seeds(row: Row) -> str:
    """Return how many seeds a row is the mean of, and how far they lie apart: `5 ± 0.8`; nothing if
    nobody says.
    """
    system = row.system
    if system.spread is not None:
        return f"{len(system.entries)} ± {percent(system.spread)}"
    return {True: "1", False: "none", None: ""}[system.is_random]


def files(row: Row) -> str:
    """Link the predictions of each run, by its seed where there are several, and the confusion
    matrix.
    """
    system = row.system
    paths = [f"{RESULTS}/{entry.place}/predictions.csv" for entry in system.entries]
    matrix = f"[matrix]({pictures.place(system)})"
    if len(paths) == 1:
        return f"[predictions]({paths[0]}), {matrix}"

    links = [f"[{escape(seed)}]({path})" for seed, path in zip(system.seeds, paths, strict=True)]
    return f"predictions by seed: {', '.join(links)}; {matrix}"


def points(score: Score) -> str:
    """Return a score in percent, with its interval."""
    return percent(score.value, score.interval, score.by_clip)


def flags(row: Row) -> list[str]:
    """Return the marks of a system; that speech is synthetic is said once for the task."""
    record, interval = row.system.first.run.record, row.system.scores["UA"].interval
    plain = [mark for mark in marks.of_record(record) if mark not in ("synthetic", "wide")]
    more = {
        "wide": marks.is_wide(interval),
        "submitted": record.model.submitted is not None,
        NOT_SHIPPED: row.system.is_shipped is False,
    }

    return [*plain, *(name for name, is_set in more.items() if is_set)]
