"""Where the corpora of a training lie, and how clips of other conditions are brought there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError
from mserbench.model import Remoteness
from mserbench_training.models.model_file import read_array, short_lists
from mserbench_training.models.speakers import Statistics

PRIOR = 3.0  # clips: what is known before any is heard counts as much as so many
SCALE_FROM = 30  # clips: the deviation of fewer says more of the clips than of their room
# Of the largest value: what rounding may leave of a feature that never varied.
_STILL = 1e-6


@dataclass(frozen=True, eq=False)
class Corpora:
    """Mean and deviation of each feature in each training corpus, however often each label is in
    it.

    `means` and `deviations`: float64, (n_corpora, n_features); the mean is that of the means of the
    labels, the deviation the root of the mean over labels of the squared distance from it, 0 where
    a feature never varied. `counts`: (n_corpora,), clips.
    """

    names: tuple[str, ...]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    counts: NDArray[np.float64]

    @classmethod
    def of(
        cls, features: NDArray[np.float64], labels: Sequence[str], corpora: Sequence[str]
    ) -> Corpora:
        """Return those of training clips: `features` of shape (n_clips, n_features)."""
        label, corpus = np.array(labels), np.array(corpora)
        names = sorted(set(corpora))
        rows = [_balanced(features[corpus == name], label[corpus == name]) for name in names]
        means, deviations = (np.stack(part) for part in zip(*rows, strict=True))
        counts = np.array([float((corpus == name).sum()) for name in names])

        return cls(tuple(names), means, deviations, counts)

    @property
    def origin(self) -> Statistics:
        """What clips of unknown conditions are standardised by: the mean over corpora of their
        means, the geometric mean of their deviations.
        """
        # A corpus in which a feature never varies says nothing of its deviation.
        varies = self.deviations > 0
        logs = np.log(np.where(varies, self.deviations, 1.0)).sum(axis=0)
        deviation = np.where(
            varies.any(axis=0), np.exp(logs / np.maximum(varies.sum(axis=0), 1)), 0
        )
        return _statistics(self.means.mean(axis=0), deviation)

    def standardised(
        self, features: NDArray[np.float64], corpora: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return rows of features, (n_clips, n_features), each standardised by its own corpus."""
        result = np.empty_like(features)
        corpus = np.array(corpora)
        for number, name in enumerate(self.names):
            own = _statistics(self.means[number], self.deviations[number])
            result[corpus == name] = own.apply(features[corpus == name])

        return result

    def part(self, columns: slice) -> Corpora:
        """Return the same of some of the features."""
        return Corpora(self.names, self.means[:, columns], self.deviations[:, columns], self.counts)

    def remoteness(self, features: NDArray[np.float64]) -> Remoteness | None:
        """Return how far the mean of clips, (n_clips, n_features), lies from the nearest corpus.

        The unit is a corpus' own deviation, in the root of the mean square over features. None
        where there is one corpus only, as its reach is not known, or no clip.
        """
        if len(self.names) < 2 or not len(features):
            return None

        scale = self.origin.scale
        n_clips = len(features)
        mean = np.sort(features, axis=0).mean(axis=0)
        # Of a single clip the deviation is not known: that of the training stands for it.
        deviation = features.std(axis=0, ddof=1) if n_clips > 1 else scale
        distances = [
            _distance(mean, other, scale, _variance(deviation, scale) / n_clips + 1 / count)
            for other, count in zip(self.means, self.counts, strict=True)
        ]
        reach = max(
            _distance(self.means[i], self.means[j], scale, sum(1 / self.counts[[i, j]]))
            for i, j in combinations(range(len(self.names)), 2)
        )
        nearest = int(np.argmin(distances))

        return Remoteness(distances[nearest], reach, self.names[nearest])

    def to_json(self) -> dict[str, Any]:
        """Return names, counts and arrays as lists, numbers with the digits of float32."""
        return {
            "names": list(self.names),
            "counts": [int(count) for count in self.counts],
            "means": short_lists(self.means),
            "deviations": short_lists(self.deviations),
        }

    @classmethod
    def from_json(cls, record: Any, n_features: int) -> Corpora:
        """Read what `to_json` gave; DataError names the entry that is not right."""
        names = record.get("names") if isinstance(record, Mapping) else None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise DataError(
                f"'names' of 'corpora' is {names!r}, but a list of names was expected: train the "
                f"model again"
            )

        shape = (len(names), n_features)
        means, deviations = (read_array(record, name, shape) for name in ("means", "deviations"))
        counts = read_array(record, "counts", (len(names),))
        if not names or (deviations < 0).any() or (counts < 1).any():
            raise DataError(
                "'corpora' has no corpus, a deviation below 0 or a count below 1: train the model "
                "again"
            )

        return cls(tuple(names), means, deviations, counts)


def adapted(features: NDArray[np.float64], origin: Statistics) -> Statistics:
    """Return what clips of the conditions of `features`, (n_clips, n_features), are standardised
    by.

    Of n clips, n / (n + PRIOR) of the way from the mean of `origin` to theirs; their deviation is
    taken from SCALE_FROM clips on.
    """
    n_clips = len(features)
    # The order of the clips must not show in the last bit of a sum.
    features = np.sort(features, axis=0)
    share = n_clips / (n_clips + PRIOR)
    mean = origin.mean + share * (features.mean(axis=0) - origin.mean)
    if n_clips < SCALE_FROM:
        return Statistics(mean, origin.scale)

    deviation = features.std(axis=0)
    varies = (deviation > _STILL * np.abs(features).max(axis=0)) & np.isfinite(origin.scale)
    return Statistics(mean, np.where(varies, deviation, origin.scale))


def moved(
    features: NDArray[np.float64], target: Statistics, origin: Statistics
) -> NDArray[np.float64]:
    """Return features, (n_clips, n_features), of the conditions `target` as they were in
    `origin`.
    """
    known = np.isfinite(target.scale) & np.isfinite(origin.scale)
    ratio = np.where(known, origin.scale, 1.0) / np.where(known, target.scale, 1.0)
    return np.asarray(origin.mean + (features - target.mean) * ratio)


def _balanced(
    features: NDArray[np.float64], labels: NDArray[np.str_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and deviation of rows in which every label counts alike: (n_features,) each."""
    of_labels = [features[labels == name] for name in np.unique(labels)]
    mean = np.mean([own.mean(axis=0) for own in of_labels], axis=0)
    squares = [((own - mean) ** 2).mean(axis=0) for own in of_labels]
    deviation = np.sqrt(np.mean(squares, axis=0))

    varies = deviation > _STILL * np.abs(features).max(axis=0)
    return mean, np.where(varies, deviation, 0.0)


def _statistics(mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> Statistics:
    return Statistics(mean, np.where(deviation > 0, deviation, np.inf))


def _variance(deviation: NDArray[np.float64], scale: NDArray[np.float64]) -> float:
    """Return the mean over features of a variance in units of `scale`."""
    return float(np.mean((deviation / scale) ** 2))


def _distance(
    mean: NDArray[np.float64], other: NDArray[np.float64], scale: NDArray[np.float64], noise: float
) -> float:
    """Return how far two means lie apart in units of `scale`, without what chance alone brings.

    `noise`: the expected mean square of the difference of two means of the same conditions.
    """
    square = float(np.mean(((mean - other) / scale) ** 2))
    return float(np.sqrt(max(0.0, square - noise)))
