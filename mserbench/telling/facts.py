"""The facts of a report on one run, by its predictions alone, each as data that a page shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.results import reach
from mserbench.results.predictions import Prediction
from mserbench.results.record import Interval
from mserbench.results.runs import Run
from mserbench.statistics import intervals, metrics
from mserbench.telling.clips import LookedUp

WORST = 10  # wrong answers that are listed
_QUARTERS = 4
_LEAST_FOR_QUARTERS = 20  # clips; of fewer a quarter is a handful


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """A label: its clips, how often it is answered, recall with its 95 % interval over the speakers
    who have it, precision; fractions of 1, None where there is nothing to divide by.
    """

    label: str
    clips: int
    answers: int
    recall: float | None
    interval: Interval
    precision: float | None


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A part of the clips - a speaker, a range of seconds - with UA and WA as fractions of 1."""

    name: str
    clips: int
    ua: float
    wa: float


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A wrong answer that a model is sure of: its score, and that of the true label."""

    id: str
    label: str
    answer: str
    score: float
    of_label: float
    file: str = ""


@dataclass(frozen=True)
class RunFacts:
    """What is to be told of a run; `looked_up` is what its corpus says of the clips."""

    run: Run
    looked_up: LookedUp

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """The confusion of each speaker, as `intervals.cluster_counts`."""
        return intervals.cluster_counts(
            [row.label for row in self.run.rows],
            [row.prediction for row in self.run.rows],
            self.run.labels,
            self.run.record.clusters,
        )

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Clips by true label and answer, (K, K + 1), the last column of unreadable answers."""
        return np.asarray(self.counts.sum(axis=0), dtype=np.int64)

    @cached_property
    def coverage(self) -> reach.Coverage:
        """The labels that the model can give."""
        return reach.coverage(self.run)

    @cached_property
    def floors(self) -> reach.Floors:
        """What anyone reaches on these clips."""
        return reach.floors([row.label for row in self.run.rows], self.run.labels)

    @cached_property
    def smallest(self) -> float | None:
        """The smallest difference between two systems that these clips show, a fraction of 1."""
        return reach.smallest_difference(self.run)

    @cached_property
    def labels(self) -> list[LabelFacts]:
        """A fact for each label of the task, in its order."""
        # The last column holds answers of no label.
        answers = self.confusion[:, :-1].sum(axis=0)
        return [
            LabelFacts(
                label,
                clips := int(self.confusion[at].sum()),
                int(answers[at]),
                int(self.confusion[at, at]) / clips if clips else None,
                _recall_interval(self.counts, at),
                int(self.confusion[at, at]) / int(answers[at]) if answers[at] else None,
            )
            for at, label in enumerate(self.run.labels)
        ]

    @cached_property
    def speakers(self) -> list[PartFacts]:
        """A fact for each speaker, the lowest UA first; empty where no speaker is known."""
        clusters = self.run.record.clusters
        if clusters is None:
            return []

        # Clips without a speaker are no speaker.
        keys = [None if number is None else self._speaker(at) for at, number in enumerate(clusters)]
        return sorted(self._parts(keys), key=lambda part: (part.ua, part.name))

    @cached_property
    def durations(self) -> list[PartFacts]:
        """A fact for each quarter of the clips by their seconds, the shortest first; empty where
        the audio is not here or the clips are few.
        """
        rows = self.run.rows
        if not self.looked_up.clips or len(rows) < _LEAST_FOR_QUARTERS:
            return []

        # By rank, so that quarters have about as many clips each however lengths lie.
        seconds = np.array([self.looked_up.clips[row.id].seconds for row in rows])
        edges = np.quantile(seconds, np.arange(1, _QUARTERS) / _QUARTERS)
        quarters = np.searchsorted(edges, seconds, side="left")

        names = {
            int(quarter): _range(seconds[quarters == quarter]) for quarter in np.unique(quarters)
        }
        by_name = {part.name: part for part in self._parts([names[int(q)] for q in quarters])}
        return [by_name[name] for name in names.values()]

    @cached_property
    def worst(self) -> list[WrongAnswer]:
        """The wrong answers whose score is furthest above that of the true label, first of all;
        empty where the model gave no scores.
        """
        # An answer that cannot be read has no score.
        labels = self.run.labels
        wrong = [
            WrongAnswer(
                row.id,
                row.label,
                row.prediction,
                row.scores[labels.index(row.prediction)],
                row.scores[labels.index(row.label)],
                self._file(row),
            )
            for row in self.run.rows
            if row.scores and row.prediction not in ("", row.label)
        ]
        # By the gap, as scores of models without probabilities have no scale of their own.
        return sorted(wrong, key=lambda answer: (answer.of_label - answer.score, answer.id))[:WORST]

    def to_json(self) -> dict[str, Any]:
        """Return all facts, JSON-ready."""
        return {
            "model": self.run.name,
            "task": self.run.record.task.name,
            **{key: value for key, value in self.run.summary().items() if key != "coverage"},
            "coverage": self.coverage.to_json(),
            "labels": [asdict(label) for label in self.labels],
            "confusion": {
                "labels": list(self.run.labels),
                "rows_are_true": self.confusion.tolist(),
            },
            "speakers": [asdict(part) for part in self.speakers],
            "durations": [asdict(part) for part in self.durations],
            "unknown_of_clips": self.looked_up.why_not,
            "reasons": list(self.run.reasons),
            "worst": [asdict(answer) for answer in self.worst],
            "record": self.run.record.to_json(),
        }

    def _speaker(self, position: int) -> str:
        clip = self.looked_up.clips.get(self.run.rows[position].id)
        assert self.run.record.clusters is not None
        # The record numbers speakers; only the corpus knows their names.
        return clip.speaker if clip and clip.speaker else f"{self.run.record.clusters[position]}"

    def _file(self, row: Prediction) -> str:
        return self.looked_up.clips[row.id].file if row.id in self.looked_up.clips else ""

    def _parts(self, keys: Sequence[str | None]) -> list[PartFacts]:
        """Return a fact for each key but None, by first occurrence."""
        positions: dict[str, list[int]] = {}
        for at, key in enumerate(keys):
            if key is not None:
                positions.setdefault(key, []).append(at)

        return [
            _part(name, self._rows(places), self.run.labels) for name, places in positions.items()
        ]

    def _rows(self, positions: Iterable[int]) -> list[Prediction]:
        return [self.run.rows[at] for at in positions]


def _part(name: str, rows: Sequence[Prediction], labels: Sequence[str]) -> PartFacts:
    truth, answers = [row.label for row in rows], [row.prediction for row in rows]
    values = metrics.metrics(metrics.confusion(truth, answers, labels))
    return PartFacts(name, len(rows), float(values["UA"]), float(values["WA"]))


def _recall_interval(counts: NDArray[np.int64], position: int) -> Interval:
    """Return the interval of the recall of one label, over the speakers who have clips of it."""
    own = np.zeros_like(counts)
    own[:, position] = counts[:, position]
    # With one label in the truth UA is its recall.
    own = own[own.sum(axis=(1, 2)) > 0]
    return intervals.intervals(own)["UA"] if len(own) >= intervals.FEWEST else None


def _range(seconds: NDArray[np.float64]) -> str:
    return f"{seconds.min():.2f} to {seconds.max():.2f} s"
