"""Where the conditions of unlabelled clips lie: their mean, less what their labels bring to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mserbench_training.models.corpora import STILL
from mserbench_training.models.speakers import Statistics

PRIOR = 3.0  # clips: what is known before any is heard counts as much as so many, at most
SCALE_FROM = 30  # clips: the deviation of fewer says more of the clips than of their room
# What log-probabilities are divided by before they say how one-sided clips are: a classifier that
# was learnt elsewhere is surer than it should be. Of 1, 2, 3 and 5 this one harms balanced clips
# least on EmoDB, EMOVO, AESDD and RAVDESS, each by the other three.
TEMPERATURE = 5.0
_ROUNDS = 10
_LEAST = 1e-300  # a probability: its logarithm is finite

# From the place of the clips' conditions to the probability of each label: (n_clips, n_labels).
Answers = Callable[[Statistics], NDArray[np.float64]]


def adapted(
    features: NDArray[np.float64],
    origin: Statistics,
    centres: NDArray[np.float64] | None = None,
    answers: Answers | None = None,
) -> Statistics:
    """Return what clips of the conditions of `features`, (n_clips, n_features), are standardised
    by.

    Their mean counts for a share of n / (n + PRIOR) against that of `origin`, and for more where it
    lies so far off that chance does not explain it; their deviation is taken from SCALE_FROM clips
    on. With `centres`, (n_labels, n_features), of standardised features and what the classifier
    `answers`, the mean of what the clips seem to say is taken off first, round by round: clips of
    one label alone are then not taken for a room in which everything sounds like that label.
    """
    # The order of the clips must not show in the last bit of a sum.
    rows = np.sort(features, axis=0)
    mean, scale = rows.mean(axis=0), _scale(rows, origin)
    share = _share(rows, mean, origin)
    place = Statistics(origin.mean + share * (mean - origin.mean), scale)
    if centres is None or answers is None:
        return place

    # A feature that never varied has no unit.
    unit = np.where(np.isfinite(scale), scale, 0.0)
    for _ in range(_ROUNDS):
        said = unit * (_shares(answers(place)) @ centres)
        place = Statistics(origin.mean + share * (mean - said - origin.mean), scale)

    return place


def moved(
    features: NDArray[np.float64], target: Statistics, origin: Statistics
) -> NDArray[np.float64]:
    """Return features, (n_clips, n_features), of the conditions `target` as they were in
    `origin`.
    """
    varies = np.isfinite(target.scale) & np.isfinite(origin.scale)
    ratio = np.where(varies, origin.scale, 1.0) / np.where(varies, target.scale, 1.0)
    return np.asarray(origin.mean + (features - target.mean) * ratio)


def _share(rows: NDArray[np.float64], mean: NDArray[np.float64], origin: Statistics) -> float:
    """Return how much of the way from the origin to the mean of clips is taken, in (0, 1)."""
    n_clips = len(rows)
    fixed = n_clips / (n_clips + PRIOR)
    distance = float(np.mean(((mean - origin.mean) / origin.scale) ** 2))
    # Of a single clip the variance is not known: that of the origin stands for it.
    variance = float(np.mean(rows.var(axis=0, ddof=1) / origin.scale**2)) if n_clips > 1 else 1.0

    # James and Stein: what chance brings to the squared distance of a mean of n is variance / n.
    return max(fixed, 1 - variance / n_clips / distance) if distance > 0 else fixed


def _scale(rows: NDArray[np.float64], origin: Statistics) -> NDArray[np.float64]:
    if len(rows) < SCALE_FROM:
        return origin.scale

    deviation = rows.std(axis=0)
    varies = (deviation > STILL * np.abs(rows).max(axis=0)) & np.isfinite(origin.scale)
    return np.where(varies, deviation, origin.scale)


def _shares(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much of the clips each label seems to have: (n_labels,), their sum is one."""
    tempered = np.log(np.maximum(probabilities, _LEAST)) / TEMPERATURE
    likelihood = np.exp(tempered - tempered.max(axis=1, keepdims=True))
    likelihood /= likelihood.sum(axis=1, keepdims=True)
    return np.asarray(np.sort(likelihood, axis=0).mean(axis=0))
