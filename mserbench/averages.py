"""Means over seeds and over targets, their intervals by resampled speakers, and paired differences of such means.

A table's cell is a mean over several trained models (seeds) that answered the same clips; its average is a mean of
cells. What varies in an interval are the speakers: each resample of a target's speakers is scored by all models, and
the mean over models is taken in each resample. Cells of one target share their resamples, those of different targets
are independent. Seeds are not resampled: an interval is of the mean of those seeds that were run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench.compare import two_sided
from mserbench.intervals import LEVEL, RESAMPLES, Interval, percentile_interval, resampled_metrics
from mserbench.metrics import METRICS, metrics


@dataclass(frozen=True, eq=False)
class Resampled:
    """M models on one target of `clusters` speakers: `point` is float64 (M,) for each metric, `drawn` (resamples, M).

    `drawn` is None where a single cluster leaves nothing to resample.
    """

    point: dict[str, NDArray[np.float64]]
    drawn: dict[str, NDArray[np.float64]] | None
    clusters: int


@dataclass(frozen=True)
class Part:
    """Some models on one target, by their positions: a cell, or one of the cells of an average."""

    target: Resampled
    models: tuple[int, ...]


@dataclass(frozen=True)
class Figure:
    """A value with its interval, as fractions of 1; None where a target has a single cluster."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Difference:
    """A - B with its interval, and the two-sided p value of no difference; both None as in `Figure`."""

    value: float
    interval: Interval
    p: float | None


def resample(counts: NDArray[np.int64], number: int = 0, resamples: int = RESAMPLES) -> Resampled:
    """Score M models on one target and on resamples of its clusters.

    Args:
        counts: int64, (S, M, K, K + 1): `mserbench.intervals.cluster_counts` of each model, stacked.
        number: of the target, from 0; the seed, so that different targets are resampled independently.
        resamples: as `mserbench.intervals.bootstrap`.
    """
    point = {name: np.asarray(value) for name, value in metrics(counts.sum(0)).items()}
    drawn = resampled_metrics(counts, resamples, number) if len(counts) > 1 else None
    return Resampled(point, drawn, len(counts))


def figure(parts: Sequence[Part], metric: str) -> Figure:
    """Return the mean over parts of the mean over their models.

    Raises ValueError for an unknown metric, no part, or a part without models.
    """
    drawn = _drawn(parts, metric)
    return Figure(_point(parts, metric), None if drawn is None else percentile_interval(drawn, LEVEL))


def difference(a: Sequence[Part], b: Sequence[Part], metric: str) -> Difference:
    """Return the difference of two means, paired: where they share a target they share its resamples.

    p is that of the resamples (`compare.two_sided`), but at least 2^(1 - S) for S clusters of all targets together:
    were the systems equal, each cluster would be for either with probability 1/2, so that this is the smallest p that
    their signs can give. Without it, two speakers who agree would have p near 0. Raises ValueError as `figure`.
    """
    value = _point(a, metric) - _point(b, metric)
    drawn_a, drawn_b = _drawn(a, metric), _drawn(b, metric)
    if drawn_a is None or drawn_b is None:
        return Difference(value, None, None)
    apart = np.round(drawn_a - drawn_b, 12)  # equal recalls may differ in their last bits once averaged
    targets = {id(part.target): part.target for part in (*a, *b)}
    least = 2.0 ** (1 - sum(target.clusters for target in targets.values()))
    return Difference(value, percentile_interval(apart, LEVEL), max(least, two_sided(apart)))


def _point(parts: Sequence[Part], metric: str) -> float:
    _check(parts, metric)
    return float(np.mean([part.target.point[metric][list(part.models)].mean() for part in parts]))


def _drawn(parts: Sequence[Part], metric: str) -> NDArray[np.float64] | None:
    _check(parts, metric)
    means = []
    for part in parts:
        if part.target.drawn is None:
            return None
        means.append(part.target.drawn[metric][:, list(part.models)].mean(axis=1))
    return np.asarray(np.mean(means, axis=0), dtype=np.float64)


def _check(parts: Sequence[Part], metric: str) -> None:
    if metric not in METRICS:
        raise ValueError(f"metric {metric!r} is not one of {', '.join(METRICS)}: give one of them")
    if not parts or not all(part.models for part in parts):
        raise ValueError(f"{len(parts)} parts hold no model, or one holds none: give the models of each cell")
