"""Finished runs on a terminal: a table with floors, and below it what a reader must know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mserbench.cli import _common, _reached
from mserbench.cli._adapting import heard_by
from mserbench.errors import plain

if TYPE_CHECKING:
    from mserbench.results.runs import Run

_SHOWN = 120  # characters of an answer


def show(finished: Sequence[Run]) -> None:
    """Print runs as a table, with what a reader must know of them below."""
    from mserbench.report.numbers import percent

    head = [
        "task", "model", "n", "speakers", "UA [95 % interval]",
        "WA", "WF1", "MF1", "unparsed", "verdict", "heard", "marks",
    ]  # fmt: skip
    rows: list[list[object]] = [
        [
            run.record.task.name,
            run.name,
            run.record.counts.scored,
            "unknown" if run.by_clip else run.record.statistics.clusters,
            percent(run.metrics["UA"], run.intervals["UA"], run.by_clip),
            *(percent(run.metrics[name]) for name in ("WA", "WF1", "MF1", "unparsed")),
            run.verdict,
            run.heard,
            ", ".join(run.marks),
        ]
        for run in finished
    ]
    _common.print_table(
        _with_floors(finished, rows),
        head,
        right=("n", "speakers", "WA", "WF1", "MF1", "unparsed"),
        least=("MF1", "WF1", "heard", "WA", "speakers", "n", "unparsed", "marks", "verdict"),
    )
    click.echo()

    for line in footnotes(finished):
        _common.say(line)


def _with_floors(finished: Sequence[Run], rows: Sequence[list[object]]) -> list[list[object]]:
    """Return the rows of a table, below those of each task two of what anyone reaches there."""
    all_rows: list[list[object]] = []
    for position, (run, row) in enumerate(zip(finished, rows, strict=True)):
        all_rows.append(row)
        following = finished[position + 1] if position + 1 < len(finished) else None
        if following is None or following.record.task != run.record.task:
            all_rows += _reached.floor_rows(run, len(row))

    return all_rows


def footnotes(finished: Sequence[Run]) -> list[str]:
    """Explain the marks, the unit of the interval, and each verdict."""
    from mserbench.report.numbers import percent
    from mserbench.results import doubts, marks

    lines = [
        "Percent. UA: mean recall over the classes; "
        "in brackets its 95 % interval over speakers (jackknife, t)."
    ]
    for run in finished:
        if alone := run.record.statistics.unattributed:
            lines.append(
                f"{run.record.task.name}: {alone} clip(s) have no speaker: "
                f"each counts as a speaker of its own"
            )

        lines += _reached.of_task(run)

    # Several models on one task say the same of it.
    lines = list(dict.fromkeys(lines))
    for run in finished:
        lines += _reached.of_labels(run)

    lines += dict.fromkeys(sentence for run in finished if (sentence := _read_as(run)))

    for run in finished:
        if part := run.record.canonical:
            value = percent(part.metrics["UA"], part.intervals["UA"], run.by_clip)
            lines.append(
                f"{run.name} on {run.record.task.name}, canonical labels only: "
                f"UA {value}, n {part.n}"
            )

    lines += marks.meanings({mark for run in finished for mark in run.marks})
    lines += list(dict.fromkeys(heard_by(run) for run in finished if run.record.adaptation))
    lines += marks.meanings_of_heard({run.heard for run in finished})
    for run in finished:
        # Zero-shot is what a reader expects here; of anything else the reasons stand in the record.
        if run.verdict != "zero-shot":
            lines.append(
                f"{run.name} on {run.record.task.name}: {run.verdict}: {'; '.join(run.reasons)}"
            )

    lines += dict.fromkeys(sentence for run in finished if (sentence := _card_wanted(run)))
    for run in finished:
        lines += _unread(run)
        lines += [
            f"warning: {run.name} on {run.record.task.name}: {sentence}"
            for sentence in doubts.of_record(run.record)
        ]

    notes = {
        f"{run.name}: {run.record.verdict.note}": None
        for run in finished
        if run.record.verdict.note
    }
    folders = sorted({str(run.folder.parent) for run in finished})
    return [*lines, *notes, f"Predictions and provenance: {', '.join(folders)}"]


def _unread(run: Run) -> list[str]:
    """Say how many answers name no label, or several, and show one of them with its clip."""
    count, scored = run.record.counts.unparsed, run.record.counts.scored
    if not count:
        return []

    first = next(row for row in run.rows if not row.prediction)
    return [
        f"{run.name} on {run.record.task.name}: {count} of {scored} answers name no label of the "
        f"task, or more than one, and count as wrong; the first, at clip {first.id!r}: "
        f"{plain(first.answer, _SHOWN)!r}"
    ]


def _read_as(run: Run) -> str:
    """Say what words of a model's own were read as; "" where it has none."""
    from mserbench.data.label_map import MEANINGS

    # A record is a file that anybody may have written.
    meanings = (run.record.facts or {}).get(MEANINGS)
    pairs = meanings.items() if isinstance(meanings, dict) else ()
    read = [f"{raw!r} as {label}" for raw, label in pairs if raw != label]

    # A word that is read as what its author did not mean is seen here, or nowhere.
    return f"{run.name}: of its labels it reads {', '.join(read)}" if read else ""


def _card_wanted(run: Run) -> str:
    """Say how a model of somebody's own gets a verdict; "" where it has one, or takes no card."""
    if run.verdict != "unknown" or run.record.model.options.get("card", None) != "":
        return ""
    return (
        f"{run.name}: say what it was trained on, --card FILE (docs/your-predictions.md), and the "
        f"verdict is computed"
    )
