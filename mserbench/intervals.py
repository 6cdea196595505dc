"""Confidence intervals of the metrics: counts for each speaker in, resampled speakers, percentiles out.

The unit that is drawn is the cluster, here a speaker: the clips of one speaker are alike, and drawing clips
would make intervals too narrow (Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR
performance evaluation", ICASSP 2004). Metrics need only counts, so a resample is a row of weights times the
matrix of counts a speaker, and all resamples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mserbench.metrics import METRICS, cells, metrics

RESAMPLES = 10_000
LEVEL = 0.95

Interval: TypeAlias = tuple[float, float] | None
"""Lower and upper end; None where a single cluster leaves nothing to resample."""

_CHUNK_NUMBERS = 500_000  # weights and counts of one chunk, 8 bytes each; a few such arrays live at once


def cluster_counts(
    truth: Sequence[str],
    prediction: Sequence[str | None],
    labels: Sequence[str],
    clusters: Sequence[Hashable | None] | None,
) -> NDArray[np.int64]:
    """Count true and predicted labels for each cluster.

    Args:
        truth, prediction, labels: as `mserbench.metrics.cells`, n utterances and K labels.
        clusters: the speaker of each utterance; one whose speaker is None is a cluster of its own, and so is
            every utterance where `clusters` is None.

    Returns:
        int64, (S, K, K + 1), clusters in order of appearance; its sum over S is the confusion matrix.

    Raises:
        ValueError: as `cells`, or `clusters` has another length than `truth`.
    """
    found = cells(truth, prediction, labels)
    number = cluster_numbers(clusters, len(truth))
    size, shape = len(labels) * (len(labels) + 1), (-1, len(labels), len(labels) + 1)
    flat = np.bincount(number * size + found, minlength=(int(number.max(initial=-1)) + 1) * size)
    return flat.astype(np.int64, copy=False).reshape(shape)


def cluster_numbers(clusters: Sequence[Hashable | None] | None, n: int) -> NDArray[np.int64]:
    """Number the clusters of `n` utterances from 0 by first appearance: int64, (n,); see `cluster_counts`."""
    if clusters is None:
        return np.arange(n, dtype=np.int64)
    if len(clusters) != n:
        raise ValueError(f"clusters hold {len(clusters)} speakers but truth has {n}: pass one or None an utterance")
    seen: dict[Hashable, int] = {}
    keys = (object() if cluster is None else cluster for cluster in clusters)  # an object equals itself alone
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def bootstrap(
    counts: NDArray[np.int64], resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL
) -> dict[str, Interval]:
    """Return the percentile interval of every metric over resampled clusters.

    Each resample draws S clusters out of S with replacement. A label that a resample's truth lacks is left
    out of its UA and MF1. The result depends on the counts and on `seed`, not on the order of clusters.

    Args:
        counts: int64, (S, K, K + 1) from `cluster_counts`.
        resamples: number of resamples, at least 1.
        seed: of the generator, PCG64.
        level: share of resamples inside the interval, in (0, 1).

    Returns:
        For each of `METRICS` the (lower, upper) end as fractions of 1; None for all of them where S is 1, as
        an interval over speakers needs at least two.

    Raises:
        ValueError: a cluster is empty, or `resamples` or `level` is out of range.

    >>> perfect = cluster_counts(["a", "b"], ["a", "b"], ["a", "b"], ["anna", "bert"])
    >>> bootstrap(perfect)["UA"]
    (1.0, 1.0)
    """
    if len(counts) == 1:
        return dict.fromkeys(METRICS)
    drawn = resampled_metrics(counts, resamples, seed)
    return {name: percentile_interval(values, level) for name, values in drawn.items()}


def percentile_interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """Return the ends that leave out (1 - level) / 2 of `values`, float64 (resamples,), on either side."""
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1: pass 0.95 for a 95 % interval")
    lower, upper = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def resampled_metrics(counts: NDArray[np.int64], resamples: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """Return every metric of every resample of clusters.

    Clusters of equal counts are drawn as one kind, as often as they occur: the distribution is the same, and
    where each utterance is its own cluster it becomes a multinomial over the cells of the confusion matrix.

    Args:
        counts: int64, (S, ..., K, K + 1); the axes between are scored on the same resamples (paired models).
        resamples, seed: as `bootstrap`.

    Returns:
        For each of `METRICS` float64 of shape (resamples, ...).

    Raises:
        ValueError: there is no cluster, one is empty, or `resamples` is below 1.
    """
    if not len(counts) or not counts.sum((-2, -1)).all():
        raise ValueError(
            f"counts of {len(counts)} clusters hold none, or one without utterances, expected at least one"
            " utterance in each: pass what cluster_counts() returns"
        )
    kinds, occurrences = np.unique(counts.reshape(len(counts), -1), axis=0, return_counts=True)
    table = kinds.astype(np.float64)  # exact below 2**53, and BLAS multiplies no integers
    scored = [
        metrics((weights @ table).reshape(-1, *counts.shape[1:]))
        for weights in resample_weights(occurrences, resamples, seed, columns=table.shape[1])
    ]
    return {name: np.concatenate([chunk[name] for chunk in scored]) for name in METRICS}


def resample_weights(
    occurrences: NDArray[np.int64], resamples: int, seed: int, columns: int = 1
) -> Iterator[NDArray[np.float64]]:
    """Yield how often each kind of cluster is drawn, a chunk of resamples at a time.

    Args:
        occurrences: int64, (kinds,): clusters of each kind, S together.
        resamples, seed: as `bootstrap`; the weights do not depend on the size of the chunks.
        columns: numbers a resample that the caller will hold beside its weights, to bound the memory of both.

    Yields:
        float64 whole numbers, (chunk, kinds); each row sums to S.

    Raises:
        ValueError: `resamples` is below 1.
    """
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}, expected at least 1: 10000 is usual")
    kinds, clusters = len(occurrences), int(occurrences.sum())
    generator = np.random.Generator(np.random.PCG64(seed))
    chunk = max(1, _CHUNK_NUMBERS // (kinds + columns))
    draw = _draw_clusters if clusters <= 4 * kinds else _draw_kinds  # whichever is faster, by measurement
    for start in range(0, resamples, chunk):
        yield draw(generator, occurrences, min(chunk, resamples - start)).astype(np.float64)


def _draw_clusters(generator: np.random.Generator, occurrences: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Draw each cluster of each resample and count the kinds: int64, (size, kinds); its cost grows with S."""
    kinds, clusters = len(occurrences), int(occurrences.sum())
    drawn = np.repeat(np.arange(kinds), occurrences)[generator.integers(clusters, size=(size, clusters))]
    drawn += np.arange(size)[:, np.newaxis] * kinds
    return np.bincount(drawn.ravel(), minlength=size * kinds).reshape(size, kinds)


def _draw_kinds(generator: np.random.Generator, occurrences: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Draw the kinds from their multinomial: int64, (size, kinds); its cost grows with their number."""
    clusters = int(occurrences.sum())
    return generator.multinomial(clusters, occurrences / clusters, size=size)
