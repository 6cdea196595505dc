"""A report on one run as blocks, which a terminal and a page show alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Drawn,
    Heading,
    Number,
    Paragraph,
    Shaded,
    Strong,
    Table,
)
from mserbench.results import doubts, marks
from mserbench.telling import ends, provenance, reached
from mserbench.telling.facts import PartFacts, RunFacts
from mserbench.telling.listening import Heard

_METRICS = {
    "UA": "mean recall over the labels",
    "WA": "accuracy",
    "WF1": "weighted F1",
    "MF1": "macro F1",
    "precision": "weighted precision",
    "unparsed": "answers that cannot be read, which count as wrong",
}


def report(facts: RunFacts, heard: Heard | None = None) -> list[Block]:
    """Return the blocks of a report, its heading first; `heard` are clips of it to listen to."""
    run = facts.run
    # In the order of a reader's questions: how much, of how much, where, why, from what.
    sections: list[tuple[str, Callable[[RunFacts], list[Block]]]] = [
        ("What it reached", _metrics),
        ("What could have been reached", reached.blocks),
        ("Label by label", _labels),
        ("What was taken for what", _confusion),
        ("Speaker by speaker", _speakers),
        ("Short and long clips", _durations),
        ("Verdict", _verdict),
        ("Wrong answers that it is surest of", _worst),
        ("Where it comes from", lambda of_run: provenance.blocks(of_run.run)),
    ]

    blocks: list[Block] = [Heading(f"{run.name} on {run.record.task.name}", 1)]
    # What may not be passed on must say so before anything else.
    blocks += heard.terms if heard else []
    for title, section in sections:
        blocks += [Heading(title, 2), *section(facts)]
        if section is _worst and heard:
            blocks += heard.clips

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
    columns = [Column("metric"), Column("value", right=True), Column("is")]
    return [Table(columns, rows, Drawn(1, says="percent")), _text(note)]


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
    return [Table(columns, rows, reached.beside_chance(3, facts))]


def _confusion(facts: RunFacts) -> list[Block]:
    labels, counts = facts.run.labels, facts.confusion
    # Most models answer with labels alone: a column of zeros would tell nothing.
    has_unreadable = bool(counts[:, -1].any())
    heads = [
        Column(short, right=True, long=label)
        for short, label in zip(shortened(labels), labels, strict=True)
    ]
    if has_unreadable:
        heads.append(Column("none", right=True))

    # A label without clips has no shares.
    totals = counts.sum(axis=1).clip(min=1)
    rows: list[list[Cell]] = [
        [
            label,
            *(
                Shaded(str(count), float(count / totals[at]), strong=column == at)
                for column, count in enumerate(counts[at, : len(heads)])
            ),
        ]
        for at, label in enumerate(labels)
    ]

    table = Table([Column("true"), *heads], rows)
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
    blocks: list[Block] = [_parts("speaker", speakers, facts), *([_text(cut)] if cut else [])]
    if not facts.looked_up.clips:
        blocks.append(_text(f"Speakers are numbers, as {facts.looked_up.reason}"))

    return blocks


def _durations(facts: RunFacts) -> list[Block]:
    if facts.durations:
        return [_parts("seconds", facts.durations, facts)]
    if facts.looked_up.clips:
        return [_text("Too few clips for quarters.")]
    return [_text(f"Seconds are not known: {facts.looked_up.reason}")]


def _parts(name: str, parts: Sequence[PartFacts], facts: RunFacts) -> Table:
    columns = [
        Column(name),
        Column("clips", right=True),
        Column("UA", right=True),
        Column("WA", right=True),
    ]
    rows: list[list[Cell]] = [
        [part.name, str(part.clips), Number(part.ua), Number(part.wa)] for part in parts
    ]
    return Table(columns, rows, reached.beside_chance(2, facts))


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
