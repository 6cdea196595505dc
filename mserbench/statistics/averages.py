"""Means over seeds and over targets, their intervals over speakers and seeds, and paired
differences of such means.

A table's cell is a mean over several trained models (seeds) that answered the same clips; its
average is a mean of cells. Two things vary: the speakers of each target, whose part of the variance
is that of the jackknife of `intervals` on the mean itself, each speaker of each target left out in
turn; and the trainings, whose part is the variance between seeds over their number. The parts are
independent, and add up with Welch's and Satterthwaite's degrees of freedom. A mean over one model
on one target has the interval of `intervals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics.intervals import (
    FEWEST,
    LEVEL,
    Interval,
    LeftOut,
    Variance,
    leave_out,
    logit,
    logit_interval,
    over_clusters,
    over_seeds,
    t_quantile,
    together,
)
from mserbench.statistics.metrics import METRICS


@dataclass(frozen=True, eq=False)
class Target:
    """M models on one target: each metric of each, whole and with every cluster left out, last axis
    M.

    `by_clip`: no speaker is known, so that the clusters are clips and an interval says nothing of
    other speakers.
    """

    left_out: LeftOut
    by_clip: bool = False


@dataclass(frozen=True)
class Part:
    """Some models on one target: a cell, or one of the cells of an average.

    `seeds` holds for each training run its models by their positions: one, or one for each source
    where a row is a mean over sources. All seeds hold as many.
    """

    target: Target
    seeds: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A value with its interval, as fractions of 1; None where a target has too few clusters."""

    value: float
    interval: Interval
    by_clip: bool = False


@dataclass(frozen=True)
class Difference:
    """A - B with its interval, and the two-sided p value of no difference; both None as in
    `Figure`.

    Where every cluster of every target shows the same difference there is nothing to measure its
    error by: the interval is None then, and p the smallest that the signs of so many clusters can
    give, 2^(1 - S).
    """

    value: float
    interval: Interval
    p: float | None
    by_clip: bool = False


def target(counts: NDArray[np.int64], by_clip: bool = False) -> Target:
    """Score M models on one target: int64, (S, M, K, K + 1), `cluster_counts` of each model,
    stacked.
    """
    return Target(leave_out(counts), by_clip)


def figure(parts: Sequence[Part], metric: str, level: float = LEVEL) -> Figure:
    """Return the mean over parts of the mean over their seeds, with the interval of speakers and
    seeds.

    Raises ValueError for an unknown metric, no part, or a part without models.
    """
    _check(parts, metric)
    value = _mean(parts, metric)
    by_clip = any(part.target.by_clip for part in parts)
    if any(part.target.left_out.clusters < FEWEST for part in parts):
        return Figure(value, None, by_clip)

    distinct = {id(part.target): part.target.left_out for part in parts}.values()
    clips, trials = (
        sum(scored.clips for scored in distinct),
        sum(scored.clusters for scored in distinct),
    )
    clusters = [
        over_clusters(logit(value + shift, clips), shared.left_out.freedom)
        for shared, shift in _shifts([(part, 1 / len(parts)) for part in parts], metric)
    ]

    # The slope of the logit at the value carries the seeds over to that scale.
    slope = 1 / max(value * (1 - value), 1e-3)
    seeds = [_scaled(over_seeds(_of_seeds(part, metric)), slope / len(parts)) for part in parts]
    spread = together([*clusters, *seeds])

    return Figure(value, logit_interval(value, spread, trials, clips, level), by_clip)


