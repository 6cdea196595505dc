"""Where the corpora of a training lie, and how clips of other conditions are brought there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError
from mserbench.model import Remoteness
from mserbench_training.models.model_file import read_array, read_labels, short_lists
from mserbench_training.models.speakers import Statistics

# Of the largest value: what rounding may leave of a feature that never varied.
STILL = 1e-6
# Corpora that tell how far corpora lie from one another. Two of them have one distance, and a third
# lies further off as often as not: of models of two corpora each of six runs on near ones warned.
FEWEST = 3
# Of the reach: 20 clips of a near corpus then seem far in 5 % of draws, in the mean
# (docs/measured/whisper-linear.md).
MARGIN = 1.1


@dataclass(frozen=True, eq=False)
class Corpora:
    """Mean and deviation of each feature in each training corpus, however often each label is in
    it.

    `means` and `deviations`: float64, (n_corpora, n_features); the mean is that of the means of the
    labels, the deviation the root of the mean over labels of the squared distance from it, 0 where
    a feature never varied. `counts`: (n_corpora,), clips. `centres`: (n_labels, n_features), the
    mean of each of `labels` over all clips, each standardised by its own corpus. `reach`: how far a
    corpus that had no part in a training lay from those that had, in the unit of `remoteness`; 0
    where that was not tried.
    """

    names: tuple[str, ...]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    counts: NDArray[np.float64]
    labels: tuple[str, ...]
    centres: NDArray[np.float64]
    reach: float = 0.0

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

        placed = _standardised(features, corpus, names, means, deviations)
        trained = sorted(set(labels))
        centres = np.stack([placed[label == name].mean(axis=0) for name in trained])
        return cls(tuple(names), means, deviations, counts, tuple(trained), centres)

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
        return _standardised(features, np.array(corpora), self.names, self.means, self.deviations)

    def part(self, columns: slice) -> Corpora:
        """Return the same of some of the features."""
        return replace(
            self,
            means=self.means[:, columns],
            deviations=self.deviations[:, columns],
            centres=self.centres[:, columns],
        )

    def remoteness(
        self, features: NDArray[np.float64], slopes: NDArray[np.float64]
    ) -> Remoteness | None:
        """Return how far the mean of clips, (n_clips, n_features), lies from the nearest corpus.

        `slopes`: (n_labels, n_features), what a step of each feature changes in the logit of each
        label: only what moves answers counts. The unit is how far the labels lie from their middle.
        None where there are fewer than FEWEST corpora, as their reach is not known, or no clip.
        """
        if len(self.names) < FEWEST or not len(features):
            return None

        distance, nearest = self.nearest(features, slopes)
        # In the space of its answers a classifier puts the corpora that it learnt from in one
        # place, so that what was left out tells more.
        places = self.means @ _steps(slopes)
        unit = self._unit(slopes)
        pairs = combinations(places, 2)
        reach = max(self.reach, *(_distance(place, other, unit) for place, other in pairs))

        return Remoteness(distance, MARGIN * reach, nearest)

    def nearest(
        self, features: NDArray[np.float64], slopes: NDArray[np.float64]
    ) -> tuple[float, str]:
        """Return how far the mean of at least one clip lies from the nearest corpus, and its
        name.
        """
        steps, unit = _steps(slopes), self._unit(slopes)
        heard, places = np.sort(features @ steps, axis=0), self.means @ steps

        # Of the distance of a mean of n clips chance brings variance / n; of one clip the variance
        # is not known, and is taken for that between labels.
        n_clips = len(heard)
        variance = float(heard.var(axis=0, ddof=1).mean()) if n_clips > 1 else unit
        centre, chance = heard.mean(axis=0), variance / n_clips / unit
        distances = [_distance(centre, place, unit, chance) for place in places]
        at = int(np.argmin(distances))

        return distances[at], self.names[at]

    def _unit(self, slopes: NDArray[np.float64]) -> float:
        """Return the mean square of how far the labels lie from their middle."""
        scale = np.where(np.isfinite(self.origin.scale), self.origin.scale, 0.0)
        # Of labels that no feature tells apart, nothing lies far.
        return float(np.mean(((self.centres * scale) @ _steps(slopes)) ** 2)) or np.inf

    def to_json(self) -> dict[str, Any]:
        """Return names, counts and arrays as lists, numbers with the digits of float32."""
        return {
            "names": list(self.names),
            "counts": [int(count) for count in self.counts],
            "means": short_lists(self.means),
            "deviations": short_lists(self.deviations),
            "labels": list(self.labels),
            "centres": short_lists(self.centres),
            **({"reach": float(f"{self.reach:.6g}")} if self.reach else {}),
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

        labels = read_labels(record)
        centres = read_array(record, "centres", (len(labels), n_features))
        reach = record.get("reach", 0.0)
        if not isinstance(reach, (int, float)) or not 0 <= reach < np.inf:
            raise DataError(
                f"'reach' of 'corpora' is {reach!r}, but a number of 0 or more was expected: train "
                f"the model again"
            )

        return cls(tuple(names), means, deviations, counts, labels, centres, float(reach))


def _steps(slopes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a feature changes in the logits, (n_features, n_labels), beside what all of them
    share, which changes no answer.
    """
    return np.asarray((slopes - slopes.mean(axis=0)).T)


def _standardised(
    features: NDArray[np.float64],
    corpus: NDArray[np.str_],
    names: Sequence[str],
    means: NDArray[np.float64],
    deviations: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return features, (n_clips, n_features), each row standardised by its own corpus."""
    result = np.empty_like(features)
    for name, mean, deviation in zip(names, means, deviations, strict=True):
        result[corpus == name] = _statistics(mean, deviation).apply(features[corpus == name])

    return result


def _balanced(
    features: NDArray[np.float64], labels: NDArray[np.str_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and deviation of rows in which every label counts alike: (n_features,) each."""
    of_labels = [features[labels == name] for name in np.unique(labels)]
    mean = np.mean([own.mean(axis=0) for own in of_labels], axis=0)
    squares = [((own - mean) ** 2).mean(axis=0) for own in of_labels]
    deviation = np.sqrt(np.mean(squares, axis=0))

    varies = deviation > STILL * np.abs(features).max(axis=0)
    return mean, np.where(varies, deviation, 0.0)


def _statistics(mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> Statistics:
    return Statistics(mean, np.where(deviation > 0, deviation, np.inf))


def _distance(
    place: NDArray[np.float64], other: NDArray[np.float64], unit: float, noise: float = 0.0
) -> float:
    """Return how far two means lie apart, in roots of `unit`, less what chance alone brings."""
    square = float(np.mean((place - other) ** 2)) / unit
    return float(np.sqrt(max(0.0, square - noise)))
