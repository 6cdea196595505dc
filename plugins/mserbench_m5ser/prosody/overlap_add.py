"""Resynthesis by Praat's pitch-synchronous overlap-add: other F0, other durations."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench_m5ser.prosody.contours import HIGHEST, LOWEST
from mserbench_m5ser.prosody.timing import Piece

_SEED = 1
_EDGE = 1e-4  # seconds between two factors of duration that meet
# Praat draws where it repeats noise, from one state for the whole process.
_ALONE = threading.Lock()

Signal = NDArray[np.float64]


def resynthesise(
    samples: Signal,
    rate: int,
    pitch: Any,
    melody: tuple[Signal, Signal] | None,
    pieces: Sequence[Piece],
) -> list[Signal]:
    """Return the samples of each piece, at its new length and F0.

    `pitch` is Praat's of the same speech; `melody` seconds of it and the F0 there in Hz, or None,
    which leaves it. The same arguments give the same bytes, whatever ran before.
    """
    import parselmouth
    from parselmouth.praat import call, run

    sound = parselmouth.Sound(samples, rate)
    length = len(samples) / rate
    manipulation = call([sound, pitch], "To Manipulation")
    if melody is not None:
        tier = call("Create PitchTier", "melody", 0.0, length)
        for time, hertz in zip(*melody, strict=True):
            call(tier, "Add point", float(time), float(hertz))

        call([manipulation, tier], "Replace pitch tier")

    times, factors = _knots(pieces)
    if any(piece.factor != 1.0 for piece in pieces):
        tier = call("Create DurationTier", "lengths", 0.0, length)
        for time, factor in zip(times, factors, strict=True):
            call(tier, "Add point", float(time), float(factor))

        call([manipulation, tier], "Replace duration tier")

    with _ALONE:
        # Else noise that is drawn out would depend on what Praat did before.
        run(f"random_initializeWithSeedUnsafelyButPredictably: {_SEED}")
        result = call(manipulation, "Get resynthesis (overlap-add)").values[0]

    return [result[start:end] for start, end in _ranges(times, factors, rate)]


def _knots(pieces: Sequence[Piece]) -> tuple[Signal, Signal]:
    """Return seconds and factors of the tier of durations: two points a piece, just inside it."""
    times = [time for piece in pieces for time in (piece.start + _EDGE, piece.end - _EDGE)]
    factors = [factor for piece in pieces for factor in (piece.factor, piece.factor)]

    return np.array(times), np.array(factors)


def _ranges(times: Signal, factors: Signal, rate: int) -> list[tuple[int, int]]:
    """Return the samples (start, end) of each piece in the result.

    Time of the result is the area below the tier of durations, which is even before its first
    point.
    """
    steps = np.diff(times) * (factors[1:] + factors[:-1]) / 2
    area = times[0] * factors[0] + np.concatenate([[0.0], np.cumsum(steps)])
    samples = np.rint(area * rate).astype(int)

    return list(zip(samples[::2].tolist(), samples[1::2].tolist(), strict=True))


def held(f0: Signal, median: float) -> Signal:
    """Return F0 in Hz held within the range of a voice of that median, and of Praat."""
    low, high = max(LOWEST, 0.45 * median), min(HIGHEST, 2.8 * median)
    return np.clip(f0, low, high)
