"""Is model A better than model B: two predictions of the same utterances in, tests and differences out.

Also the correction for several comparisons, and the group of runs that the best one does not beat.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench.intervals import (
    LEVEL,
    RESAMPLES,
    Interval,
    cluster_counts,
    percentile_interval,
    resampled_metrics,
)
from mserbench.metrics import METRICS, metrics


@dataclass(frozen=True)
class Comparison:
    """Two models on the same utterances; differences are A - B, as fractions of 1.

    `both_right`, `only_a`, `only_b` and `both_wrong` count utterances and add up to `n`. `mcnemar_p` is the
    exact two-sided McNemar test of equal accuracy; it takes utterances as independent. `ua_p` is the
    two-sided bootstrap test of equal UA over clusters. It and `intervals` are None for a single cluster.
    """

    n: int
    clusters: int
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    mcnemar_p: float
    differences: dict[str, float]
    intervals: dict[str, Interval]
    ua_p: float | None


def compare(
    truth: Sequence[str],
    prediction_a: Sequence[str | None],
    prediction_b: Sequence[str | None],
    labels: Sequence[str],
    clusters: Sequence[Hashable | None] | None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two models that answered the same utterances in the same order.

    Both models are scored on the same resampled clusters, so that what makes a speaker hard for both cancels.

    Args:
        truth, prediction_a, prediction_b: one label an utterance, length n; unparsed answers as in `metrics`.
        labels: the labels of the task.
        clusters: the speaker of each utterance, as `mserbench.intervals.cluster_counts`.
        resamples, seed: as `mserbench.intervals.bootstrap`.

    Raises:
        ValueError: lengths differ, there is no utterance, or a true label is outside `labels`.

    >>> compare(["x", "y", "y"], ["x", "y", "y"], ["x", "y", ""], ["x", "y"], None, resamples=100).only_a
    1
    """
    tables = [cluster_counts(truth, prediction, labels, clusters) for prediction in (prediction_a, prediction_b)]
    counts = np.stack(tables, axis=1)  # (S, 2, K, K + 1)
    overall = metrics(counts.sum(0))
    intervals, ua_p = _bootstrap_difference(counts, resamples, seed)
    right_a, right_b = (
        np.array([answer == label for answer, label in zip(prediction, truth, strict=True)])
        for prediction in (prediction_a, prediction_b)
    )
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return Comparison(
        n=len(truth),
        clusters=len(counts),
        both_right=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        both_wrong=int((~right_a & ~right_b).sum()),
        mcnemar_p=mcnemar(only_a, only_b),
        differences={name: float(overall[name][0] - overall[name][1]) for name in METRICS},
        intervals=intervals,
        ua_p=ua_p,
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the p value of the exact two-sided McNemar test; 1 where the models never disagree.

    If both are equally accurate, `only_a` of the `only_a + only_b` utterances that one alone got right is
    binomial with probability 1/2 (McNemar, Psychometrika 12, 1947).

    >>> mcnemar(1, 5)  # 2 * (1 + 6) / 2**6
    0.21875
    """
    from scipy.stats import binomtest  # slow to import, and wanted here alone

    return float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0


def holm(pvalues: Sequence[float]) -> list[float]:
    """Adjust p values for several comparisons by Holm's step-down method (Scand. J. Statistics 6, 1979).

    With m values in ascending order, adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)).

    Returns:
        The adjusted values in the order given, in [0, 1].

    Raises:
        ValueError: a value is NaN or outside [0, 1].

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    for at, value in enumerate(pvalues):
        if not 0 <= value <= 1:
            raise ValueError(f"p value {value!r} at position {at} is not between 0 and 1: correct it first")
    order = sorted(range(len(pvalues)), key=lambda at: pvalues[at])
    adjusted, floor = [0.0] * len(pvalues), 0.0
    for rank, at in enumerate(order):
        floor = max(floor, min(1.0, (len(pvalues) - rank) * pvalues[at]))
        adjusted[at] = floor
    return adjusted


def tie_group(pvalues: Sequence[float | None], level: float = 0.05) -> list[int]:
    """Return the positions of the runs that the best one does not significantly beat.

    Args:
        pvalues: of the best run against each other one; None (nothing could be tested) counts as 1.
        level: family-wise error rate, after Holm's correction.

    Returns:
        Positions in `pvalues`, ascending; the best itself is not among them.

    >>> tie_group([0.001, 0.04, 0.8])
    [1, 2]
    """
    adjusted = holm([1.0 if value is None else value for value in pvalues])
    return [at for at, value in enumerate(adjusted) if value > level]


def _bootstrap_difference(
    counts: NDArray[np.int64], resamples: int, seed: int
) -> tuple[dict[str, Interval], float | None]:
    """Return the interval of each metric's difference and the p value of that of UA; None for one cluster."""
    if len(counts) == 1:
        return dict.fromkeys(METRICS), None
    drawn = resampled_metrics(counts, resamples, seed)
    # Recalls that are equal as fractions may differ in their last bits once averaged: that is still a tie.
    apart = {name: np.round(values[:, 0] - values[:, 1], 12) for name, values in drawn.items()}
    intervals: dict[str, Interval] = {name: percentile_interval(values, LEVEL) for name, values in apart.items()}
    return intervals, two_sided(apart["UA"])


def two_sided(differences: NDArray[np.float64]) -> float:
    """Return the p value of a difference d of 0 from its resamples, float64 (resamples,), equal ones exactly 0.

    p = 2 min(P(d <= 0), P(d >= 0)), at most 1, where P counts one resample more than there are, on each side:
    a finite number of resamples never gives 0 (Davison and Hinkley, Bootstrap Methods, 1997, section 4.2).
    """
    smaller = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (smaller + 1) / (len(differences) + 1))