def difference(a: Sequence[Part], b: Sequence[Part], metric: str) -> Difference:
    """Return the difference of two means, paired: what makes a speaker hard for both cancels.

    Seeds are paired in their order; a single model is set against each seed of the other. The
    interval and p are one statement: p is below 1 - `LEVEL` where the interval leaves 0 out. Raises
    ValueError as `figure`.
    """
    _check(a, metric)
    _check(b, metric)
    value = _mean(a, metric) - _mean(b, metric)
    by_clip = any(part.target.by_clip for part in (*a, *b))
    targets = {id(part.target): part.target for part in (*a, *b)}

    if any(target.left_out.clusters < FEWEST for target in targets.values()):
        return Difference(value, None, None, by_clip)

    weighted = [*((part, 1 / len(a)) for part in a), *((part, -1 / len(b)) for part in b)]
    clusters = [
        over_clusters(shift, shared.left_out.freedom) for shared, shift in _shifts(weighted, metric)
    ]
    spread = together([*clusters, *_seeds_apart(a, b, metric)])

    # Recalls that are equal as fractions may differ in their last bits once averaged.
    if abs(value) < 1e-12:
        return Difference(
            0.0, (0.0, 0.0) if not spread.value else _around(0.0, spread), 1.0, by_clip
        )
    if spread.value < 1e-24:
        signs = sum(target.left_out.clusters for target in targets.values())
        return Difference(value, None, 2.0 ** (1 - signs), by_clip)

    return Difference(value, _around(value, spread), p_value(value, spread), by_clip)


def p_value(value: float, spread: Variance) -> float:
    """Return the two-sided p value of a difference whose truth is 0, by Student's t; `spread` above
    0.
    """
    from scipy.special import stdtr  # slow to import, and wanted once a score is there

    return float(2 * stdtr(spread.freedom, -abs(value) / spread.value**0.5))


def _around(value: float, spread: Variance) -> tuple[float, float]:
    reach = t_quantile(LEVEL, spread.freedom) * spread.value**0.5
    return value - reach, value + reach


def _shifts(
    weighted: Sequence[tuple[Part, float]], metric: str
) -> list[tuple[Target, NDArray[np.float64]]]:
    """Return for each target how far a weighted sum of parts moves with each of its clusters left
    out: (S,).

    Parts of one target share its clusters: their shifts add up before they are squared.
    """
    moved: dict[int, tuple[Target, NDArray[np.float64]]] = {}
    for part, weight in weighted:
        columns = [position for models in part.seeds for position in models]
        left_out = part.target.left_out
        shift = (left_out.without[metric] - left_out.point[metric])[:, columns].mean(
            axis=1
        ) * weight
        before = moved[id(part.target)][1] if id(part.target) in moved else 0.0
        moved[id(part.target)] = part.target, np.asarray(before + shift)

    return list(moved.values())


def _seeds_apart(a: Sequence[Part], b: Sequence[Part], metric: str) -> list[Variance]:
    """Return the variances that the seeds bring to a difference: paired where both sides have as
    many.
    """
    variances = []
    for ours, theirs in zip_longest(a, b):
        sides = [(part, len(parts)) for part, parts in ((ours, a), (theirs, b)) if part is not None]
        values = [_of_seeds(part, metric) / count for part, count in sides]
        if len(values) == 2 and (len(values[0]) == len(values[1]) or 1 in map(len, values)):
            variances.append(over_seeds(values[0] - values[1]))
        else:
            variances += [over_seeds(value) for value in values]

    return variances


def _of_seeds(part: Part, metric: str) -> NDArray[np.float64]:
    """Return the value of each seed, the mean over its models: float64, (R,)."""
    return np.asarray(part.target.left_out.point[metric][np.array(part.seeds)].mean(axis=1))


def _scaled(variance: Variance, factor: float) -> Variance:
    return Variance(variance.value * factor**2, variance.freedom)


def _mean(parts: Sequence[Part], metric: str) -> float:
    return float(np.mean([_of_seeds(part, metric).mean() for part in parts]))


def _check(parts: Sequence[Part], metric: str) -> None:
    if metric not in METRICS:
        raise ValueError(f"metric {metric!r} is not one of {', '.join(METRICS)}: give one of them")
    if not parts or not all(part.seeds and all(part.seeds) for part in parts):
        raise ValueError(
            f"{len(parts)} parts hold no model, or one holds none: give the models of each cell"
        )
