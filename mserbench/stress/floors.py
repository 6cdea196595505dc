"""Alterations of level and of what is heard beneath speech; and the floor of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from mserbench.contracts import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FRAME = SAMPLE_RATE // 50  # 20 ms, over which energy is told
_QUIETEST = 5.0  # percent of the frames that are taken for the floor of a recording
_LOUD = 20.0  # dB below the loudest frame: frames above that are taken for speech

_LEVELS = (-10.0, -20.0, -30.0)  # dB
_WHITE = (30.0, 20.0, 10.0)  # dB of speech over noise
_SPEECH_SHAPED = (20.0, 10.0, 5.0)

# The long-term spectrum of speech, roughly: flat up to an edge, and 9 dB less an octave above it
# (after the average over 12 languages of Byrne et al. 1994, J. Acoust. Soc. Am. 96).
_EDGE = 500.0  # Hz
_SLOPE = 9.0  # dB an octave
_LOWEST = 80.0  # Hz: below it there is hardly any speech


def quieter(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Lower the level of everything by the decibels of a severity."""
    return samples * 10 ** (_LEVELS[severity - 1] / 20)


def white_noise(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Add white noise, so many decibels below the speech."""
    noise = random.standard_normal(len(samples))
    return samples + _scaled(noise, samples, _WHITE[severity - 1])


def speech_noise(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Add steady noise with the long-term spectrum of speech, so many decibels below it."""
    # Noise has no end that could ring into its beginning, so any length from the clip's on will do.
    drawn = fft.next_fast_len(len(samples), real=True)
    spectrum = fft.rfft(random.standard_normal(drawn))
    frequencies = fft.rfftfreq(drawn, 1 / SAMPLE_RATE)
    octaves = np.log2(np.maximum(frequencies, _EDGE) / _EDGE)
    gains = 10 ** (-_SLOPE * octaves / 20) * (frequencies >= _LOWEST)

    noise = fft.irfft(spectrum * gains, drawn)[: len(samples)]
    return samples + _scaled(noise, samples, _SPEECH_SHAPED[severity - 1])


def speech_level(samples: NDArray[np.float64]) -> float:
    """Return the root mean square of the frames of speech: those at most 20 dB below the loudest.

    At least 0; pauses and silence at the ends do not lower it.
    """
    energies = frame_energies(samples)
    loud = energies[energies >= energies.max() * 10 ** (-_LOUD / 10)]
    return float(np.sqrt(loud.mean()))


def floor_level(samples: NDArray[np.float64]) -> float:
    """Return the root mean square of the quietest 5 % of frames: at least 0."""
    return float(np.sqrt(np.percentile(frame_energies(samples), _QUIETEST)))


def floor(
    samples: NDArray[np.float64], n_samples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return so many samples of white noise as loud as the quietest parts of a recording."""
    return random.standard_normal(n_samples) * floor_level(samples)


def frame_energies(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean square of each frame of 20 ms, the last one shorter: at least one frame."""
    starts = np.arange(0, len(samples), _FRAME)
    sums = np.add.reduceat(samples**2, starts)
    lengths = np.minimum(_FRAME, len(samples) - starts)
    return np.asarray(sums / lengths)


def _scaled(
    noise: NDArray[np.float64], samples: NDArray[np.float64], decibels: float
) -> NDArray[np.float64]:
    """Return noise at so many decibels below the speech of a clip."""
    loudness = float(np.sqrt(np.mean(noise**2)))
    target = speech_level(samples) * 10 ** (-decibels / 20)
    # A clip of a few samples may get noise that is all below the lowest frequency.
    return noise * (target / loudness) if loudness > 0 else noise
