"""The first table: of each task the best zero-shot system that was chosen blindly, and the best one
that was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mserbench.report.numbers import percent
from mserbench_leaderboard import cells
from mserbench_leaderboard.board import DEVELOPMENT, ZERO_SHOT, Row, Section
from mserbench_leaderboard.markdown import escape, table


def table_of(sections: Sequence[Section], page: str = "") -> str:
    """Return the table of the best systems, with links to the sections of `page`; real speech
    stands first.
    """
    head = [
        "task",
        "test speech",
        "a constant",
        "best zero-shot, blind",
        "best zero-shot, development",
    ]
    rows = []
    for section in (section for section in sections if section.complete):
        rows.append(
            [
                f"[{escape(section.question.name)}]({page}#{_anchor(section)})",
                _speech(section),
                percent(section.constant.metrics["UA"]) if section.constant else "",
                _best(
                    row
                    for row in section.groups.get(ZERO_SHOT, [])
                    if row.system.first.development is not None
                ),
                _best(section.groups.get(DEVELOPMENT, [])),
            ]
        )

    return table(head, rows, right=("a constant",))


def _speech(section: Section) -> str:
    """Say in few words what a task tests on: `en, 24 speakers, 1,248 clips`."""
    languages = escape(", ".join(section.question.languages))
    synthetic = ["synthetic"] if section.question.synthetic else []
    clips = [f"{section.constant.n:,} clips"] if section.constant else []

    return ", ".join([languages, *synthetic, _speakers(section), *clips])


def _speakers(section: Section) -> str:
    statistics = section.complete[0].system.first.run.record.statistics
    return "speakers unknown" if statistics.cluster == "clip" else f"{statistics.clusters} speakers"


def _best(rows: Iterable[Row]) -> str:
    """Return the first of some rows in one cell: its number, its seeds, its name, its marks."""
    row = next(iter(rows), None)
    if row is None:
        return "none"

    score, flags = (
        row.system.scores["UA"],
        [flag for flag in cells.flags(row) if flag not in ("development", cells.NOT_SHIPPED)],
    )
    seeds = f" ({cells.seeds(row)} seeds)" if row.system.spread is not None else ""
    number = cells.points(score).replace(percent(score.value), f"**{percent(score.value)}**", 1)

    return f"{number}{seeds}, {escape(row.name)}" + (f", *{', '.join(flags)}*" if flags else "")


def _anchor(section: Section) -> str:
    """Return the name that GitHub gives the heading of a section."""
    return re.sub(r"[^a-z0-9_-]", "", section.question.name.lower())
