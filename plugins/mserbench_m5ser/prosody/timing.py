"""Where in the source each moment of the target lies, and how it is stretched to lie there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench_m5ser.prosody.contours import FRAME, Prosody

SLOWEST, FASTEST = 2.0, 0.5  # how far all of the target is stretched or shortened at most
_MOST, _LEAST = 2.5, 0.4  # of a single stretch of it, between two pauses
_SNAP = 8  # frames that a pause may move, to where the target is quiet
_GAP = 4  # frames that are left of a pause of the target's own


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of the target: its seconds (start, end), its factor, and the pause after it.

    `factor` is how much longer it becomes; `pause` is in seconds of the result.
    """

    start: float
    end: float
    factor: float
    pause: float


@dataclass(frozen=True, eq=False)
class Timing:
    """The target's frames that are heard, shape (n,), where in the source each lies, in frames,
    shape (n,), and the pieces that they make up.
    """

    frames: NDArray[np.intp]
    at: NDArray[np.float64]
    pieces: tuple[Piece, ...]


def align(source: Prosody, target: Prosody, carry: bool) -> Timing:
    """Lay the target along the source.

    With `carry`, it speaks as many syllables a second as the source, and pauses where the source
    does, by the same share of the time; its own pauses go. Else its timing stays and the source is
    laid along it.
    """
    if not carry:
        return _as_it_is(source, target)

    frames = _frames(target)
    stretch = float(np.clip(target.rate / source.rate, FASTEST, SLOWEST))
    # One factor from the source's time to the result's, of speech and pauses alike.
    scale = stretch * len(frames) / source.spoken

    bounds = _bounds(source, target.power[frames])
    at = np.empty(len(frames))
    pieces: list[Piece] = []
    for number, (start, end) in enumerate(source.segments):
        first, last = bounds[number], bounds[number + 1]
        count = last - first
        at[first:last] = start + (np.arange(count) + 0.5) / count * (end - start)
        factor = float(np.clip(scale * (end - start) / count, _LEAST, _MOST))
        following = source.segments[number + 1 : number + 2]
        pause = scale * (following[0][0] - end) * FRAME if following else 0.0
        pieces += _pieces(frames[first:last], factor, pause)

    return Timing(frames, at, tuple(pieces))


def _as_it_is(source: Prosody, target: Prosody) -> Timing:
    """Lay the source's time, from its first to its last sound, evenly along the target's."""
    first, last = target.segments[0][0], target.segments[-1][1]
    frames = np.arange(first, last)
    start, end = source.segments[0][0], source.segments[-1][1]
    at = start + (frames - first + 0.5) / (last - first) * (end - start)

    return Timing(frames, at, (Piece(first * FRAME, last * FRAME, 1.0, 0.0),))


def _frames(target: Prosody) -> NDArray[np.intp]:
    """Return the frames that speak, with a little of each pause between them."""
    parts = []
    for number, (start, end) in enumerate(target.segments):
        is_last = number == len(target.segments) - 1
        parts.append(np.arange(start, end if is_last else end + _GAP))

    return np.concatenate(parts)


def _bounds(source: Prosody, power: NDArray[np.float64]) -> list[int]:
    """Return where in the target each segment of the source begins, and the end of the last.

    A pause moves to the quietest frame nearby, so that it does not part a vowel.
    """
    ends = np.cumsum([end - start for start, end in source.segments]) / source.spoken * len(power)
    bounds = [0]
    for index, ideal in enumerate(ends[:-1].tolist()):
        # Each segment that is still to come wants a frame of its own.
        low = max(bounds[-1] + 1, round(ideal) - _SNAP)
        high = min(len(power) - (len(ends) - 1 - index), round(ideal) + _SNAP + 1)
        window = power[low:high]
        bounds.append(low + int(np.argmin(window)) if len(window) else low)

    return [*bounds, len(power)]


def _pieces(frames: NDArray[np.intp], factor: float, pause: float) -> list[Piece]:
    """Return the runs of consecutive frames as pieces; the pause follows the last."""
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
    pieces = [Piece(run[0] * FRAME, (run[-1] + 1) * FRAME, factor, 0.0) for run in runs]
    pieces[-1] = Piece(pieces[-1].start, pieces[-1].end, factor, pause)

    return pieces
