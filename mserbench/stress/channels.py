"""Alterations by what stands between mouth and file: bands, microphones and rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, signal

from mserbench.contracts import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Lower and upper edge in Hz: of 11 kHz sampling, of 8 kHz sampling, of the old telephone (ITU-T
# G.712 passes 300 to 3,400 Hz).
_BANDS = ((0.0, 5_500.0), (0.0, 4_000.0), (300.0, 3_400.0))
_STEEP = 0.05  # of an edge: over it the response falls from 1 to 0

_RIPPLES = (3.0, 6.0, 9.0)  # dB: standard deviation of a microphone's response at the nodes
_LOW_CUTS = (60.0, 120.0, 200.0)  # Hz: below it a small microphone hears 12 dB less an octave
_NODES = 60.0 * 2 ** np.arange(8)  # Hz: an octave apart, up to 7.7 kHz

# Seconds until the room's sound has fallen by 60 dB, and dB of direct over reverberant sound: a
# living room, an office with the microphone away from the mouth, a hall.
_ROOMS = ((0.3, 8.0), (0.6, 3.0), (1.0, -2.0))
_FIRST = 0.002  # seconds after the direct sound: before it, nothing is reflected


def narrower(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Keep the band of a severity alone."""
    low, high = _BANDS[severity - 1]

    def gains(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
        # The edge is where nothing is left any more: as of a file sampled at twice of it.
        falling = np.clip((high - frequencies) / (_STEEP * high), 0.0, 1.0)
        rising = np.clip((frequencies - low) / (_STEEP * low), 0.0, 1.0) if low else 1.0
        return np.asarray(falling * rising)

    return _filtered(samples, gains)


def microphone(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Hear through a microphone whose response is drawn for this clip, as loud as before."""
    nodes = random.normal(0.0, _RIPPLES[severity - 1], len(_NODES))
    cut = _LOW_CUTS[severity - 1]

    def gains(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
        octaves = np.log2(np.maximum(frequencies, 1.0))
        decibels = np.interp(octaves, np.log2(_NODES), nodes)
        decibels -= 12.0 * np.maximum(0.0, np.log2(cut) - octaves)
        return np.asarray(10 ** (decibels / 20))

    return _as_loud(_filtered(samples, gains), samples)


def room(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Add the reverberation of a room drawn for this clip, as loud and as long as before.

    The room is noise that decays exponentially after the direct sound (Polack 1988): it has the
    time and the share of reflections of a room, not its single echoes.
    """
    seconds, direct = _ROOMS[severity - 1]
    times = np.arange(1, round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    # 60 dB are a factor of 1,000 in amplitude.
    tail = random.standard_normal(len(times)) * 1000.0 ** (-times / seconds)
    tail[times < _FIRST] = 0.0
    tail *= 10 ** (-direct / 20) / np.sqrt(np.sum(tail**2))

    response = np.concatenate([[1.0], tail])
    heard = signal.fftconvolve(samples, response)[: len(samples)]
    return _as_loud(heard, samples)


def _filtered(
    samples: NDArray[np.float64], gains: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Scale the frequencies (Hz) of samples by what `gains` returns, without any delay."""
    # Padded, so that the end does not ring into the beginning.
    padded = fft.next_fast_len(len(samples) + SAMPLE_RATE // 4, real=True)
    frequencies = fft.rfftfreq(padded, 1 / SAMPLE_RATE)
    altered = fft.irfft(fft.rfft(samples, padded) * gains(frequencies), padded)
    return np.asarray(altered[: len(samples)])


def _as_loud(altered: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return altered samples at the root mean square of the samples before: level is apart."""
    before, after = np.sqrt(np.mean(samples**2)), np.sqrt(np.mean(altered**2))
    return altered * (before / after) if after > 0 else altered
