"""`logmel`: the long-term log-mel spectrum, how it moves, and the linear classifier."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.features import FeatureSet
from mserbench_baselines.feature_model import LinearModel

BANDS = 40
FRAME = SAMPLE_RATE * 25 // 1000  # samples
HOP = SAMPLE_RATE * 10 // 1000  # samples
_FFT = 512  # samples
_ACTIVE = 10 ** (-36 / 10)  # power of the quietest frame that counts, of the loudest: 36 dB
# Smallest power of a band, of the loudest frame: digital zeros would be -inf.
_FLOOR = 10 ** (-80 / 10)
_TINY = 1e-30  # power; makes silence finite

NAMES = tuple(
    f"{statistic}_{band:02d}" for statistic in ("mean", "std", "delta_std") for band in range(BANDS)
)


class LogMel(LinearModel):
    """Log-mel statistics and the linear classifier; core dependencies only."""

    name: ClassVar[str] = "logmel"
    title: ClassVar[str] = "Log-mel statistics, linear"
    licence: ClassVar[str] = "MIT"

    def features(self) -> FeatureSet:
        """Return the log-mel statistics, 120 numbers a clip."""
        return FeatureSet("logmel", "1", len(NAMES), statistics)

    def feature_names(self) -> tuple[str, ...]:
        """Return statistic and band of each number, bands from low to high."""
        return NAMES


def statistics(waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return mean, deviation and deviation of the slope of each log-mel band: float64, (120,).

    `waveform`: float32, (n_samples,), 16 kHz. The result: 40 means less their mean over bands (so
    that a gain changes nothing), 40 standard deviations (nepers of power), 40 of the difference per
    frame. Pauses do not count: a frame is active within 36 dB of the loudest. Silence gives zeros.
    """
    power = mel_power(waveform)
    energy = power.sum(axis=1)
    loudest = max(float(energy.max()), _TINY)
    log_mel = np.log(np.maximum(power, loudest * _FLOOR))
    active = energy >= loudest * _ACTIVE if energy.any() else np.ones(len(energy), dtype=bool)
    spectrum = log_mel[active].mean(axis=0)

    # The slope is taken over all frames first: across a pause that was cut out it would jump.
    slope = np.gradient(log_mel, axis=0)[active]

    return np.concatenate(
        [spectrum - spectrum.mean(), log_mel[active].std(axis=0), slope.std(axis=0)]
    )


def mel_power(waveform: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the power in each mel band: float64, (n_frames, 40), frames of 25 ms every 10 ms.

    There are at least two: a clip shorter than that (35 ms) is padded with zeros.
    """
    padded = np.pad(waveform, (0, max(0, FRAME + HOP - len(waveform))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)  # Periodic, as spectra want it.
    spectrum = scipy.fft.rfft(frames * window, _FFT, axis=1)
    power: NDArray[np.float64] = (spectrum.real**2 + spectrum.imag**2).astype(np.float64)

    return power @ _mel_filters()


@cache
def _mel_filters() -> NDArray[np.float64]:
    """Return triangles of height 1, even on the HTK mel scale from 0 to 8 kHz: (257, 40)."""
    top = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)  # mel
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)  # Hz
    frequencies = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)[:, None]  # Hz, (257, 1)
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    filters: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))

    return filters
