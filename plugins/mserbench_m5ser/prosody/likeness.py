"""How alike the prosody of two clips is: F0, energy, rate and pauses, measured anew from audio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench_m5ser.prosody.contours import Prosody, Signal, analyse, decibels

_STEPS = 300  # moments at which two clips are compared, from the first sound to the last
_SMOOTH = 10  # frames (0.1 s) over which energy is smoothed, half a syllable


@dataclass(frozen=True)
class Likeness:
    """Two clips compared, each from its first to its last sound of speech as one unit of time.

    `f0` is Pearson's correlation of F0 in semitones where both are voiced, `energy` of the energy
    in dB, smoothed over 0.1 s, at all moments; None where fewer than ten moments are voiced in
    both, or nothing varies. `rates` are syllables a second of speech, and `pauses` the share of the
    time, of source and result.
    """

    f0: float | None
    energy: float | None
    rates: tuple[float, float]
    pauses: tuple[float, float]


def measure(
    source: NDArray[Any], result: NDArray[Any], rate: int, source_rate: int = SAMPLE_RATE
) -> Likeness:
    """Compare the prosody of two clips, each of shape (n_samples,).

    Nothing that the transfer knew is used. Raises NoProsody where a clip has none.
    """
    first, second = analyse(source, source_rate), analyse(result, rate)
    tones = [_read(clip.f0, clip) for clip in (first, second)]
    voiced = (tones[0] > 0) & (tones[1] > 0)
    levels = [_read(decibels(clip.power, _SMOOTH), clip) for clip in (first, second)]

    return Likeness(
        f0=_correlation(*(12 * np.log2(tone[voiced]) for tone in tones)),
        energy=_correlation(*levels),
        rates=(first.rate, second.rate),
        pauses=(first.pause_share, second.pause_share),
    )


def _read(contour: Signal, clip: Prosody) -> Signal:
    """Return a contour at even moments of the clip's speech: the frame that each lies in."""
    start, end = clip.segments[0][0], clip.segments[-1][1]
    moments = start + (np.arange(_STEPS) + 0.5) / _STEPS * (end - start)

    read: Signal = contour[moments.astype(int)]

    return read


def _correlation(first: Signal, second: Signal) -> float | None:
    if len(first) < 10 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None

    return float(np.corrcoef(first, second)[0, 1])
