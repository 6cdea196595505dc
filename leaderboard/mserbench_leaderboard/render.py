"""The board as blocks, and as Markdown: a summary, then for each task our runs by verdict, floors,
and published results.
"""

from __future__ import annotations

from collections.abc import Sequence

from mserbench.labels import canonical_subset
from mserbench.report import markdown
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Folded,
    Heading,
    Number,
    Paragraph,
    Picture,
    Table,
    Written,
)
from mserbench.statistics.compare import smallest_difference
from mserbench.stress.record import Stressed
from mserbench_leaderboard import cells, drawing, recipes, stressed, summary, words
from mserbench_leaderboard.board import Constant, Row, Section
from mserbench_leaderboard.published import METRICS, Published


def board(sections: Sequence[Section], stresses: Sequence[Stressed] = ()) -> str:
    """Return the whole file, with what was lost under stress after the summary.

    Nothing in it depends on the time or the machine.
    """
    return markdown.page(
        [
            *_introduction(sections, stresses),
            *stressed.blocks(stresses),
            *(content for section in sections for content in _section(section)),
        ]
    )


def _introduction(sections: Sequence[Section], stresses: Sequence[Stressed]) -> list[Block]:
    picture: list[Block] = (
        [Picture(drawing.PLACE, words.PICTURE)] if drawing.picture(sections) else []
    )
    return [
        Heading(words.TITLE, 1),
        Paragraph(Written(words.OPENING)),
        Bullets([Written(text) for text in words.HOW_TO_READ]),
        Heading(words.SUMMARY_TITLE, 2),
        Paragraph(Written(words.SUMMARY)),
        *picture,
        summary.table_of(sections, stresses=stresses),
    ]


def _section(section: Section) -> list[Block]:
    question = section.question
    blocks: list[Block] = [
        Heading(question.name, 2),
        Paragraph((question.title, Written(". "), *_facts(section))),
    ]
    if question.synthetic:
        blocks.append(Paragraph(Written(words.SYNTHETIC)))

    extra = len(canonical_subset(question.labels)) < len(question.labels)
    for title, rows in section.groups.items():
        blocks += [Heading(Written(title), 3), Paragraph(Written(words.group_note(title)))]
        blocks += cells.systems(rows, extra)

    blocks += recipes.blocks([row for rows in section.groups.values() for row in rows])
    if not section.groups:
        blocks.append(Paragraph(words.NO_RUN))

    if section.constant:
        blocks += [Heading("Floors", 3), Paragraph(words.FLOORS)]
        blocks += _floors(section.floors, section.constant, extra)

    if section.partial:
        blocks.append(Heading("Partial runs, not comparable", 3))
        blocks += cells.systems(section.partial, extra, sizes=True)

    if section.older:
        blocks.append(Heading("Older task versions, not comparable", 3))
        blocks += cells.systems(section.older, extra)

    if section.published:
        blocks += [Heading("Published results", 3), Paragraph(Written(words.PUBLISHED))]
        blocks.append(_published(section.published))

    return blocks


def _facts(section: Section) -> tuple[str, ...]:
    """Return pieces of a line, each short enough to be shown whole."""
    question = section.question
    facts = [
        f"Corpus: {question.corpus}",
        f"languages: {', '.join(question.languages)}",
        *([f"clips: {section.constant.n:,}"] if section.constant else []),
        *_shown_by(section),
        f"labels: {', '.join(question.labels)}",
        f"task version {question.version} ({question.hash[:8]})",
    ]

    # An empty line would part the pieces in Markdown, so the marks between them are pieces too.
    parted = [piece for fact in facts for piece in (fact, "; ")]
    return (*parted[:-1], ".")


def _shown_by(section: Section) -> list[str]:
    """Say how many speakers a task has, how many clips have none, and the smallest difference that
    shows.
    """
    if not section.complete:
        return []

    run = section.complete[0].system.first.run
    statistics = run.record.statistics
    if statistics.cluster == "clip":
        return ["speakers: not known"]

    alone = (
        f" (of which {statistics.unattributed} clips without one)"
        if statistics.unattributed
        else ""
    )
    smallest = smallest_difference(run.record.counts.scored, statistics.clusters)
    difference = "none" if smallest is None else f"{100 * smallest:.0f} points"

    return [f"speakers: {statistics.clusters}{alone}", f"smallest difference: {difference}"]


def _floors(rows: Sequence[Row], constant: Constant, extra: bool) -> list[Block]:
    head = ["floor", "n", cells.UA, *([cells.CANONICAL] if extra else []), *cells.OTHERS, "verdict"]
    lines: list[list[Cell]] = []

    for row in rows:
        system = row.system
        lines.append(
            [
                row.name,
                str(system.first.n),
                cells.points(system.scores["UA"]),
                *([cells.canonical(row)] if extra else []),
                *(Number(system.scores[name].value) for name in cells.OTHERS),
                system.first.verdict,
            ]
        )

    # Nobody ran it: it follows from the labels, so it has neither a verdict nor files.
    metrics = [Number(constant.metrics[name]) for name in ("UA", *cells.OTHERS)]
    subset: list[Cell] = [""] if extra else []
    name = f"always {constant.label} (the best constant answer)"
    lines.append([name, str(constant.n), metrics[0], *subset, *metrics[1:], ""])

    floors = Table(cells.columns(head), lines)
    if not rows:
        return [floors]

    files = Table(cells.columns(["floor", "files"]), [[row.name, cells.files(row)] for row in rows])
    return [floors, Folded("Predictions of the floors", [files])]


def _published(results: Sequence[Published]) -> Table:
    head = [Column("system"), *(Column(name, right=True) for name in METRICS)]
    head += [Column("exposure"), Column("source"), Column("note")]
    rows: list[list[Cell]] = [
        [
            result.system,
            *(result.values.get(name, "") for name in METRICS),
            Written(result.exposure),
            f"{result.paper}, table {result.table}; {result.source}",
            result.note,
        ]
        for result in results
    ]

    return Table(head, rows)
