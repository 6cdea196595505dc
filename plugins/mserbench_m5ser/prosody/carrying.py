"""Puts the prosody of one clip onto other speech."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import why
from mserbench_m5ser.prosody import overlap_add
from mserbench_m5ser.prosody.contours import (
    FRAME,
    NoProsody,
    Prosody,
    Signal,
    analyse,
    decibels,
)
from mserbench_m5ser.prosody.timing import Timing, align

_SYLLABLE = 15  # frames over which energy is smoothed: its rise and fall, not that of single sounds
_MOST_GAIN = 12.0  # dB from the median gain
_FADE = 0.004  # seconds at both ends of a piece that a pause follows
_MARGIN = 0.03  # seconds of silence at both ends
_PEAK = 0.98
_MELODY_STEP = 2  # frames between points of the melody


@dataclass(frozen=True)
class Parts:
    """What of the prosody is carried over: `melody` is F0, `loudness` the energy contour with its
    level, `timing` rate and pauses.
    """

    melody: bool = True
    loudness: bool = True
    timing: bool = True


class Carried(NamedTuple):
    """Speech with another's prosody, float32, shape (n_samples,); or the target as it was, and the
    reason why.
    """

    waveform: NDArray[np.float32]
    reason: str | None = None


EVERYTHING = Parts()


def transfer(
    source: NDArray[Any], target: NDArray[Any], rate: int, parts: Parts = EVERYTHING
) -> NDArray[np.float32]:
    """Return `target` with the prosody of `source`; as it was where one of them has none.

    Both are of shape (n_samples,), in [-1, 1], at `rate` Hz. See `carry`.
    """
    return carry(source, target, rate, rate, parts).waveform


def carry(
    source: NDArray[Any],
    target: NDArray[Any],
    rate: int,
    source_rate: int = SAMPLE_RATE,
    parts: Parts = EVERYTHING,
    median: float | None = None,
) -> Carried:
    """Return `target` (shape (n_samples,), in [-1, 1], at `rate` Hz) with the prosody of `source`.

    `median` is that of the F0 of the result in Hz, by default the target's own. Audio that has no
    prosody, as silence or a whisper, is no error: the target then comes back as it was. The same
    input gives the same bytes, whatever ran before.
    """
    unchanged = np.asarray(target, dtype=np.float32)
    try:
        measured = analyse(source, source_rate)
    except NoProsody as error:
        return Carried(unchanged, f"the source has no prosody to carry over: {why(error)}")

    try:
        own = analyse(target, rate)
    except NoProsody as error:
        return Carried(unchanged, f"the target cannot take a prosody: {why(error)}")

    return Carried(put_on(measured, own, target, rate, parts, median))


def put_on(
    source: Prosody,
    own: Prosody,
    target: NDArray[Any],
    rate: int,
    parts: Parts = EVERYTHING,
    median: float | None = None,
) -> NDArray[np.float32]:
    """Return `target`, whose prosody is `own`, with that of the source; see `carry`."""
    samples = np.asarray(target, dtype=np.float64)
    timing = align(source, own, parts.timing)
    melody = _melody(source, timing, median or own.median) if parts.melody else None
    spoken = overlap_add.resynthesise(samples, rate, own.pitch, melody, timing.pieces)
    gain = _gain(source, own, timing) if parts.loudness else np.zeros(len(timing.frames))
    result = _joined(spoken, timing, gain, rate)

    # One factor for all of it: a limiter would bend the contour.
    peak = np.abs(result).max(initial=0.0)
    if peak > _PEAK:
        result *= _PEAK / peak

    return result.astype(np.float32)


def _melody(source: Prosody, timing: Timing, median: float) -> tuple[Signal, Signal]:
    """Return seconds of the target, and the source's relative F0 there around `median`, in Hz."""
    at = np.interp(timing.at, np.arange(len(source.f0)) + 0.5, source.semitones)
    times = (timing.frames.astype(np.float64) + 0.5) * FRAME
    hertz = overlap_add.held(median * 2 ** (at / 12), median)

    return times[::_MELODY_STEP], hertz[::_MELODY_STEP]


def _gain(source: Prosody, own: Prosody, timing: Timing) -> Signal:
    """Return the gain of each frame of the target in dB, which gives it the source's energy."""
    stretched = (timing.at[-1] - timing.at[0]) / max(1, len(timing.at) - 1)
    wide = max(1, round(_SYLLABLE * stretched))
    grid = np.arange(len(source.power)) + 0.5
    wished = np.interp(timing.at, grid, decibels(source.power, wide))
    gain = wished - decibels(own.power, _SYLLABLE)[timing.frames]
    middle = np.median(gain)

    return middle + np.clip(gain - middle, -_MOST_GAIN, _MOST_GAIN)


def _joined(spoken: list[Signal], timing: Timing, gain: Signal, rate: int) -> Signal:
    """Return the pieces with their gain, one after the other, with the pauses between."""
    margin = np.zeros(round(_MARGIN * rate))
    parts, done = [margin], 0
    for samples, piece in zip(spoken, timing.pieces, strict=True):
        count = round((piece.end - piece.start) / FRAME)
        # A frame's gain is that of its middle.
        position = (np.arange(len(samples)) + 0.5) / max(1, len(samples)) * count - 0.5
        level = np.interp(position, np.arange(count), gain[done : done + count])
        parts += [_faded(samples * 10 ** (level / 20), rate), np.zeros(round(piece.pause * rate))]
        done += count

    return np.concatenate([*parts, margin])


def _faded(samples: Signal, rate: int) -> Signal:
    """Fade a piece in and out, so that its ends do not click."""
    length = min(round(_FADE * rate), len(samples) // 2)
    ramp = (np.arange(length) + 0.5) / max(1, length)
    faded = samples.copy()
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]

    return faded
