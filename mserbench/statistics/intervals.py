"""Confidence intervals of the metrics: counts for each speaker in, a t interval over speakers out.

The unit that varies is the cluster, here a speaker: the clips of one speaker are alike, and an
interval over clips would be too narrow (Bisani and Ney, ICASSP 2004). Resampling few speakers is
too narrow as well: with six, the percentile bootstrap of a nominal 95 % holds the truth in 84 to 86
%. So an interval here rests on the metric with each speaker left out in turn (the delete-one
jackknife; Efron and Tibshirani, 1993, chapter 11), on the logit scale, with a quantile of Student's
t. `tests/simulated.py` simulates how often it holds the truth; docs/results.md has the table.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics.metrics import METRICS, cells, metrics

LEVEL = 0.95
FEWEST = 4
"""Clusters below which there is no interval: the range of three speakers says little of a
fourth.
"""

Interval: TypeAlias = tuple[float, float] | None
"""Lower and upper end; None where there are fewer than `FEWEST` clusters."""

# From 0 and 1, or half a clip where that is more: nearer, one clip would move the logit without
# bound.
_EDGE = 0.001


class Variance(NamedTuple):
    """The square of a standard error, and the degrees of freedom of its t quantile, at least 1."""

    value: float
    freedom: float


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Every metric of M sets of answers to the same clips, and again with each of S clusters left
    out.

    `point` holds float64 of shape (...) for each metric, `without` float64 of shape (S, ...),
    `sizes` the number of clips of each cluster, (S,). A label that only the cluster left out has is
    then no part of UA and MF1: that moves them much, so that the interval of such a task becomes
    wide.
    """

    point: dict[str, NDArray[np.float64]]
    without: dict[str, NDArray[np.float64]]
    sizes: NDArray[np.int64]

    @property
    def clusters(self) -> int:
        """S, the number of clusters."""
        return len(self.sizes)

    @property
    def clips(self) -> int:
        """n, the number of clips."""
        return int(self.sizes.sum())

    @property
    def freedom(self) -> float:
        """Degrees of freedom, as `freedom_of`."""
        return freedom_of(self.sizes)


def cluster_counts(
    truth: Sequence[str],
    prediction: Sequence[str | None],
    labels: Sequence[str],
    clusters: Sequence[Hashable | None] | None,
) -> NDArray[np.int64]:
    """Count true and predicted labels for each cluster.

    Args:
        truth, prediction, labels: as `metrics.cells`, n utterances and K labels. clusters: the
        speaker of each utterance; one whose speaker is None is a cluster of its own, and so is
            every utterance where `clusters` is None.

    Returns:
        int64, (S, K, K + 1), clusters in order of appearance; its sum over S is the confusion
        matrix.

    Raises:
        ValueError: as `cells`, or `clusters` has another length than `truth`.
    """
    return counts_of_cells(cells(truth, prediction, labels), len(labels), clusters)


def counts_of_cells(
    cell: NDArray[np.int64], labels: int, clusters: Sequence[Hashable | None] | None
) -> NDArray[np.int64]:
    """As `cluster_counts`, from the cells of `metrics.cells`, int64 (n,), and the number of
    labels.
    """
    number = row_numbers(clusters, len(cell))
    size, shape = labels * (labels + 1), (-1, labels, labels + 1)
    flat = np.bincount(number * size + cell, minlength=(int(number.max(initial=-1)) + 1) * size)

    return flat.astype(np.int64, copy=False).reshape(shape)


def row_numbers(clusters: Sequence[Hashable | None] | None, n: int) -> NDArray[np.int64]:
    """Return the row of each of `n` utterances in `cluster_counts`: its cluster's, from 0 by first
    appearance; (n,).
    """
    if clusters is None:
        return np.arange(n, dtype=np.int64)
    if len(clusters) != n:
        raise ValueError(
            f"clusters hold {len(clusters)} speakers but truth has {n}: pass one or None an "
            "utterance"
        )

    rows: dict[Hashable, int] = {}
    # Without a speaker each clip is a cluster of its own: a new object equals itself alone.
    keys = (object() if cluster is None else cluster for cluster in clusters)
    return np.array([rows.setdefault(key, len(rows)) for key in keys], dtype=np.int64)


def leave_out(counts: NDArray[np.int64]) -> LeftOut:
    """Score all clips, and all but those of each cluster in turn.

    Args:
        counts: int64, (S, ..., K, K + 1) from `cluster_counts`; the axes between are scored alike
            (several models).

    Raises:
        ValueError: there is no cluster, or one is empty.
    """
    sizes = counts.sum((-2, -1))
    if not len(counts) or not sizes.all():
        raise ValueError(
            f"counts of {len(counts)} clusters hold none, or one without utterances, expected at "
            "least one utterance in each: pass what cluster_counts() returns"
        )

    total = counts.sum(0)
    point = {name: np.asarray(value, dtype=np.float64) for name, value in metrics(total).items()}

    # Without its only cluster there is nothing to score; there is no interval then, and so no need
    # to.
    scores = (
        metrics(total[np.newaxis] - counts)
        if len(counts) > 1
        else {name: point[name][np.newaxis] for name in point}
    )
    without = {name: np.asarray(value, dtype=np.float64) for name, value in scores.items()}
    return LeftOut(point, without, sizes.reshape(len(counts), -1)[:, 0])


