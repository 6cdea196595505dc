"""The mel spectrogram of a clip as a small picture with its axes, by numpy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.report.blocks import Axes
from mserbench.report.png import indexed

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 64
LEVELS = 48  # colours
RANGE = 70.0  # dB below the loudest point that still differ from silence

_WINDOW = 400  # samples, 25 ms
_HOP = 160  # samples, 10 ms
_POINTS = 512  # of a Fourier transform
_COLUMNS = 600  # of a picture at most: of longer clips the steps are longer
_TOP = SAMPLE_RATE / 2  # Hz

# Viridis, a map of even lightness that colour-blind people read too, at nine even steps.
_VIRIDIS = (
    (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129),
    (92, 200, 99), (170, 220, 50), (253, 231, 37),
)  # fmt: skip
_PITCHES = ((0, "0 Hz"), (500, "500"), (1000, "1k"), (2000, "2k"), (4000, "4k"), (8000, "8k"))
_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between two places of the axis
_MOST_STEPS = 6


def picture(waveform: NDArray[np.float32]) -> tuple[bytes, Axes]:
    """Return the PNG of a clip (float32, (n_samples,), 16 kHz mono), a row a band and the low ones
    below, and its axes in seconds and Hz.
    """
    return indexed(levels(waveform)[::-1], _palette()), axes(len(waveform) / SAMPLE_RATE)


def levels(waveform: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return how loud each band is at each step, (BANDS, n_steps), from 0 to `LEVELS` - 1."""
    hop = max(_HOP, -(-len(waveform) // _COLUMNS))
    padded = np.pad(waveform.astype(np.float64), (0, max(0, _POINTS - len(waveform))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), _POINTS)) ** 2 @ _filters()

    # Of silence nothing is loud, and no logarithm is taken of nothing.
    loudness = 10 * np.log10(np.maximum(power / max(power.max(), 1e-12), 10 ** (-RANGE / 10)))
    steps = np.round((loudness.T / RANGE + 1) * (LEVELS - 1))
    return np.asarray(steps, dtype=np.uint8)


def _filters() -> NDArray[np.float64]:
    """Return triangles of height 1, even on the HTK mel scale: (_POINTS // 2 + 1, BANDS)."""
    hertz = 700 * (10 ** (np.linspace(0, _mel(_TOP), BANDS + 2) / 2595) - 1)
    pitches = np.linspace(0, _TOP, _POINTS // 2 + 1)[:, None]
    rising = (pitches - hertz[:-2]) / (hertz[1:-1] - hertz[:-2])
    falling = (hertz[2:] - pitches) / (hertz[2:] - hertz[1:-1])

    # The lowest bands are narrower than the step between two pitches: each has its nearest one.
    filters = np.maximum(0, np.minimum(rising, falling))
    nearest = np.abs(pitches - hertz[1:-1]).argmin(axis=0)
    filters[nearest, np.arange(BANDS)] = np.maximum(filters[nearest, np.arange(BANDS)], 0.5)
    return np.asarray(filters)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def axes(seconds: float) -> Axes:
    """Return the places of seconds across, and of Hz upwards, in a picture of a clip."""
    step = next((step for step in _STEPS if seconds / step <= _MOST_STEPS), _STEPS[-1])
    places = np.arange(0, seconds, step)
    across = [(float(at / seconds), f"{at:g}" if at else "0 s") for at in places.round(3)]
    up = [(_mel(pitch) / _mel(_TOP), text) for pitch, text in _PITCHES]
    return Axes(across, up)


def _palette() -> NDArray[np.uint8]:
    """Return the colours of the levels, quiet first: (LEVELS, 3)."""
    anchors = np.linspace(0, LEVELS - 1, len(_VIRIDIS))
    parts = np.array(_VIRIDIS).T
    colours = [np.interp(np.arange(LEVELS), anchors, part) for part in parts]
    return np.round(colours).T.astype(np.uint8)
