"""Which runs the best of their group does not beat: paired clustered bootstraps of UA, Holm over the task.

The test is that of `mserbench.compare`, for many pairs at once. UA is a sum over speakers and labels of
correct answers times a factor that depends on the resample and on the truth alone; so the differences of all
pairs in all resamples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mserbench.compare import tie_group
from mserbench.intervals import RESAMPLES, cluster_numbers, resample_weights
from mserbench_leaderboard.entries import Items

SEED = 0
_PER_PAIR = 100  # resamples for each pair, so that the smallest p value, times the pairs, stays below 0.05


def tied(right: NDArray[np.bool_], items: Items, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of `pairs` (best, other) whose best does not significantly beat the other.

    Args:
        right: bool, (runs, n): which answers of each run are correct.
        items: the n clips.
        pairs: all comparisons of a task: positions in `right`.
    """
    if not pairs:
        return set()
    pvalues = ua_pvalues(right, items, pairs, max(RESAMPLES, _PER_PAIR * len(pairs)))
    return {pairs[at] for at in tie_group(pvalues)}


def ua_pvalues(
    right: NDArray[np.bool_], items: Items, pairs: Sequence[tuple[int, int]], resamples: int = RESAMPLES
) -> list[float | None]:
    """Return the two-sided p value of equal UA of each pair; None where there is a single cluster.

    Arguments as `tied`. p = 2 (min(#{d <= 0}, #{d >= 0}) + 1) / (resamples + 1), at most 1, where d is the
    difference of UA in a resample of clusters, as `mserbench.compare`.
    """
    cluster, label, support = _strata(items)
    clusters = int(cluster.max()) + 1
    if clusters == 1:
        return [None] * len(pairs)
    hits = _hits(right, items)
    first, second = (hits[[pair[side] for pair in pairs]] for side in (0, 1))
    apart = first - second  # (pairs, strata)
    by_label = np.zeros((int(label.max()) + 1, clusters))
    by_label[label, cluster] = support
    below, above = np.zeros(len(pairs), np.int64), np.zeros(len(pairs), np.int64)
    columns = 2 * len(cluster) + len(pairs)
    # The products are small: on cores that are not idle, threads that wait for each other double their time.
    with threadpool_limits(1, "blas"):
        for drawn in resample_weights(np.ones(clusters, np.int64), resamples, SEED, columns):
            weights = np.ascontiguousarray(drawn.T)  # (clusters, chunk): whole rows are gathered much faster
            truth = by_label @ weights  # (labels, chunk): clips of each label
            factor = 1 / (np.maximum(truth, 1) * (truth > 0).sum(0))
            # Recalls that are equal as fractions may differ in their last bits once averaged: that is a tie.
            difference = np.round(apart @ (weights[cluster] * factor[label]), 12)
            below += (difference <= 0).sum(1)
            above += (difference >= 0).sum(1)
    smaller = np.minimum(below, above)
    return [min(1.0, 2 * (int(count) + 1) / (resamples + 1)) for count in smaller]


def _strata(items: Items) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return cluster, label number and number of clips of each pair of cluster and label that occurs."""
    code, size = _codes(items)
    kinds, support = np.unique(code, return_counts=True)
    return kinds // size, kinds % size, support


def _hits(right: NDArray[np.bool_], items: Items) -> NDArray[np.float64]:
    """Count the correct answers of each run in each stratum: float64, (runs, strata)."""
    code, _ = _codes(items)
    order = np.argsort(code, kind="stable")
    starts = np.unique(code[order], return_index=True)[1]
    return np.add.reduceat(right[:, order].astype(np.float64), starts, axis=1)


def _codes(items: Items) -> tuple[NDArray[np.int64], int]:
    numbers = {label: at for at, label in enumerate(dict.fromkeys(items.truth))}
    label = np.array([numbers[one] for one in items.truth], dtype=np.int64)
    speakers = None if items.clusters is None else [str(number) for number in items.clusters]
    return cluster_numbers(speakers, len(label)) * len(numbers) + label, len(numbers)
