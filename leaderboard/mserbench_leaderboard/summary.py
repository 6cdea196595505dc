"""The first table: of each task the best zero-shot system that was chosen blindly, and the best one
that was not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from mserbench.report.blocks import Cell, Column, Emphasis, Link, Number, Table
from mserbench.report.numbers import percent
from mserbench.stress.record import Stressed
from mserbench_leaderboard import cells
from mserbench_leaderboard.board import ADAPTED, DEVELOPMENT, ZERO_SHOT, Row, Section

HEARD = 10  # unlabelled clips of the target, of the adapted systems that the table shows


def table_of(
    sections: Sequence[Section], page: str = "", stresses: Sequence[Stressed] = ()
) -> Table:
    """Return the table of the best systems, with links to the sections of `page`; real speech
    stands first.

    Of the systems that were put under stress on a task, the best mean stands beside them.
    """
    columns = [
        Column("task"),
        Column("test speech"),
        Column("best zero-shot, blind"),
        Column("best zero-shot, development"),
        Column(f"{HEARD} unlabelled clips heard first"),
        Column("best mean under stress"),
    ]
    rows: list[list[Cell]] = []
    for section in (section for section in sections if section.complete):
        name = section.question.name
        rows.append(
            [
                Link(name, f"{page}#{_anchor(section)}"),
                ", ".join([speech(section), *_chance(section)]),
                _best(blind(section)),
                _best(section.groups.get(DEVELOPMENT, [])),
                _best(adapted(section), hidden=(f"adapted:{HEARD}",)),
                _under_stress(name, stresses),
            ]
        )

    return Table(columns, rows)


def blind(section: Section) -> list[Row]:
    """Return the zero-shot systems of which their records say that nothing was chosen on the
    task's corpus, the best first.
    """
    return [
        row for row in section.groups.get(ZERO_SHOT, []) if row.system.first.development is not None
    ]


def adapted(section: Section) -> list[Row]:
    """Return the zero-shot systems that heard `HEARD` unlabelled clips of the target, the best
    first.
    """
    titles = [f"{title}{ADAPTED}{HEARD}" for title in (ZERO_SHOT, DEVELOPMENT)]
    rows = [row for title in titles for row in section.groups.get(title, [])]
    return sorted(rows, key=lambda row: -row.system.scores["UA"].value)


def speech(section: Section) -> str:
    """Say in few words what a task tests on: `en, 24 speakers, 1,248 clips`."""
    languages = ", ".join(section.question.languages)
    synthetic = ["synthetic"] if section.question.synthetic else []
    clips = [f"{section.constant.n:,} clips"] if section.constant else []

    return ", ".join([languages, *synthetic, _speakers(section), *clips])


def _chance(section: Section) -> list[str]:
    constant = section.constant
    return [f"chance {percent(constant.metrics['UA'])}"] if constant else []


def _speakers(section: Section) -> str:
    statistics = section.complete[0].system.first.run.record.statistics
    return "speakers unknown" if statistics.cluster == "clip" else f"{statistics.clusters} speakers"


def _under_stress(task: str, stresses: Sequence[Stressed]) -> Cell:
    """Return the highest mean under stress of the zero-shot systems of a task, in one cell."""
    records = [
        stressed
        for stressed in stresses
        if stressed.record.task.name == task and stressed.record.verdict.verdict == "zero-shot"
    ]
    if not records:
        return ""

    best = max(records, key=lambda stressed: stressed.costs.mean.ua)
    clean, mean = Number(best.costs.clean.ua), Number(best.costs.mean.ua)
    return (mean, " (clean ", clean, "), ", best.name)


def _best(rows: Iterable[Row], hidden: Collection[str] = ("development",)) -> Cell:
    """Return the first of some rows in one cell: its number, its seeds, its name, its marks but
    those that the column says.
    """
    row = next(iter(rows), None)
    if row is None:
        return "none"

    # What ships is no property of the number.
    flags = [mark for mark in cells.flags(row) if mark not in (*hidden, cells.NOT_SHIPPED)]
    seeds = (" (", cells.seeds(row), " seeds)") if row.system.spread is not None else ()
    number = cells.points(row.system.scores["UA"], is_strong=True)
    marked = (", ", Emphasis(", ".join(flags))) if flags else ()

    return (number, *seeds, ", ", row.name, *marked)


def _anchor(section: Section) -> str:
    """Return the name that GitHub gives the heading of a section."""
    return re.sub(r"[^a-z0-9_-]", "", section.question.name.lower())
