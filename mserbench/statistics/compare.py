"""Is model A better than model B: two predictions of the same utterances in, differences and a test
out.

Also the correction for several comparisons, the group of systems that the best one does not beat,
and the smallest difference that a task can show.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics import averages
from mserbench.statistics.averages import Part
from mserbench.statistics.intervals import (
    FEWEST,
    Interval,
    Variance,
    cluster_counts,
    leave_out,
    over_seeds,
    t_quantile,
    together,
)
from mserbench.statistics.metrics import METRICS

BETWEEN, WITHIN = 0.006, 0.1
"""Variances of a difference of UA: of its true value between speakers, and of one clip; see
`smallest_difference`.
"""


@dataclass(frozen=True)
class Comparison:
    """Two models on the same utterances; differences are A - B, as fractions of 1.

    `intervals` and `ua_p` are those of `averages.difference`: a paired t test over clusters, which
    are speakers unless `by_clip`. They are None with fewer than `FEWEST` clusters. `both_right`,
    `only_a`, `only_b` and `both_wrong` count utterances and add up to `n`. `mcnemar_p` is the exact
    two-sided McNemar test of equal accuracy: it takes utterances as independent, which those of one
    speaker are not, and is of these clips alone.
    """

    n: int
    clusters: int
    by_clip: bool
    differences: dict[str, float]
    intervals: dict[str, Interval]
    ua_p: float | None
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    mcnemar_p: float


def compare(
    truth: Sequence[str],
    prediction_a: Sequence[str | None],
    prediction_b: Sequence[str | None],
    labels: Sequence[str],
    clusters: Sequence[Hashable | None] | None,
) -> Comparison:
    """Compare two models that answered the same utterances in the same order.

    Both models are scored without the same clusters in turn, so that what makes a speaker hard for
    both cancels.

    Args:
        truth, prediction_a, prediction_b: one label an utterance, length n; unparsed answers as in
        `metrics`. labels: the labels of the task. clusters: the speaker of each utterance, as
        `intervals.cluster_counts`.

    Raises:
        ValueError: lengths differ, there is no utterance, or a true label is outside `labels`.

    >>> compare(["x", "y", "y"], ["x", "y", "y"], ["x", "y", ""], ["x", "y"], None).only_a
    1
    """
    tables = [
        cluster_counts(truth, prediction, labels, clusters)
        for prediction in (prediction_a, prediction_b)
    ]
    target = averages.target(np.stack(tables, axis=1), by_clip=clusters is None)  # (S, 2, K, K + 1)
    apart = {
        name: averages.difference([Part(target, ((0,),))], [Part(target, ((1,),))], name)
        for name in METRICS
    }
    right_a, right_b = (
        np.array([answer == label for answer, label in zip(prediction, truth, strict=True)])
        for prediction in (prediction_a, prediction_b)
    )
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())

    return Comparison(
        n=len(truth),
        clusters=target.left_out.clusters,
        by_clip=clusters is None,
        differences={name: difference.value for name, difference in apart.items()},
        intervals={name: difference.interval for name, difference in apart.items()},
        ua_p=apart["UA"].p,
        both_right=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        both_wrong=int((~right_a & ~right_b).sum()),
        mcnemar_p=mcnemar(only_a, only_b),
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the p value of the exact two-sided McNemar test; 1 where the models never disagree.

    If both are equally accurate, `only_a` of the `only_a + only_b` utterances that one alone got
    right is binomial with probability 1/2 (McNemar, Psychometrika 12, 1947).

    >>> mcnemar(1, 5)  # 2 * (1 + 6) / 2**6
    0.21875
    """
    from scipy.stats import binomtest  # slow to import, and wanted here alone

    return float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0


