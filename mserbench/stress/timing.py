"""Alterations of time: silence at the ends, ends cut, pauses, tempo and playing speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import UsageError, why
from mserbench.stress.floors import floor, frame_energies

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SILENCES = (0.3, 1.0, 2.0)  # seconds at each end
_CUTS = (0.1, 0.2, 0.4)  # seconds at each end
_MOST_CUT = 0.15  # of the clip, at each end

_PAUSES = ((1, 0.2), (2, 0.4), (3, 0.6))  # how many, of how many seconds
_SMOOTHED = 5  # frames of 20 ms, over which the quietest places are looked for
_SHORTEST = 0.5  # seconds: below it a clip has no place for a pause
_INSIDE = 0.1  # of the clip at each end, where no pause is inserted
_FADE = SAMPLE_RATE // 200  # 5 ms, by which a pause begins and ends without a click

_SLOWER = (0.85, 0.7, 0.6)  # times the tempo
_FASTER = (1.2, 1.4, 1.6)
_SPEEDS = (1.05, 1.1, 1.15)  # times the playing speed, or one by that

# Shorter than the library's own block of 0.12 s, which is meant for music: on 69 clips of EmoDB
# and RAVDESS energy over time then stays closer (correlation .995 for .985 at 0.6 times the tempo),
# and F0 no further away.
_BLOCK = 0.06  # seconds
_HOP = 0.015


def padded(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Add seconds at each end in which the recording's own floor is heard."""
    added = round(_SILENCES[severity - 1] * SAMPLE_RATE)
    before, after = floor(samples, added, random), floor(samples, added, random)
    return np.concatenate([before, samples, after])


def trimmed(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Cut seconds off each end, but at most 15 % of the clip."""
    most = int(_MOST_CUT * len(samples))
    cut = min(round(_CUTS[severity - 1] * SAMPLE_RATE), most)
    return samples[cut : len(samples) - cut]


def paused(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Insert pauses, or make those longer that are there, at the quietest places inside."""
    count, seconds = _PAUSES[severity - 1]
    parts, start = [], 0
    for place in quietest_places(samples, count):
        parts.append(_faded(samples[start:place], start > 0, True))
        parts.append(floor(samples, round(seconds * SAMPLE_RATE), random))
        start = place

    parts.append(_faded(samples[start:], start > 0, False))
    return np.concatenate(parts)


def slower(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Slow the tempo and keep the pitch."""
    return at_tempo(samples, _SLOWER[severity - 1])


def faster(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Raise the tempo and keep the pitch."""
    return at_tempo(samples, _FASTER[severity - 1])


def speed(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Play faster or slower, as a tape does, so that pitch and formants move too; drawn by clip."""
    import soxr

    played = soxr.resample(samples, SAMPLE_RATE * _drawn_speed(severity, random), SAMPLE_RATE)
    # Of a few samples the resampler may leave none.
    return np.asarray(played, dtype=np.float64) if len(played) else samples


def at_tempo(samples: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Return speech at `factor` times its tempo (.5 to 2), at the same pitch.

    By Signalsmith Stretch, a phase vocoder; deterministic. Of a clip shorter than one block the
    samples are returned as they are. Raises UsageError where python-stretch is not installed.
    """
    try:
        from python_stretch.Signalsmith import Stretch
    except ImportError as error:
        raise UsageError(
            f"python-stretch cannot be imported ({why(error)}), but tempo is altered by it: "
            "'pip install python-stretch'"
        ) from error

    if len(samples) < _BLOCK * SAMPLE_RATE:
        return samples

    stretch = Stretch()
    stretch.configure(1, round(_BLOCK * SAMPLE_RATE), round(_HOP * SAMPLE_RATE))
    stretch.setTimeFactor(factor)
    stretched = stretch.process(np.ascontiguousarray(samples[np.newaxis], dtype=np.float32))
    return np.asarray(stretched, dtype=np.float64).reshape(-1)


def quietest_places(samples: NDArray[np.float64], count: int) -> list[int]:
    """Return `count` places (at most 3) inside a clip where it is quietest, ascending, in samples.

    They lie at least an eighth of the clip apart; a clip shorter than 0.5 s has none.
    """
    if len(samples) < _SHORTEST * SAMPLE_RATE:
        return []

    frame = SAMPLE_RATE // 50
    energies = np.convolve(frame_energies(samples), np.ones(_SMOOTHED) / _SMOOTHED, mode="same")
    edge = max(1, int(_INSIDE * len(energies)))
    energies[:edge] = energies[len(energies) - edge :] = np.inf

    places: list[int] = []
    for _ in range(count):
        quietest = int(np.argmin(energies))
        places.append(quietest * frame + frame // 2)
        apart = max(1, len(energies) // 8)
        energies[max(0, quietest - apart) : quietest + apart + 1] = np.inf

    return sorted(places)


def lasts_padded(seconds: float, severity: int, random: np.random.Generator) -> float:
    """Return the seconds of a clip with silence at both ends."""
    return seconds + 2 * _SILENCES[severity - 1]


def lasts_trimmed(seconds: float, severity: int, random: np.random.Generator) -> float:
    """Return the seconds of a clip whose ends are cut."""
    return seconds - 2 * min(_CUTS[severity - 1], _MOST_CUT * seconds)


def lasts_paused(seconds: float, severity: int, random: np.random.Generator) -> float:
    """Return the seconds of a clip with pauses."""
    count, each = _PAUSES[severity - 1]
    return seconds if seconds < _SHORTEST else seconds + count * each


def lasts_slower(seconds: float, severity: int, random: np.random.Generator) -> float:
    """Return the seconds of a clip at slower tempo."""
    return seconds if seconds < _BLOCK else seconds / _SLOWER[severity - 1]


def lasts_faster(seconds: float, severity: int, random: np.random.Generator) -> float:
    """Return the seconds of a clip at faster tempo."""
    return seconds if seconds < _BLOCK else seconds / _FASTER[severity - 1]


def lasts_at_speed(seconds: float, severity: int, random: np.random.Generator) -> float:
    """Return the seconds of a clip at the speed that is drawn for it."""
    return seconds / _drawn_speed(severity, random)


def _drawn_speed(severity: int, random: np.random.Generator) -> float:
    factor = _SPEEDS[severity - 1]
    return factor if random.random() < 0.5 else 1 / factor


def _faded(samples: NDArray[np.float64], begins: bool, ends: bool) -> NDArray[np.float64]:
    """Fade a part in where it begins after a pause, and out where it ends before one."""
    faded = samples.copy()
    ramp = np.linspace(0.0, 1.0, min(_FADE, len(faded)))
    if begins:
        faded[: len(ramp)] *= ramp
    if ends:
        faded[len(faded) - len(ramp) :] *= ramp[::-1]

    return faded
