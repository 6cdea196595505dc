"""A comparison of two runs as blocks: the whole of it as a page shows it, and what a terminal has
room for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mserbench.report import terminal
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Drawn,
    Folded,
    Heading,
    Marks,
    Number,
    Paragraph,
    Shaded,
    Strong,
    Table,
)
from mserbench.results import marks
from mserbench.results.comparing import Compared
from mserbench.results.disagreeing import Disagreement, Flips
from mserbench.results.runs import Run
from mserbench.statistics.power import LEVEL
from mserbench.telling import ends, provenance
from mserbench.telling.comparison import ComparisonFacts
from mserbench.telling.page import shortened
from mserbench.telling.reached import smallest_shown

LISTED = 50  # disagreements of a page; a reader listens to the first, and JSON has all
_UNREAD = "(unread)"  # an answer that names no label
_UNSET = object()  # of an option that a run does not have, whose value may be None
_COUNTS = "Both right to both wrong count clips."


def title(compared: Compared) -> str:
    """Return what a comparison is called."""
    return f"{compared.a.name} against {compared.b.name} on {compared.a.record.task.name}"


def report(facts: ComparisonFacts) -> list[Block]:
    """Return the blocks of a whole comparison, its heading first."""
    # In the order of a reader's questions: of what, which is better, where, how alike, from what.
    sections: list[tuple[str, Callable[[ComparisonFacts], list[Block]]]] = [
        ("The two runs", _runs),
        ("Which is better", _tests),
        ("Label by label", _labels),
        ("Speaker by speaker", _speakers),
        ("Answer against answer", _answers),
        ("How alike they answer", _agreement),
        ("Where they disagree", _disagreements),
        ("Where they come from", _origins),
    ]

    blocks: list[Block] = [Heading(title(facts.compared), 1), _conclusion(facts.compared)]
    for heading, section in sections:
        blocks += [Heading(heading, 2), *section(facts)]

    return blocks


def short(facts: ComparisonFacts) -> list[Block]:
    """Return what a terminal has room for: the test, and the flips by label and by speaker."""
    disagreements = len(facts.compared.disagreements)
    return [
        _conclusion(facts.compared),
        *_tests(facts),
        *_labels(facts),
        *_speakers(facts),
        Paragraph(
            f"They answer {disagreements} of {facts.compared.result.n} clips differently: "
            f"--html FILE shows which, --json has all."
        ),
    ]


def _runs(facts: ComparisonFacts) -> list[Block]:
    a, b = facts.compared.a, facts.compared.b
    name_of_options, options = _options(a, b)
    cells: list[tuple[str, Callable[[Run], Cell]]] = [
        ("model", lambda run: run.name),
        ("version", lambda run: run.record.model.version),
        (name_of_options, lambda run: provenance.options(options[run is b])),
        ("key", lambda run: provenance.short(run.record.key)),
        ("verdict", lambda run: Strong(run.verdict)),
        ("language heard", lambda run: run.heard),
        ("marks", lambda run: Marks(run.marks)),
        ("clips scored", lambda run: str(run.record.counts.scored)),
        ("UA of these", lambda run: Number(run.metrics["UA"], run.intervals["UA"], run.by_clip)),
    ]
    rows: list[list[Cell]] = [[name, of(a), of(b)] for name, of in cells]
    points: list[Cell] = [_clips(facts)]
    if a.verdict != b.verdict:
        points.append("Their verdicts differ: what one of them learnt from may be why it is ahead.")

    words: list[Cell] = [
        f"{verdict}: {marks.VERDICT[verdict]}" for verdict in sorted({a.verdict, b.verdict})
    ]
    words += marks.meanings_of_heard({a.heard, b.heard})
    words += marks.meanings({*a.marks, *b.marks})
    return [
        Table([Column("of"), Column("A"), Column("B")], rows),
        Bullets(points),
        Folded("What these words mean", [Bullets(words)]),
    ]


def _options(a: Run, b: Run) -> tuple[str, list[dict[str, object]]]:
    """Return the options of both and what they are called; of two runs of one model those that
    differ, if any do.
    """
    both = [dict(run.record.model.options) for run in (a, b)]
    differing = [
        {name: value for name, value in own.items() if rival.get(name, _UNSET) != value}
        for own, rival in (both, reversed(both))
    ]
    if a.record.model.called == b.record.model.called and any(differing):
        return "options that differ", differing
    return "options", both


def _clips(facts: ComparisonFacts) -> str:
    compared, result = facts.compared, facts.compared.result
    if compared.notes:
        return f"They are {'; '.join(compared.notes)}."

    speakers = "of unknown speakers" if result.by_clip else f"of {result.clusters} speakers"
    return f"Both scored the same {result.n} clips {speakers}."


def _tests(facts: ComparisonFacts) -> list[Block]:
    compared = facts.compared
    result = compared.result
    differences = {
        name: Number(value, result.intervals[name], result.by_clip, name == "UA", signed=True)
        for name, value in result.differences.items()
    }
    rows: list[list[Cell]] = [
        [
            name,
            Number(compared.metrics_a[name]),
            Number(compared.metrics_b[name]),
            # Of answers that cannot be read fewer are better: drawn it would be misread.
            terminal.plain(difference) if name == "unparsed" else difference,
        ]
        for name, difference in differences.items()
    ]
    columns = [Column("metric"), *(Column(name, right=True) for name in ("A", "B", "A - B"))]
    points = [*compared.tests, smallest_shown(compared.smallest)]
    return [
        Table(columns, rows, _drawn(3, list(differences.values()))),
        Bullets(points),
    ]


def _drawn(at: int, differences: Sequence[Number]) -> Drawn:
    """Return how differences are drawn: about 0, on a scale that holds all of them."""
    ends = [end for number in differences for end in (number.value, *(number.interval or ()))]
    # To whole tens of points, so that its ends can be read.
    reach = max(1, math.ceil(10 * max(map(abs, ends)) - 1e-9)) / 10
    return Drawn(at, 0.0, "A is better to the right", -reach, reach)


def _conclusion(compared: Compared) -> Paragraph:
    """Return which run is better, if the test tells."""
    difference, p = compared.result.differences["UA"], compared.result.ua_p
    by = f"by {100 * abs(difference):.1f} points of UA"
    better, worse = ("A", "B") if difference > 0 else ("B", "A")
    if abs(difference) < 1e-9:
        sentence = "A and B have the same UA."
    elif compared.result.by_clip:
        sentence = (
            f"{better} is ahead {by}: no speaker is known, so of other people it says nothing."
        )
    elif p is None:
        sentence = f"{better} is ahead {by}: of so few speakers no test can tell more."
    elif p >= LEVEL:
        sentence = f"A and B cannot be told apart: {better} is ahead {by}, which may be chance."
    else:
        sentence = f"{better} is better than {worse} {by}."

    return Paragraph(Strong(sentence))


def _labels(facts: ComparisonFacts) -> list[Block]:
    note = (
        f"Recall in percent, and A - B in points with the 95 % interval over speakers who have "
        f"the label; of several labels now and then an interval errs. {_COUNTS}"
    )
    return [_flips("label", facts.compared.by_label), Paragraph(note)]


def _speakers(facts: ComparisonFacts) -> list[Block]:
    if not facts.speakers:
        return [Paragraph("No speaker is known.")]

    speakers, cut = ends.of_many(facts.speakers, "on whom A trails most", "on whom it leads most")
    notes = [
        f"UA in percent over the labels that a speaker has, and A - B in points. {_COUNTS}",
        cut,
    ]
    if facts.unattributed:
        notes.append(f"{facts.unattributed} clips have no speaker.")
    if not facts.looked_up.clips:
        notes.append(f"Speakers are numbers, as {facts.looked_up.reason}")

    return [_flips("speaker", speakers), *(Paragraph(note) for note in notes if note)]


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
    return Table(columns, rows, _drawn(8, differences))


def _answers(facts: ComparisonFacts) -> list[Block]:
    labels, counts = facts.compared.a.labels, facts.compared.answers
    # Most models answer with labels alone: a row and a column of zeros would tell nothing.
    is_unread = [any(row[-1] for row in counts), any(counts[-1])]
    columns = len(labels) + is_unread[0]
    names = [*labels, *([_UNREAD] if is_unread[1] else [])]
    heads = [
        Column(short, right=True, long=long)
        for short, long in zip([*shortened(labels), _UNREAD], [*labels, ""], strict=True)
    ]
    rows: list[list[Cell]] = [
        [
            name,
            *(
                Shaded(str(count), count / (sum(counts[at]) or 1), strong=column == at)
                for column, count in enumerate(counts[at][:columns])
            ),
        ]
        for at, name in enumerate(names)
    ]
    table = Table([Column("A answers"), *heads[:columns]], rows)
    return [table, Paragraph("Clips by the answer of A (rows) and that of B (columns).")]


def _agreement(facts: ComparisonFacts) -> list[Block]:
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


def _disagreements(facts: ComparisonFacts) -> list[Block]:
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


def _scored(clips: Sequence[Disagreement]) -> list[str]:
    """Return which of the two gave scores."""
    return [
        name
        for name, scores in (
            ("A", [clip.scores_a for clip in clips]),
            ("B", [clip.scores_b for clip in clips]),
        )
        if any(score is not None for both in scores for score in both)
    ]


def _clip_table(
    facts: ComparisonFacts, clips: Sequence[Disagreement], scored: Sequence[str]
) -> Table:
    columns = [Column("clip"), Column("true")]
    for name in ("A", "B"):
        columns.append(Column(name))
        if name in scored:
            columns.append(Column("its score", right=True))

    rows: list[list[Cell]] = []
    for clip in clips:
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


def _origins(facts: ComparisonFacts) -> list[Block]:
    blocks: list[Block] = []
    for name, run in (("A", facts.compared.a), ("B", facts.compared.b)):
        blocks += [Heading(f"{name}: {run.name}", 3), *provenance.blocks(run, name)]

    return blocks
