"""Recordings that hold the same audio though their samples differ, found by the fingerprint of
Haitsma and Kalker.

J. Haitsma and T. Kalker, A Highly Robust Audio Fingerprinting System, ISMIR 2002: each step in time
gives one bit a pair of neighbouring bands, the sign of the change of their difference; equal words
propose pairs and places, and the bit error rate over the aligned part decides. Here, for speech of
seconds: 24 bits from 300 to 3,000 Hz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

RATES = (0.9, 0.97, 0.985, 1.0, 1.015, 1.03, 1.1)
"""Times a recording's speed, at which a tested clip is looked for. Words bear a change of speed by
1 %, so the five in the middle find all up to 4 %; 0.9 and 1.1 are the factors by which trainings
multiply their data (Ko et al., Audio Augmentation for Speech Recognition, Interspeech 2015).
"""

_BATCH = 2_048  # clips at once: bounds the memory


def fingerprint(waveform: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return the words of a recording: uint32, shape (LENGTH,); 0 where there is none, or the audio
    is too quiet.

    `waveform`: float32, shape (n_samples,), 16 kHz mono. Less than 0.3 s gives no word.
    """
    return _words(_band_power(waveform, (1.0,))[0])


def at_rates(waveform: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return the words that a recording would have, were it the copy of another at each of `RATES`:
    uint32, shape (len(RATES), LENGTH).

    At a rate of 1.1 it is taken for a copy that runs 1.1 times as fast, so its words are those of
    the original. `waveform` as for `fingerprint`.
    """
    words = []
    for rate, power in zip(RATES, _band_power(waveform, RATES), strict=True):
        # The nearest window, as that is at most half a step away: few bits change.
        places = np.round(np.arange(int((len(power) - 1) * rate) + 1) / rate).astype(int)
        words.append(_words(power[places]))

    return np.stack(words)


def _words(power: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Return the words of the power in bands, shape (n_windows, BITS + 1): shape (LENGTH,)."""
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


def _numbers_at_rates(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    return at_rates(waveform).astype(np.float32).ravel()


FEATURES = FeatureSet("haitsma-kalker", "2", LENGTH, _numbers)
AT_RATES = FeatureSet("haitsma-kalker-rates", "1", len(RATES) * LENGTH, _numbers_at_rates)


def of_clips(
    clips: Sequence[Clip],
    progress: Callable[[int, int], None] | None = None,
    features: FeatureSet = FEATURES,
) -> NDArray[np.uint32]:
    """Return the fingerprints of clips: uint32, shape (n_clips, features.dim); computed on all
    cores, and cached by key.

    `features`: `FEATURES`, or `AT_RATES`, whose rows hold one fingerprint after the other. Raises
    DataError for a clip that cannot be decoded.
    """
    cache = FeatureCache(features)
    words = np.zeros((len(clips), features.dim), dtype=np.uint32)
    for start in range(0, len(clips), _BATCH):
        part = clips[start : start + _BATCH]
        words[start : start + len(part)] = extract(part, features, cache)
        if progress:
            progress(start + len(part), len(clips))

    return words


def comparable(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Say of each fingerprint whether it has enough words to be compared: shape (n_clips,)."""
    return np.asarray(np.count_nonzero(words, axis=1) >= OVERLAP)


def _band_power(waveform: NDArray[np.float32], rates: Sequence[float]) -> list[NDArray[np.float64]]:
    """Return for each rate the power in BITS + 1 bands, equally wide on a logarithmic scale and
    moved by the rate: shape (n_windows, BITS + 1) each.
    """
    if len(waveform) < WINDOW:
        return [np.zeros((1, BITS + 1)) for _ in rates]

    from scipy import fft  # slow to import

    scale = np.geomspace(LOW, HIGH, BITS + 2) * WINDOW / SAMPLE_RATE
    edges = [np.round(scale * rate).astype(int) for rate in rates]
    top = max(int(places[-1]) for places in edges)
    windows = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW)[::HOP]
    shape = np.hanning(WINDOW).astype(np.float32)
    parts = []

    # A few at a time: a long recording must not fill the memory.
    for start in range(0, len(windows), 64):
        # SciPy's is more than twice as fast in single precision as NumPy's.
        spectrum = fft.rfft(windows[start : start + 64] * shape, axis=1)[:, :top]
        energy = spectrum.real**2 + spectrum.imag**2
        parts.append(
            [np.add.reduceat(energy[:, : places[-1]], places[:-1], axis=1) for places in edges]
        )

    return [np.concatenate(of_rate) for of_rate in zip(*parts, strict=True)]
