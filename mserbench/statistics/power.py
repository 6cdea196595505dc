"""The smallest difference between two systems that these very clips and speakers can show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics.compare import BETWEEN, WITHIN
from mserbench.statistics.intervals import FEWEST, freedom_of, t_quantile

LEVEL, POWER = 0.05, 0.8
_TRIES = 2_000  # pairs of systems; their 80th percentile moves by under 3 % from seed to seed
_SEED = 0
_MOST_CELLS = 2_000_000  # of tries, speakers and labels at once: 16 MB an array


def detectable_difference(counts: NDArray[np.int64]) -> float | None:
    """Return the true difference of UA that a paired test at 5 % shows in four of five tries.

    Pairs of systems are simulated on speakers who have as many clips of each label as these: a
    speaker's true difference varies by `compare.BETWEEN`, that of a clip by `compare.WITHIN`, and
    the difference is tested with each speaker left out in turn, as `averages.difference` does. So
    uneven speakers, and labels that few of them have, count as they do in a comparison;
    `compare.smallest_difference` is the same for even ones, by a formula.

    Args:
        counts: (S, K), how many clips each of S speakers has of each of K labels.

    Returns:
        A fraction of 1; None with fewer than `FEWEST` speakers, where nothing can be told. The same
        on every machine.
    """
    counts = counts[:, counts.sum(axis=0) > 0]
    if len(counts) < FEWEST:
        return None

    draws = np.random.default_rng(_SEED)
    # Many speakers are simulated in parts, which bounds the memory.
    at_once = max(1, min(_TRIES, _MOST_CELLS // counts.size))
    numbers = [min(at_once, _TRIES - before) for before in range(0, _TRIES, at_once)]
    least = np.concatenate([_least_shown(counts, number, draws) for number in numbers])

    return min(1.0, float(np.quantile(least, POWER)))


def _least_shown(
    counts: NDArray[np.int64], tries: int, draws: np.random.Generator
) -> NDArray[np.float64]:
    """Return the least true difference that each of some simulated pairs would show, (tries,)."""
    shape = (tries, *counts.shape)
    speakers = len(counts)

    # Under no difference: each cell holds the sum over its clips.
    suits = draws.normal(0.0, BETWEEN**0.5, (tries, speakers, 1))
    sums = counts * suits + (WITHIN * counts) ** 0.5 * draws.normal(size=shape)

    apart = _mean_recall(sums.sum(axis=1), counts.sum(axis=0))
    without = _mean_recall(sums.sum(axis=1, keepdims=True) - sums, counts.sum(axis=0) - counts)
    spread = without - without.mean(axis=1, keepdims=True)
    error = ((speakers - 1) / speakers * (spread**2).sum(axis=1)) ** 0.5

    # A true difference moves the estimate, with and without each speaker, by just as much, so
    # that the least which shows can be said of each try.
    quantile = t_quantile(1 - LEVEL, freedom_of(counts.sum(axis=1)))
    return np.asarray(quantile * error - apart, dtype=np.float64)


def _mean_recall(sums: NDArray[np.float64], clips: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean over the labels that have clips: of (..., K) and (..., K) clips."""
    is_present = clips > 0
    rates = np.where(is_present, sums / np.maximum(clips, 1), 0.0)
    return np.asarray(rates.sum(axis=-1) / is_present.sum(axis=-1), dtype=np.float64)
