"""From a model, a task, scores and a verdict to the parts of a run's record."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from mserbench.cards import CorpusCard, ModelCard
from mserbench.contracts import Task
from mserbench.results import record
from mserbench.results.conditions import AdaptationPart
from mserbench.results.exposure import Verdict
from mserbench.results.record import (
    CorpusPart,
    Counts,
    ExposurePart,
    Interval,
    ModelPart,
    PredictionsPart,
    Statistics,
    Subset,
    TaskPart,
    VerdictPart,
    WeightsPart,
)
from mserbench.results.record import task_hash as task_hash
from mserbench.results.scoring import Scores
from mserbench.statistics.intervals import LEVEL

_PACKAGES = (
    "mserbench",
    "numpy",
    "scipy",
    "scikit-learn",
    "soundfile",
    "soxr",
    "opensmile",
    "torch",
    "transformers",
)

METHOD = "jackknife t, logit"  # of the intervals, as docs/results.md describes it


def model_part(
    card: ModelCard,
    version: str,
    options: Mapping[str, Any],
    weights: WeightsPart | None,
    submitted: str | None = None,
    source: str = "",
    files: Mapping[str, str] | None = None,
    address: str = "",
) -> ModelPart:
    """Describe the model; its exposure without the long lists of clips."""
    return ModelPart(
        name=card.name,
        title=card.title,
        version=version,
        options=dict(options),
        weights=weights,
        licence=card.licence,
        citation=card.citation,
        development=tuple(card.development),
        exposure_complete=card.exposure_complete,
        exposure=tuple(
            ExposurePart(
                corpus=part.corpus,
                languages=tuple(part.languages),
                kind=part.kind,
                evidence=part.evidence,
                clips=len(part.clips),
            )
            for part in card.exposure
        ),
        submitted=submitted,
        source=source or None,
        files=dict(files) if files else None,
        address=address or None,
        recipe=card.recipe or None,
    )


def task_part(task: Task, digest: str | None) -> TaskPart:
    """Describe the task; `digest` is that of the scored clips' audio, None where it was not
    read.
    """
    return TaskPart(
        name=task.name,
        title=task.title,
        version=task.version,
        hash=task_hash(task.hash, digest),
        question=task.hash,
        corpus=task.corpus,
        languages=tuple(task.languages),
        labels=tuple(task.labels),
    )


def corpus_part(card: CorpusCard, digest: str | None) -> CorpusPart:
    """Describe the corpus; `digest` as for its task."""
    return CorpusPart(
        name=card.name,
        title=card.title,
        licence=card.licence,
        citation=card.citation,
        synthetic=card.synthetic,
        index_digest=digest,
    )


def adaptation_part(
    identity: Mapping[str, Any] | None, heard: Sequence[Sequence[str]]
) -> AdaptationPart | None:
    """Describe what a model was adapted to (`Adaptation.identity`), by the ids that were heard for
    each fold; None where it was not.
    """
    if identity is None:
        return None
    return AdaptationPart(
        clips=identity["clips"],
        way=identity["way"],
        draw=identity["draw"],
        heard=tuple(map(tuple, heard)),
    )


class Numbers(TypedDict):
    """The fields of a record that follow from predictions and speakers."""

    counts: Counts
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    statistics: Statistics
    canonical: Subset | None
    clusters: tuple[int | None, ...] | None


def numbers(
    scores: Scores, expected: int, partial: bool, clusters: Sequence[int | None] | None
) -> Numbers:
    """Describe the numbers; `clusters` are the speaker numbers of the rows."""
    counts = Counts(expected=expected, scored=scores.n, unparsed=scores.unparsed, partial=partial)
    statistics = Statistics(
        method=METHOD,
        level=LEVEL,
        cluster=scores.cluster,
        clusters=scores.clusters,
        unattributed=scores.unattributed,
        freedom=scores.freedom,
    )

    return {
        "counts": counts,
        "metrics": scores.metrics,
        "intervals": _pairs(scores.intervals),
        "statistics": statistics,
        "canonical": None
        if scores.canonical is None
        else Subset.from_json(scores.canonical, "canonical"),
        "clusters": None if clusters is None else tuple(clusters),
    }


def _pairs(intervals: Mapping[str, Sequence[float] | None]) -> dict[str, Interval]:
    return {name: (ends[0], ends[1]) if ends else None for name, ends in intervals.items()}


def verdict_part(verdict: Verdict) -> VerdictPart:
    """Describe the verdict with its reasons."""
    return VerdictPart(
        verdict=verdict.verdict,
        reasons=tuple(verdict.reasons),
        heard=verdict.heard,
        transductive=verdict.transductive,
        development=verdict.development,
        note=verdict.note,
    )


UNWRITTEN = PredictionsPart(file=record.PREDICTIONS, sha256="")
"""Stands for the predictions until `runs.finish` has written them."""


def now() -> str:
    """Return the time in UTC: a fact of provenance, no part of any key."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def environment() -> dict[str, str]:
    """Return the versions of what a run rests on: facts of provenance, no part of any key."""
    versions = {"python": platform.python_version(), "platform": platform.platform(terse=True)}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue

    return versions