def intervals(counts: NDArray[np.int64], level: float = LEVEL) -> dict[str, Interval]:
    """Return the interval of every metric over clusters.

    With theta a metric of all n clips and theta_s that without cluster s, L the logit of a fraction
    held at least 0.001, or half a clip (1 / 2n), from 0 and 1, and m the mean of the L(theta_s):
    se^2 = (S - 1) / S sum over s of (L(theta_s) - m)^2, and the interval is the inverse logit of
    L(theta) +- t se, with t the quantile of Student's t at `LeftOut.freedom`. A metric of exactly 0
    or 1 has no error to measure: see `logit_interval`.

    Args:
        counts: int64, (S, K, K + 1) from `cluster_counts`.
        level: share of repetitions whose interval holds the truth, in (0, 1).

    Returns:
        For each of `METRICS` the (lower, upper) end as fractions of 1; None for all of them where S
        is below `FEWEST`.

    Raises:
        ValueError: a cluster is empty, or `level` is out of range.

    >>> answers, speakers = ["a", "b"] * 4, ["ann", "bob", "cat", "dan"] * 2
    >>> perfect = cluster_counts(answers, answers, ["a", "b"], speakers)
    >>> [round(end, 2) for end in intervals(perfect)["UA"]]
    [0.4, 1.0]
    """
    left_out = leave_out(counts)
    if left_out.clusters < FEWEST:
        return dict.fromkeys(METRICS)
    return {
        name: logit_interval(
            float(left_out.point[name]),
            over_clusters(logit(left_out.without[name], left_out.clips), left_out.freedom),
            left_out.clusters,
            left_out.clips,
            level,
        )
        for name in METRICS
    }


def freedom_of(sizes: NDArray[np.int64]) -> float:
    """Return the degrees of freedom that clusters of these sizes give: their effective number less
    1, at least 1.

    The effective number, (sum of sizes)^2 / (sum of squares of sizes), is S where all clusters have
    as many clips, and less where a few have most of them (Carter, Schnepel and Steigerwald, Review
    of Economics and Statistics 99(4), 2017). With S - 1 in its place the interval of ten uneven
    speakers holds the truth in 93.5 %, with it in 95 to 96 %.
    """
    clips = sizes.astype(np.float64)
    return max(1.0, float(clips.sum() ** 2 / (clips**2).sum()) - 1)


def logit(fraction: NDArray[np.float64], clips: int) -> NDArray[np.float64]:
    """Return log(x / (1 - x)) of fractions of any shape, held first at least 0.001 and half a clip
    from 0 and 1.
    """
    edge = max(_EDGE, 0.5 / clips)
    inside = np.clip(fraction, edge, 1 - edge)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)


def over_clusters(values: NDArray[np.float64], freedom: float) -> Variance:
    """Return the jackknife's variance of an estimate from its values with each of S clusters left
    out, (S,).
    """
    apart = values - values.mean()
    return Variance(float((len(values) - 1) / len(values) * (apart**2).sum()), freedom)


def over_seeds(values: NDArray[np.float64]) -> Variance:
    """Return the variance of the mean of R independent trainings, (R,); 0 for a single one, which
    tells of none.
    """
    if len(values) < 2:
        return Variance(0.0, 1.0)
    return Variance(float(values.var(ddof=1) / len(values)), len(values) - 1.0)


def together(variances: Iterable[Variance]) -> Variance:
    """Add independent variances, with Welch's and Satterthwaite's degrees of freedom (Biometrics 2,
    1946).
    """
    parts = [variance for variance in variances if variance.value > 0]
    if not parts:
        return Variance(0.0, 1.0)

    total = sum(part.value for part in parts)
    return Variance(total, max(1.0, total**2 / sum(part.value**2 / part.freedom for part in parts)))


def logit_interval(
    value: float, of_logit: Variance, clusters: int, clips: int, level: float = LEVEL
) -> tuple[float, float]:
    """Return the interval of a fraction from the variance of its logit; it lies within [0, 1].

    Where the value is exactly 0 or 1 nothing varies, and the jackknife would claim certainty. The
    other end is then the exact binomial one with each cluster as a single trial, which is the most
    that so many clusters can show if all clips of a speaker are right or wrong together.
    """
    _check_level(level)
    if value in (0.0, 1.0):
        reach = 1 - ((1 - level) / 2) ** (1 / clusters)
        return (0.0, reach) if value == 0 else (1 - reach, 1.0)
    if not of_logit.value:
        return value, value

    middle, reach = (
        float(logit(np.array(value), clips)),
        t_quantile(level, of_logit.freedom) * of_logit.value**0.5,
    )
    ends = 1 / (1 + np.exp(-np.array([middle - reach, middle + reach])))

    # A value beyond the clipped logit stays inside its interval.
    return min(float(ends[0]), value), max(float(ends[1]), value)


def t_quantile(level: float, freedom: float) -> float:
    """Return how many standard errors an interval of this level reaches to either side, by
    Student's t.
    """
    from scipy.special import stdtrit  # slow to import, and wanted once a score is there

    _check_level(level)
    return float(stdtrit(freedom, (1 + level) / 2))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1: pass 0.95 for a 95 % interval")
