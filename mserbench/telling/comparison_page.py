"""A comparison of two runs as blocks: the whole of it as a page shows it, and what a terminal has
room for.
"""

from __future__ import annotations

from collections.abc import Callable

from mserbench.report import terminal
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Folded,
    Heading,
    Marks,
    Number,
    Paragraph,
    Strong,
    Table,
)
from mserbench.results import marks
from mserbench.results.comparing import Compared
from mserbench.results.runs import Run
from mserbench.statistics.power import LEVEL
from mserbench.telling import flips, provenance
from mserbench.telling.comparison import ComparisonFacts
from mserbench.telling.reached import smallest_shown

_UNSET = object()  # of an option that a run does not have, whose value may be None


def title(compared: Compared) -> str:
    """Return what a comparison is called."""
    return f"{compared.a.name} against {compared.b.name} on {compared.a.record.task.name}"


def report(facts: ComparisonFacts) -> list[Block]:
    """Return the blocks of a whole comparison, its heading first."""
    # In the order of a reader's questions: of what, which is better, where, how alike, from what.
    sections: list[tuple[str, Callable[[ComparisonFacts], list[Block]]]] = [
        ("The two runs", _runs),
        ("Which is better", _tests),
        ("Label by label", flips.labels),
        ("Speaker by speaker", flips.speakers),
        ("Answer against answer", flips.answers),
        ("How alike they answer", flips.agreement),
        ("Where they disagree", flips.clips),
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
        *flips.labels(facts),
        *flips.speakers(facts),
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

    speakers = "unknown speakers" if result.by_clip else f"{len(facts.speakers)} speakers"
    return f"Both scored the same {result.n} clips of {speakers}."


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
        Table(columns, rows, flips.drawn(3, list(differences.values()))),
        Bullets(points),
    ]


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


def _origins(facts: ComparisonFacts) -> list[Block]:
    blocks: list[Block] = []
    for name, run in (("A", facts.compared.a), ("B", facts.compared.b)):
        blocks += [Heading(f"{name}: {run.name}", 3), *provenance.blocks(run, name)]

    return blocks
