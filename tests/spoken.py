"""Voiced sound that is made on the spot: syllables at a pitch, a level and a rate of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 16_000


def syllables(
    melody: Callable[[NDArray[np.float64]], NDArray[np.float64]] | float = 150.0,
    seconds: float = 1.2,
    per_second: float = 4.0,
    level: float = 0.3,
    pauses: Sequence[tuple[float, float]] = (),
    rate: int = RATE,
) -> NDArray[np.float32]:
    """Buzz that swells `per_second` times a second: float32, shape (n,), peak `level`.

    `melody` gives F0 in Hz at each moment in [0, 1], or is F0; `pauses` are (moment, seconds) of
    silence put in.
    """
    moments = np.linspace(0, 1, round(seconds * rate))
    f0 = melody(moments) if callable(melody) else np.full(len(moments), melody)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    buzz = sum(np.sin(number * phase) / number for number in range(1, 12))
    swell = 0.05 + np.sin(np.pi * per_second * seconds * moments) ** 2
    wave = buzz * swell
    wave *= level / np.abs(wave).max()

    for moment, length in sorted(pauses, reverse=True):
        at = round(moment * len(moments))
        wave = np.concatenate([wave[:at], np.zeros(round(length * rate)), wave[at:]])

    return wave.astype(np.float32)


def rising(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    return 120 * 2 ** (0.8 * moments)


def falling(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    return 260 * 2 ** (-0.8 * moments)
