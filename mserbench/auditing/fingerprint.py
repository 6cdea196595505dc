"""Recordings that hold the same audio though their samples differ, found by the fingerprint of
Haitsma and Kalker.

J. Haitsma and T. Kalker, A Highly Robust Audio Fingerprinting System, ISMIR 2002: each step in time
gives one bit a pair of neighbouring bands, the sign of the change of their difference; equal words
propose pairs and places, and the bit error rate over the aligned part decides. Here, for speech of
seconds: 24 bits from 300 to 3,000 Hz.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.features import FeatureCache, FeatureSet, extract

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Samples, of 256 and 16 ms: half a step of misalignment then changes few bits.
WINDOW, HOP = 4_096, 256
# Words of a fingerprint, 6.1 s from the first one that counts: enough to know a recording by.
LENGTH = 384
BITS = 24  # a float32 of the feature cache holds whole numbers up to 2**24
LOW, HIGH = 300.0, 3_000.0  # Hz: what resampling to 8 kHz and lossy coding leave as it is
# Of the power of a recording's loudest window: below that, noise and coding decide the bits.
QUIET = 1e-3
SILENT = 1e-9  # of the power of a full-scale tone: digital silence and what dither makes of it

OVERLAP = 24  # words that both recordings must have: 0.6 s of audio
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

_BATCH = 2_048  # clips or pairs at once: bounds the memory
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


def fingerprint(waveform: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return the words of a recording: uint32, shape (LENGTH,); 0 where there is none, or the audio
    is too quiet.

    `waveform`: float32, shape (n_samples,), 16 kHz mono. Less than 0.3 s gives no word.
    """
    power = _band_power(waveform)
    total = power.sum(axis=1)
    # Relative to the recording itself, but never so low that digital silence counts.
    floor = max(QUIET * total.max(initial=0.0), SILENT * (WINDOW / 4) ** 2)
    loud = total > floor
    counted = loud[1:] & loud[:-1]
    bits = np.diff(np.diff(power, axis=1), axis=0) < 0
    # Plus one, as 0 stands for: no word.
    words = np.where(counted, bits @ (1 << np.arange(BITS, dtype=np.uint32)) + 1, 0)
    first = int(np.argmax(counted)) if counted.any() else 0
    padded = np.zeros(LENGTH, dtype=np.uint32)
    start = words[first : first + LENGTH]
    padded[: len(start)] = start

    return padded


def _numbers(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    # Exact, as no word exceeds 2**24.
    return fingerprint(waveform).astype(np.float32)


FEATURES = FeatureSet("haitsma-kalker", "1", LENGTH, _numbers)


def of_clips(
    clips: Sequence[Clip], progress: Callable[[int, int], None] | None = None
) -> NDArray[np.uint32]:
    """Return the fingerprints of clips: uint32, shape (n_clips, LENGTH); computed on all cores, and
    cached by key.

    Raises DataError for a clip that cannot be decoded.
    """
    cache = FeatureCache(FEATURES)
    words = np.zeros((len(clips), LENGTH), dtype=np.uint32)
    for start in range(0, len(clips), _BATCH):
        part = clips[start : start + _BATCH]
        words[start : start + len(part)] = extract(part, FEATURES, cache)
        if progress:
            progress(start + len(part), len(clips))

    return words


def comparable(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Say of each fingerprint whether it has enough words to be compared: shape (n_clips,)."""
    return np.asarray(np.count_nonzero(words, axis=1) >= OVERLAP)


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


def _band_power(waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the power in BITS + 1 bands, equally wide on a logarithmic scale: shape (n_windows,
    BITS + 1).
    """
    edges = np.geomspace(LOW, HIGH, BITS + 2) * WINDOW / SAMPLE_RATE
    first = np.round(edges).astype(int)
    if len(waveform) < WINDOW:
        return np.zeros((1, BITS + 1))

    windows = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW)[::HOP]
    shape = np.hanning(WINDOW).astype(np.float32)
    power = []

    # A few at a time: a long recording must not fill the memory.
    for start in range(0, len(windows), 64):
        spectrum = np.fft.rfft(windows[start : start + 64] * shape, axis=1)[:, : first[-1]]
        power.append(np.add.reduceat(spectrum.real**2 + spectrum.imag**2, first[:-1], axis=1))

    return np.concatenate(power)


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
    for block in _blocks(np.bincount(clip, following, n).astype(np.int64)):
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


def _blocks(work: NDArray[np.int64]) -> Iterator[slice]:
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
    position = np.arange(LENGTH)[None, :] - shift[:, None]
    inside = (position >= 0) & (position < LENGTH)
    words_first = words[first]
    words_second = words[second[:, None], np.clip(position, 0, LENGTH - 1)]
    both = (words_first != 0) & (words_second != 0) & inside
    different = (words_first - np.uint32(1)) ^ (words_second - np.uint32(1))
    errors = (_ones(different) * both).sum(axis=1)
    overlap = both.sum(axis=1)
    rate = errors / np.maximum(overlap * BITS, 1)

    for i in np.flatnonzero((overlap >= OVERLAP) & (rate <= THRESHOLD)):
        seconds = (overlap[i] * HOP + WINDOW) / SAMPLE_RATE
        yield Pair(int(first[i]), int(second[i]), float(rate[i]), float(seconds))


def _ones(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Count the bits that are set, in parallel within each word."""
    pairs = values - ((values >> 1) & 0x55555555)
    fours = (pairs & 0x33333333) + ((pairs >> 2) & 0x33333333)
    eights = (fours + (fours >> 4)) & 0x0F0F0F0F

    return np.asarray((eights * np.uint32(0x01010101)) >> 24, dtype=np.uint32)
