"""An accepted run as the board sees it: the fields that are shown or compared, and its answers as
numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mserbench.results.record import Interval, ModelPart, RunRecord, Subset
from mserbench.results.runs import Run
from mserbench.statistics import metrics
from mserbench_leaderboard import answers

Clusters = tuple[int | None, ...] | None

_VALUE = 40  # characters of an option's value that a table shows


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What a task asks, as its plugin or a run record states it."""

    name: str
    title: str
    version: int
    hash: str
    corpus: str
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Items:
    """The scored clips: sorted ids, true labels, and the speaker number of each, None where one is
    unknown.
    """

    ids: tuple[str, ...]
    truth: tuple[str, ...]
    clusters: Clusters


@dataclass(frozen=True, slots=True)
class Score:
    """A metric as a fraction of 1, with its 95 % interval where there is one."""

    value: float
    interval: tuple[float, float] | None
    by_clip: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class BoardRun:
    """One run. `cells`: int64, (n,), as `metrics.cells`; `variant`: version and options as text."""

    run: Run
    place: str  # TASK/FOLDER below the results
    question: TaskFacts
    model: str
    weights: str | None
    weights_hash: str
    variant: Mapping[str, str]
    scores: Mapping[str, Score]
    canonical: Score | None
    verdict: str
    heard: str
    partial: bool
    created: str
    digest: str
    items: Items
    cells: NDArray[np.int64] = field(repr=False)

    @property
    def n(self) -> int:
        """How many clips were scored."""
        return len(self.cells)

    @property
    def transductive(self) -> bool:
        """Whether statistics of the target's clips were used."""
        return self.run.record.verdict.transductive

    @property
    def adapted(self) -> int:
        """How many unlabelled clips of the target were heard before; 0 for none."""
        part = self.run.record.adaptation
        return part.clips if part else 0

    @property
    def adapted_to(self) -> str:
        """Whose clips these were, and which draw, as a name tells it; empty where none were."""
        part = self.run.record.adaptation
        return f"{part.clips} clips of {part.way}, draw {part.draw}" if part else ""

    @property
    def development(self) -> bool | None:
        """Whether the target was used in choosing the model's defaults; None where its record does
        not say.
        """
        record = self.run.record
        return None if record.model.development is None else bool(record.verdict.development)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """int64, (K, K + 1), as `mserbench.statistics.metrics.confusion`."""
        size = len(self.question.labels)
        return np.bincount(self.cells, minlength=size * (size + 1)).reshape(size, size + 1)

    @property
    def right(self) -> NDArray[np.bool_]:
        """bool, (n,): whether each answer is the true label."""
        size = len(self.question.labels) + 1
        return np.asarray(self.cells % size == self.cells // size)


def entry_of(run: Run, place: str, predictions: bytes) -> BoardRun:
    """Turn a run, as `mserbench.results.runs.read` checked it, and the bytes of its predictions
    into an entry.

    Raises ValueError where the record contradicts the file.
    """
    record = run.record
    question = _question(record)
    ids, truth, cells = answers.read(predictions, question.labels)
    if record.counts.scored != len(ids):
        raise ValueError(
            f"counts.scored is {record.counts.scored}, but the predictions hold {len(ids)} rows"
        )

    weights, clusters = record.model.weights, record.clusters
    return BoardRun(
        run=run,
        place=place,
        question=question,
        model=record.model.called,
        weights=weights.name if weights else None,
        weights_hash=weights.hash[:8] if weights else "",
        variant=_variant(record.model),
        scores={
            name: _score(record.metrics[name], record.intervals[name], run.by_clip)
            for name in metrics.METRICS
        },
        canonical=_canonical(record.canonical, run.by_clip),
        verdict=run.verdict,
        heard=run.heard,
        partial=record.counts.partial,
        created=record.created or "",
        digest=record.predictions.sha256,
        items=Items(ids, truth, clusters),
        cells=cells,
    )


def _question(record: RunRecord) -> TaskFacts:
    task, corpus = record.task, record.corpus
    return TaskFacts(
        name=task.name,
        title=task.title or task.name,
        version=task.version,
        hash=task.question,
        corpus=corpus.title or corpus.name,
        languages=task.languages,
        labels=task.labels,
        synthetic=corpus.synthetic,
    )


def _variant(model: ModelPart) -> dict[str, str]:
    """Return what tells a model's runs apart: the options that they were asked with, and its
    version.
    """
    options = {**model.options, "version": model.version}
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in options.items()
    }

    return {key: texts[key][:_VALUE] for key, value in options.items() if value is not None}


def _score(value: float, interval: Interval, by_clip: bool) -> Score:
    ends = (float(interval[0]), float(interval[1])) if interval else None
    return Score(float(value), ends, by_clip)


def _canonical(subset: Subset | None, by_clip: bool) -> Score | None:
    if subset is None:
        return None
    return _score(subset.metrics["UA"], subset.intervals["UA"], by_clip)
