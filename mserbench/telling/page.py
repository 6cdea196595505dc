"""A report on one run as blocks, which a terminal and a page show alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Heading,
    Number,
    Paragraph,
    Strong,
    Table,
)
from mserbench.results import doubts, marks
from mserbench.telling import ends, provenance
from mserbench.telling.facts import PartFacts, RunFacts

_METRICS = {
    "UA": "mean recall over the labels",
    "WA": "accuracy",
    "WF1": "weighted F1",
    "MF1": "macro F1",
    "precision": "weighted precision",
    "unparsed": "answers that cannot be read, which count as wrong",
}


def report(facts: RunFacts) -> list[Block]:
    """Return the blocks of a report, its heading first."""
    run = facts.run
    # In the order of a reader's questions: how much, of how much, where, why, from what.
    sections: list[tuple[str, Callable[[RunFacts], list[Block]]]] = [
        ("What it reached", _metrics),
        ("What could have been reached", _reach),
        ("Label by label", _labels),
        ("What was taken for what", _confusion),
        ("Speaker by speaker", _speakers),
        ("Short and long clips", _durations),
        ("Verdict", _verdict),
        ("Wrong answers that it is surest of", _worst),
        ("Where it comes from", lambda of_run: provenance.blocks(of_run.run)),
    ]

    blocks: list[Block] = [Heading(f"{run.name} on {run.record.task.name}", 1)]
    for title, section in sections:
        blocks += [Heading(title, 2), *section(facts)]

    return blocks


def _metrics(facts: RunFacts) -> list[Block]:
    run, counts = facts.run, facts.run.record.counts
    rows: list[list[Cell]] = [
        [
            name,
            Number(run.metrics[name], run.intervals[name], run.by_clip, strong=name == "UA"),
            meaning,
        ]
        for name, meaning in _METRICS.items()
    ]
    speakers = (
        "of unknown speakers" if run.by_clip else f"of {run.record.statistics.clusters} speakers"
    )
    # Of a run with --limit a reader must not take a part for the whole.
    scored = (
        f"{counts.scored} of {counts.expected}"
        if counts.scored < counts.expected
        else counts.scored
    )
    note = (
        f"Percent, with the 95 % interval over speakers. {scored} clips {speakers}, "
        f"{len(run.labels)} labels."
    )
    return [Table([Column("metric"), Column("value", right=True), Column("is")], rows), _text(note)]


def _reach(facts: RunFacts) -> list[Block]:
    run, floors = facts.run, facts.floors
    chance = Number(floors.chance)
    rows: list[list[Cell]] = [
        [
            "this run",
            Number(run.metrics["UA"], run.intervals["UA"], run.by_clip, strong=True),
            Number(run.metrics["WA"]),
        ],
        [
            f"always {floors.label!r}",
            Number(floors.constant["UA"]),
            Number(floors.constant["WA"]),
        ],
        ["random answers", chance, chance],
    ]
    lowest, highest = map(Number, floors.range)
    points: list[Cell] = [
        ("Of random answerers 19 of 20 have a UA of ", lowest, " to ", highest, ".")
    ]

    # A model that can give all labels has no ceiling to be told of.
    if facts.coverage.is_told:
        of_labels, sentences = _coverage(facts)
        rows += of_labels
        points += sentences

    points.append(smallest_shown(facts.smallest))
    columns = [Column("what"), Column("UA", right=True), Column("WA", right=True)]
    return [Table(columns, rows), Bullets(points)]


def _coverage(facts: RunFacts) -> tuple[list[list[Cell]], list[Cell]]:
    """Return rows and sentences on the labels that a model can give."""
    run, covered = facts.run, facts.coverage
    share = f"{len(covered.labels)} of {len(run.labels)} labels"
    lacking = f"lacking: {', '.join(covered.lacking)}."

    # What never occurs among answers may be known all the same.
    proof = "occur among its answers (answers only: no proof that it knows no others)"
    points: list[Cell] = [
        f"{share} {proof if covered.by_answers else 'are what it can give'}; {lacking}"
    ]
    ceiling = Number(covered.ceiling["UA"]), Number(covered.ceiling["WA"])
    rows: list[list[Cell]] = [[f"ceiling with {share}", *ceiling]]

    if shared := covered.shared:
        value = Number(shared.metrics["UA"], shared.intervals["UA"], run.by_clip)
        name = f"this run, the {shared.n} clips of those labels"
        rows.append([name, value, Number(shared.metrics["WA"])])
        points.append("The last row answers another question than the task, and is not ranked.")

    return rows, points


def smallest_shown(difference: float | None) -> str:
    """Return what is said of the smallest difference that clips show, a fraction of 1."""
    if difference is None:
        return "Without four speakers or more no difference between two systems can be shown."
    if difference >= 1:
        return "These clips show no difference between two usual systems: one speaker has most."
    return (
        f"These clips and speakers show a difference of UA between two usual systems from "
        f"{100 * difference:.1f} points on, in 4 of 5 tries (simulated)."
    )


def _labels(facts: RunFacts) -> list[Block]:
    by_clip = facts.run.by_clip
    rows: list[list[Cell]] = [
        [
            label.label,
            str(label.clips),
            str(label.answers),
            "" if label.recall is None else Number(label.recall, label.interval, by_clip),
            "" if label.precision is None else Number(label.precision),
        ]
        for label in facts.labels
    ]
    columns = [
        Column("label"),
        Column("clips", right=True),
        Column("answers", right=True),
        Column("recall", right=True),
        Column("precision", right=True),
    ]
    return [Table(columns, rows)]


def _confusion(facts: RunFacts) -> list[Block]:
    labels, counts = facts.run.labels, facts.confusion
    # Most models answer with labels alone: a column of zeros would tell nothing.
    has_unreadable = bool(counts[:, -1].any())
    short = shortened(labels)
    heads = [*short, *(["none"] if has_unreadable else [])]
    rows: list[list[Cell]] = [
        [
            label,
            *(
                Strong(str(count)) if column == at else str(count)
                for column, count in enumerate(counts[at, : len(heads)])
            ),
        ]
        for at, label in enumerate(labels)
    ]

    table = Table([Column("true"), *(Column(head, right=True) for head in heads)], rows)
    unreadable = "; none: could not be read" if has_unreadable else ""
    return [table, _text(f"Clips by true label (rows) and answer (columns){unreadable}.")]


def shortened(labels: Sequence[str]) -> list[str]:
    """Return labels cut to as few characters, three or more, as tell them apart.

    >>> shortened(["happy", "sad", "surprise", "surety"])
    ['happ', 'sad', 'surp', 'sure']
    """
    longest = max(map(len, labels))
    for size in range(3, longest + 1):
        short = [label[:size] for label in labels]
        if len(set(short)) == len(short):
            return short

    return list(labels)


def _speakers(facts: RunFacts) -> list[Block]:
    if not facts.speakers:
        return [_text("No speaker is known.")]

    speakers, cut = ends.of_many(facts.speakers, "lowest", "highest")
    blocks: list[Block] = [_parts("speaker", speakers), *([_text(cut)] if cut else [])]
    if not facts.looked_up.clips:
        blocks.append(_text(f"Speakers are numbers, as {_why_not(facts)}"))

    return blocks


def _durations(facts: RunFacts) -> list[Block]:
    if facts.durations:
        return [_parts("seconds", facts.durations)]
    if facts.looked_up.clips:
        return [_text("Too few clips for quarters.")]
    return [_text(f"Seconds are not known: {_why_not(facts)}")]


def _why_not(facts: RunFacts) -> str:
    return (
        f"the corpus is not here (--data, and --task for one of your own): "
        f"{facts.looked_up.why_not}"
    )


def _parts(name: str, parts: Sequence[PartFacts]) -> Table:
    columns = [
        Column(name),
        Column("clips", right=True),
        Column("UA", right=True),
        Column("WA", right=True),
    ]
    return Table(
        columns, [[part.name, str(part.clips), Number(part.ua), Number(part.wa)] for part in parts]
    )


def _verdict(facts: RunFacts) -> list[Block]:
    run = facts.run
    # The verdict first, then what it rests on, then all that qualifies the number.
    points: list[Cell] = [
        (Strong(run.verdict), f": {marks.VERDICT[run.verdict]}"),
        *run.reasons,
        *([run.record.verdict.note] if run.record.verdict.note else []),
        *marks.meanings_of_heard({run.heard}),
        *marks.meanings(run.marks),
        *doubts.of_record(run.record),
    ]
    return [Bullets(points)]


def _worst(facts: RunFacts) -> list[Block]:
    # Two reasons for an empty list, which mean the opposite of one another.
    if not facts.worst:
        why = (
            "It gave no scores, so that nobody knows of which answers it is sure."
            if not any(row.scores for row in facts.run.rows)
            else "It gave no wrong answer."
        )
        return [_text(why)]

    rows: list[list[Cell]] = [
        [
            answer.file or answer.id,  # a file can be listened to
            answer.label,
            answer.answer,
            f"{answer.score:.4g}",
            f"{answer.of_label:.4g}",
        ]
        for answer in facts.worst
    ]
    columns = [
        Column("clip"),
        Column("true"),
        Column("answer"),
        Column("its score", right=True),
        Column("of true", right=True),
    ]
    return [Table(columns, rows)]


def _text(text: str) -> Paragraph:
    return Paragraph(text)
