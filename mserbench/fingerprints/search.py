"""The search for recordings that hold the same audio, by the words of their fingerprints.

Equal words propose pairs and places, and the share of bits that differ over the aligned part
decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.fingerprints.words import BITS, HOP, LENGTH, OVERLAP, WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

VOTES = 3  # equal words at one place, to look at a pair at all
# A word that occurs more often tells nothing: none of 3,167 recordings occurs more than 18 times.
COMMON = 256
THRESHOLD = 0.17
"""Bit error rate up to which two recordings are the same. Copies of 60 recordings that were
resampled, coded as MP3 or Vorbis, made softer, cut, or given noise at 30 dB, and all of that
together, differ in at most 0.10 of the bits. Different takes of one sentence by one speaker, laid
where they agree best, differ in at least 0.22 (median 0.42; a sample of 4,000 of the 25,164 such
pairs of EmoDB, EMOVO, AESDD and RAVDESS). Of all pairs of these 3,167 recordings that the search
proposes, two lie below 0.04 and are copies; the next has 0.33.
"""

_BATCH = 2_048  # pairs at once: bounds the memory
_PROPOSALS = 1_000_000  # pairs of equal words at once


@dataclass(frozen=True, slots=True)
class Pair:
    """Two clips by position that hold the same audio: the share of bits that differ, and the shared
    seconds.
    """

    first: int
    second: int
    error_rate: float
    seconds: float


def near_duplicates(words: NDArray[np.uint32]) -> list[Pair]:
    """Return all pairs of fingerprints (shape (n_clips, LENGTH)) that hold the same audio, sorted
    by position.
    """
    best: dict[tuple[int, int], Pair] = {}
    for proposals in _proposals(words):
        for start in range(0, len(proposals), _BATCH):
            for pair in _verified(words, proposals[start : start + _BATCH]):
                best_yet = best.get((pair.first, pair.second))
                if best_yet is None or pair.error_rate < best_yet.error_rate:
                    best[pair.first, pair.second] = pair

    return [best[key] for key in sorted(best)]


def _proposals(words: NDArray[np.uint32]) -> Iterator[NDArray[np.int64]]:
    """Yield arrays of (first, second, shift), shape (n, 3): word i of the first is word i - shift
    of the second.
    """
    n = len(words)
    fresh = words != 0
    # A word that lasts counts once: else a held vowel would vote at every step.
    fresh[:, 1:] &= words[:, 1:] != words[:, :-1]
    clip, place = np.nonzero(fresh)
    word = words[clip, place]
    order = np.argsort(word, kind="stable")  # among equal words, by clip
    ordered = word[order]
    last = np.searchsorted(ordered, ordered, side="right")
    often = last - np.searchsorted(ordered, ordered, side="left") > COMMON
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))

    # How many later ones, by clip, have the same word.
    following = np.where(often, 0, last - np.arange(len(order)) - 1)[rank]
    for block in blocks(np.bincount(clip, following, n).astype(np.int64)):
        chosen = np.arange(*np.searchsorted(clip, (block.start, block.stop)))
        counts = following[chosen]
        earlier = np.repeat(chosen, counts)
        step = np.arange(len(earlier)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
        later = order[rank[earlier] + step]
        shift = place[earlier] - place[later] + LENGTH
        # One whole number for both clips and the shift, so that equal ones are counted at once.
        code = (clip[earlier] * n + clip[later]) * (2 * LENGTH) + shift
        codes, votes = np.unique(code[clip[earlier] != clip[later]], return_counts=True)
        codes = codes[votes >= VOTES]
        pair, shift = np.divmod(codes, 2 * LENGTH)
        yield np.stack([pair // n, pair % n, shift - LENGTH], axis=1)


def blocks(work: NDArray[np.int64]) -> Iterator[slice]:
    """Yield runs of clips with at most `_PROPOSALS` proposals together, or single clips."""
    start, total = 0, 0
    for i, amount in enumerate(work):
        if total + amount > _PROPOSALS and i > start:
            yield slice(start, i)
            start, total = i, 0

        total += int(amount)

    if start < len(work):
        yield slice(start, len(work))


def _verified(words: NDArray[np.uint32], proposals: NDArray[np.int64]) -> Iterator[Pair]:
    first, second, shift = proposals.T
    rate, overlap = error_rates(words[first], words, second, shift)
    for i in np.flatnonzero((overlap >= OVERLAP) & (rate <= THRESHOLD)):
        seconds = (overlap[i] * HOP + WINDOW) / SAMPLE_RATE
        yield Pair(int(first[i]), int(second[i]), float(rate[i]), float(seconds))


def error_rates(
    words_first: NDArray[np.uint32],
    words: NDArray[np.uint32],
    second: NDArray[np.int64],
    shift: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Compare proposed pairs: return of each the share of bits that differ, and the number of words
    compared.

    `words_first` has shape (n, LENGTH); `second` are rows of `words`.
    """
    position = np.arange(LENGTH)[None, :] - shift[:, None]
    inside = (position >= 0) & (position < LENGTH)
    words_second = words[second[:, None], np.clip(position, 0, LENGTH - 1)]
    both = (words_first != 0) & (words_second != 0) & inside
    different = (words_first - np.uint32(1)) ^ (words_second - np.uint32(1))
    errors = (_ones(different) * both).sum(axis=1)
    overlap = both.sum(axis=1)

    return errors / np.maximum(overlap * BITS, 1), overlap


def _ones(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Count the bits that are set, in parallel within each word."""
    pairs = values - ((values >> 1) & 0x55555555)
    fours = (pairs & 0x33333333) + ((pairs >> 2) & 0x33333333)
    eights = (fours + (fours >> 4)) & 0x0F0F0F0F

    return np.asarray((eights * np.uint32(0x01010101)) >> 24, dtype=np.uint32)
