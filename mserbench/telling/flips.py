"""Where two runs disagree, as blocks: by label, by speaker, answer against answer, by clip."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Drawn,
    Number,
    Paragraph,
    Shaded,
    Strong,
    Table,
)
from mserbench.results.disagreeing import Disagreement, Flips
from mserbench.telling import ends
from mserbench.telling.comparison import ComparisonFacts
from mserbench.telling.page import shortened

LISTED = 50  # disagreements of a page; a reader listens to the first, and JSON has all
_UNREAD = "(unread)"  # an answer that names no label
_COUNTS = "Both right to both wrong count clips."


def labels(facts: ComparisonFacts) -> list[Block]:
    """Return who is right on the clips of each label."""
    note = (
        f"Recall in percent, and A - B in points with the 95 % interval over speakers who have "
        f"the label; of several labels now and then an interval errs. {_COUNTS}"
    )
    return [_flips("label", facts.compared.by_label), Paragraph(note)]


def speakers(facts: ComparisonFacts) -> list[Block]:
    """Return who is right on the clips of each speaker, of many speakers the ends."""
    if not facts.speakers:
        return [Paragraph("No speaker is known.")]

    parts, cut = ends.of_many(facts.speakers, "with the lowest A - B", "with the highest")
    notes = [
        f"UA in percent over the labels that a speaker has, and A - B in points. {_COUNTS}",
        cut,
    ]
    if facts.unattributed:
        notes.append(f"{facts.unattributed} clips have no speaker.")
    if not facts.looked_up.clips:
        notes.append(f"Speakers are numbers, as {facts.looked_up.reason}")

    return [_flips("speaker", parts), *(Paragraph(note) for note in notes if note)]


def _flips(name: str, parts: Sequence[Flips]) -> Table:
    columns = [
        Column(name),
        Column("clips", right=True, priority=1),
        Column("both right", right=True, priority=3),
        Column("only A", right=True),
        Column("only B", right=True),
        Column("both wrong", right=True, priority=3),
        Column("A", right=True, priority=2),
        Column("B", right=True, priority=2),
        Column("A - B", right=True),
    ]
    differences = [Number(part.difference, part.interval, signed=True) for part in parts]
    rows: list[list[Cell]] = [
        [
            part.name,
            str(part.clips),
            str(part.both_right),
            str(part.only_a),
            str(part.only_b),
            str(part.both_wrong),
            Number(part.a),
            Number(part.b),
            difference,
        ]
        for part, difference in zip(parts, differences, strict=True)
    ]
    return Table(columns, rows, drawn(8, differences))


def answers(facts: ComparisonFacts) -> list[Block]:
    """Return how often B gives each answer where A gives each."""
    names, counts = facts.compared.a.labels, facts.compared.answers
    # Most models answer with labels alone: a row and a column of zeros would tell nothing.
    is_unread = [any(row[-1] for row in counts), any(counts[-1])]
    columns = len(names) + is_unread[0]
    of_a = [*names, *([_UNREAD] if is_unread[1] else [])]
    heads = [
        Column(short, right=True, long=long)
        for short, long in zip([*shortened(names), _UNREAD], [*names, ""], strict=True)
    ]
    rows: list[list[Cell]] = [
        [
            name,
            *(
                Shaded(str(count), count / (sum(counts[at]) or 1), strong=column == at)
                for column, count in enumerate(counts[at][:columns])
            ),
        ]
        for at, name in enumerate(of_a)
    ]
    table = Table([Column("A answers"), *heads[:columns]], rows)
    return [table, Paragraph("Clips by the answer of A (rows) and that of B (columns).")]


def agreement(facts: ComparisonFacts) -> list[Block]:
    """Return how alike they answer."""
    alike = facts.compared.agreement
    points: list[Cell] = [
        (
            "The same answer to ",
            Number(alike.same),
            f" % of the clips. Cohen's kappa {_kappa(alike.kappa)}: 0 if they agree as often as "
            f"chance has it, 1 if always.",
        ),
        f"Consistency of errors {_kappa(alike.errors)}, kappa of right and wrong: 0 if they fail "
        f"on the same clips as often as chance has it, 1 if always.",
        (
            "At least one of them is right on ",
            Number(alike.either),
            " % of the clips: the WA of whoever always chose the better answer.",
        ),
    ]
    return [Bullets(points)]


def _kappa(value: float | None) -> str:
    return "is not defined" if value is None else f"{value:.2f}"


def clips(facts: ComparisonFacts) -> list[Block]:
    """Return the clips that they answer differently, those of which they are surest first."""
    disagreements = facts.compared.disagreements
    if not disagreements:
        return [Paragraph("They give every clip the same answer.")]

    listed = disagreements[:LISTED]
    count = f"{len(disagreements)} of {facts.compared.result.n} clips"
    if len(listed) < len(disagreements):
        count += f", {len(listed)} of them here; --json has all"

    # Without any score nobody knows of which answers a model is sure.
    scored = _scored(disagreements)
    order = (
        f"first those of which {' and '.join(scored)} {'are' if scored[1:] else 'is'} surest, by "
        f"how far the score of the own answer lies above that of the other's (ranks)"
        if scored
        else "in the order of their ids, as neither gave scores"
    )
    return [_clip_table(facts, listed, scored), Paragraph(f"{count}, {order}.")]


def _scored(listed: Sequence[Disagreement]) -> list[str]:
    """Return which of the two gave scores."""
    return [
        name
        for name, scores in (
            ("A", [clip.scores_a for clip in listed]),
            ("B", [clip.scores_b for clip in listed]),
        )
        if any(score is not None for both in scores for score in both)
    ]


def _clip_table(
    facts: ComparisonFacts, listed: Sequence[Disagreement], scored: Sequence[str]
) -> Table:
    columns = [Column("clip"), Column("true")]
    for name in ("A", "B"):
        columns.append(Column(name))
        if name in scored:
            columns.append(Column("its score", right=True))

    rows: list[list[Cell]] = []
    for clip in listed:
        cells: list[Cell] = [facts.file(clip.id), clip.label, clip.answer_a or _UNREAD]
        cells += [_score(clip.scores_a[0])] if "A" in scored else []
        cells += [clip.answer_b or _UNREAD]
        cells += [_score(clip.scores_b[1])] if "B" in scored else []
        rows.append([*cells, _right(clip)])

    return Table([*columns, Column("right")], rows)


def _right(clip: Disagreement) -> Cell:
    right = [
        name
        for name, answer in (("A", clip.answer_a), ("B", clip.answer_b))
        if answer == clip.label
    ]
    return Strong(right[0]) if right else "neither"


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def drawn(at: int, differences: Sequence[Number]) -> Drawn:
    """Return how differences are drawn: about 0, on a scale that holds all of them."""
    values = [end for number in differences for end in (number.value, *(number.interval or ()))]
    # To whole tens of points, so that its ends can be read.
    reach = max(1, math.ceil(10 * max(map(abs, values)) - 1e-9)) / 10
    return Drawn(at, 0.0, "A is better to the right", -reach, reach)
