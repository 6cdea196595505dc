"""Where a run comes from, as blocks: model, weights, sources, key, question, machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mserbench.report.blocks import Block, Cell, Column, Commands, Paragraph, Table
from mserbench.results.record import ExposurePart, WeightsPart
from mserbench.results.runs import Run

_DIGEST = 12  # characters of a digest that are shown
_CLIPPED = 60  # characters of an option's value


def blocks(run: Run, whose: str = "") -> list[Block]:
    """Return what is told of a run's origin; of what its record does not hold, nothing.

    `whose` tells a run from another one on the same page.
    """
    rows: list[list[Cell]] = [[name, text] for name, text in _facts(run) if text]
    shown_blocks: list[Block] = [
        Table([Column("of"), Column("is")], rows, name=whose and f"where {whose} comes from")
    ]
    weights = run.record.model.weights
    if weights and weights.recipe:
        shown_blocks += [
            Paragraph("The command that trains the weights again:"),
            Commands([weights.recipe]),
        ]

    # Empty where nobody says what it learnt from, which the verdict tells.
    exposure = run.record.model.exposure
    if exposure:
        shown_blocks += [Paragraph("What it learnt from:"), _exposure(exposure, whose)]

    return shown_blocks


def _facts(run: Run) -> Iterator[tuple[str, Cell]]:
    record = run.record
    model, task = record.model, record.task
    yield "model", f"{model.title} ({model.called}), version {model.version}"
    # Names are short: they take the room of what they name.
    yield "licence", model.licence or ""
    yield "options", options(model.options)
    yield "weights", _weights(model.weights) if model.weights else ""
    yield "submitted as", model.submitted or ""
    yield "its code", short(model.source)
    for name, digest in (model.files or {}).items():
        yield f"its {name}", _cut(digest)

    yield "answered by", _systems(record.facts)
    yield "key", short(record.key)
    yield "task", f"{task.name}, version {task.version}, question {short(task.question)}"
    # Predictions that somebody sent were made from audio that we did not see.
    yield "audio", short(record.corpus.index_digest) or "was not read"
    yield "predictions", f"{record.predictions.file}, SHA-256 {short(record.predictions.sha256)}"
    yield "run", record.created or ""
    yield "device", record.device or ""
    yield (
        "took",
        ", ".join(f"{name} {value:.1f} s" for name, value in (record.seconds or {}).items()),
    )
    versions = record.environment or {}
    yield "versions", ", ".join(f"{name} {version}" for name, version in versions.items())


def _systems(facts: Mapping[str, Any] | None) -> str:
    """Return what answered behind the name of a model that others serve; empty for any other."""
    systems = (facts or {}).get("systems")
    if not isinstance(systems, list):
        return ""

    # Facts are a model's own: of another form, nothing is said of them.
    return "; ".join(
        ", ".join(f"{name} {_cut(value)}" for name, value in system.items() if value)
        for system in systems
        if isinstance(system, dict)
    )


def _weights(weights: WeightsPart) -> str:
    ships = {True: ", shipped", False: ", not shipped", None: ""}[weights.shipped]
    on = "; ".join(", ".join(stage.on) for stage in weights.trained)
    return f"{weights.name} ({short(weights.hash)}{ships})" + (f", trained on {on}" if on else "")


def _exposure(exposure: tuple[ExposurePart, ...], whose: str) -> Table:
    columns = [
        Column("corpus"),
        Column("languages"),
        Column("kind"),
        Column("clips", right=True),
        Column("evidence"),
    ]
    rows = [
        [
            part.corpus,
            " ".join(part.languages),
            part.kind,
            str(part.clips or ""),
            part.evidence,
        ]
        for part in exposure
    ]
    return Table(columns, rows, name=whose and f"what {whose} learnt from")


def short(digest: str | None) -> str:
    """Return the first characters of a digest; empty without one."""
    return (digest or "")[:_DIGEST]


def options(values: Mapping[str, object]) -> str:
    """Return the options of a model as they are typed, long values cut."""
    return ", ".join(f"{name}={_cut(value)}" for name, value in values.items())


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= _CLIPPED else f"{text[:_CLIPPED]}..."