def holm(pvalues: Sequence[float]) -> list[float]:
    """Adjust p values for several comparisons by Holm's step-down method (Scand. J. Statistics 6,
    1979).

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
            raise ValueError(
                f"p value {value!r} at position {at} is not between 0 and 1: correct it first"
            )

    order = sorted(range(len(pvalues)), key=lambda at: pvalues[at])
    adjusted, floor = [0.0] * len(pvalues), 0.0
    for rank, at in enumerate(order):
        floor = max(floor, min(1.0, (len(pvalues) - rank) * pvalues[at]))
        adjusted[at] = floor

    return adjusted


def tie_group(systems: Sequence[NDArray[np.int64]], level: float = 0.05) -> list[int]:
    """Return the positions of the systems that cannot be told from the best: the best itself and
    its ties.

    All pairs are tested (paired t over clusters, seeds of trainings included, as
    `averages.difference`), and the worse one of the clearest pair is left out while its p value is
    below `level` over the number of pairs left. Since every pair counts, it does not matter that
    the best was picked from the same data: among equal systems at least one is lost in at most
    `level` of all cases (Hansen, Lunde and Nason, Econometrica 79(2), 2011, with Bonferroni's bound
    in place of a bootstrap). `tests/simulated.py` shows it.

    Args:
        systems: for each int64, (S, R, K, K + 1): `cluster_counts` of its R trainings, on the same
        S clusters. level: how often a group of equal systems may lose a member.

    Returns:
        Positions in `systems`, ascending; all of them with fewer than `FEWEST` clusters, where
        nothing can be told.
    """
    if not systems or len(systems[0]) < FEWEST:
        return list(range(len(systems)))

    value, pvalue = _pairs(systems)
    tied = list(range(len(systems)))
    while len(tied) > 1:
        among = pvalue[np.ix_(tied, tied)]
        first, second = np.unravel_index(int(among.argmin()), among.shape)
        if among[first, second] >= level / (len(tied) * (len(tied) - 1) / 2):
            break

        tied.remove(min(tied[first], tied[second], key=lambda at: value[at]))

    return tied


def _pairs(systems: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the UA of each system, (M,), and the p value of each pair, (M, M), 1 on the
    diagonal.
    """
    left_out = [leave_out(counts) for counts in systems]
    seeds = [over_seeds(scored.point["UA"]) for scored in left_out]
    value = np.array([scored.point["UA"].mean() for scored in left_out])
    moved = np.stack([scored.without["UA"].mean(axis=1) for scored in left_out])  # (M, S)
    clusters, freedom = moved.shape[1], left_out[0].freedom
    moved = moved - moved.mean(axis=1, keepdims=True)

    # Jackknife covariances of all pairs at once, as a board has many.
    shared = (clusters - 1) / clusters * (moved @ moved.T)

    pvalue = np.ones(shared.shape)
    for a, b in combinations(range(len(systems)), 2):
        apart = abs(value[a] - value[b])
        over_speakers = Variance(float(shared[a, a] + shared[b, b] - 2 * shared[a, b]), freedom)
        spread = together([over_speakers, seeds[a], seeds[b]])

        # Recalls that are equal as fractions may differ in their last bits once averaged.
        if apart >= 1e-12:
            p = averages.p_value(apart, spread) if spread.value > 1e-15 else 2.0 ** (1 - clusters)
            pvalue[a, b] = pvalue[b, a] = p

    return value, pvalue


def smallest_difference(clips: int, clusters: int) -> float | None:
    """Return the difference of UA that a paired test at 5 % shows in four of five tries; None below
    `FEWEST`.

    The variance of a difference is taken as BETWEEN / S + WITHIN / n for S clusters and n clips:
    what speakers differ by in which of two systems suits them, and the clips that the two answer
    differently. Both constants are medians over pairs of systems of the committed results
    (docs/results.md); a pair that is more alike shows less.

    >>> round(smallest_difference(1248, 24), 3)
    0.053
    """
    if clusters < FEWEST:
        return None

    freedom = clusters - 1.0
    level, power = 0.05, 0.8
    reach = t_quantile(1 - level, freedom) + t_quantile(2 * power - 1, freedom)

    return float(reach * (BETWEEN / clusters + WITHIN / clips) ** 0.5)
