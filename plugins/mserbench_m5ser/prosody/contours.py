"""What of a clip its prosody is: F0, energy, where it speaks and pauses, how many syllables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

FRAME = 0.01  # seconds, of every contour
SHORTEST = 0.064  # seconds; below it no pitch of a deep voice can be told
LOWEST, HIGHEST = 60.0, 600.0  # Hz, where Praat looks for F0

_PITCH_RATE = 8_000  # Hz; F0 of 200 clips of RAVDESS is that of 16 kHz, in half the time
_SILENCE = 1e-4  # of full scale: below it a clip is silent (-80 dBFS)
_ACTIVE_DB = 30.0  # below the loud parts, which is where speech ends
_SHORTEST_PAUSE = 15  # frames; closures of stops are shorter
_SHORTEST_SEGMENT = 5  # frames; what is shorter is a click
_FEWEST_VOICED = 10  # frames, as fewer tell no melody
_STEP = 3.0  # semitones between two frames, beyond which one of them is an error
_SHORT_RUN = 8  # frames of a run of F0 that must agree with what is around it
_APART = 6.0  # semitones from what is around it, at which a short run is an error
_AROUND = 50  # frames that are around a run, on both sides

Signal = NDArray[np.float64]


class NoProsody(ValueError):
    """A clip that has no prosody to be measured; the message is the reason, in one sentence."""


@dataclass(frozen=True, eq=False)
class Prosody:
    """The contours of a clip in frames of 10 ms.

    `f0` is in Hz, 0 where nothing is voiced, shape (n_frames,); `power` the mean square, of the
    same shape; `segments` the frames (start, end) that speak, with the pauses between; `syllables`
    how many nuclei of syllables they hold. `pitch` is Praat's object that `f0` was read from.
    """

    f0: Signal
    power: Signal
    segments: tuple[tuple[int, int], ...]
    syllables: int
    pitch: Any

    @property
    def median(self) -> float:
        """Median of the voiced F0 in Hz."""
        return float(np.median(self.f0[self.f0 > 0]))

    @property
    def spoken(self) -> int:
        """How many frames speak, pauses left out."""
        return sum(end - start for start, end in self.segments)

    @property
    def rate(self) -> float:
        """Syllables a second of speech, pauses left out."""
        return self.syllables / (self.spoken * FRAME)

    @property
    def pause_share(self) -> float:
        """Share of pauses in the time from the first to the last sound of speech."""
        return 1 - self.spoken / (self.segments[-1][1] - self.segments[0][0])

    @cached_property
    def semitones(self) -> Signal:
        """F0 in semitones around the clip's median, shape (n_frames,).

        What is not voiced lies on a line between what is.
        """
        voiced = np.flatnonzero(self.f0 > 0)
        relative = 12 * np.log2(self.f0[voiced] / self.median)

        line: Signal = np.interp(np.arange(len(self.f0)), voiced, relative)

        return line


def analyse(waveform: NDArray[Any], rate: int) -> Prosody:
    """Measure a clip: shape (n_samples,), in [-1, 1], at `rate` Hz.

    Raises NoProsody where it is too short, silent, not voiced, or holds what is no number.
    """
    samples = np.asarray(waveform, dtype=np.float64)
    if len(samples) < SHORTEST * rate:
        raise NoProsody(f"it is shorter than {1000 * SHORTEST:.0f} ms")

    if not np.isfinite(samples).all():
        raise NoProsody("it holds samples that are no numbers")

    if np.abs(samples).max() < _SILENCE:
        raise NoProsody("it is silent")

    power = _power(samples, rate)
    pitch = _pitch(samples, rate)
    f0 = _on_frames(pitch, len(power))
    segments = _segments(power, f0)

    inside = np.zeros(len(power), dtype=bool)
    for start, end in segments:
        inside[start:end] = True

    # What hums between the words of others is none of the melody.
    f0 = _without_errors(np.where(inside, f0, 0.0))
    if np.count_nonzero(f0) < _FEWEST_VOICED:
        raise NoProsody("hardly any of it is voiced")

    return Prosody(f0, power, segments, _syllables(power, f0), pitch)


def decibels(power: Signal, width: int = 1) -> Signal:
    """Return power, smoothed over `width` frames, in dB, at most 50 dB below its loud parts."""
    smooth = uniform_filter1d(power, width, mode="nearest") if width > 1 else power
    floor = max(1e-5 * _loud(power), 1e-14)
    level: Signal = 10 * np.log10(np.maximum(smooth, floor))

    return level


def _loud(power: Signal) -> float:
    """Return the power of the loud parts, which one click does not change."""
    return float(np.percentile(power, 95))


def _power(samples: Signal, rate: int) -> Signal:
    """Return the mean square around each frame, over 30 ms."""
    count = int(len(samples) / rate / FRAME)
    edges = np.rint((np.arange(count + 1) * FRAME) * rate).astype(int)
    sums = np.add.reduceat(np.square(samples), edges[:-1])
    # The last one of `reduceat` takes all that is left.
    sums[-1] = np.square(samples[edges[-2] : edges[-1]]).sum()
    smooth: Signal = uniform_filter1d(sums / np.diff(edges), 3, mode="nearest")

    return np.maximum(smooth, 0.0)


def _pitch(samples: Signal, rate: int) -> Any:
    """Return Praat's pitch by autocorrelation (Boersma, IFA Proceedings 17, 1993)."""
    import parselmouth
    import soxr

    low = soxr.resample(samples, rate, _PITCH_RATE) if rate != _PITCH_RATE else samples
    sound = parselmouth.Sound(low, _PITCH_RATE)

    return sound.to_pitch_ac(time_step=FRAME, pitch_floor=LOWEST, pitch_ceiling=HIGHEST)


def _on_frames(pitch: Any, count: int) -> Signal:
    """Return F0 at the middle of each frame: the nearest of Praat's, 0 where it has none."""
    values = pitch.selected_array["frequency"]
    centres = (np.arange(count) + 0.5) * FRAME
    nearest = np.rint((centres - pitch.x1) / pitch.dx).astype(int)
    inside = (nearest >= 0) & (nearest < len(values))

    return np.where(inside, values[np.clip(nearest, 0, len(values) - 1)], 0.0)


def _without_errors(f0: Signal) -> Signal:
    """Return F0 without what noise is taken for: runs of two frames, and short ones that lie apart.

    Against what is around them, not the whole clip: surprise may rise by more than an octave.
    """
    tones = 12 * np.log2(np.where(f0 > 0, f0, 1.0))
    breaks = np.flatnonzero(((f0[1:] > 0) != (f0[:-1] > 0)) | (np.abs(np.diff(tones)) > _STEP))
    edges = np.concatenate([[0], breaks + 1, [len(f0)]])
    clean = f0.copy()
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if f0[start] == 0 or end - start >= _SHORT_RUN:
            continue

        low, high = max(0, start - _AROUND), end + _AROUND
        around = np.concatenate(
            [tones[low:start][f0[low:start] > 0], tones[end:high][f0[end:high] > 0]]
        )
        apart = len(around) and abs(np.median(tones[start:end]) - np.median(around)) > _APART
        if end - start < 3 or apart:
            clean[start:end] = 0.0

    return clean


def _segments(power: Signal, f0: Signal) -> tuple[tuple[int, int], ...]:
    """Return the frames that speak as (start, end), from the first voiced one to the last."""
    active = decibels(power) > 10 * np.log10(max(_loud(power), 1e-14)) - _ACTIVE_DB
    steps = np.diff(np.concatenate([[0], active.astype(int), [0]]))
    runs: list[tuple[int, int]] = []
    for start, end in zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0), strict=True):
        if runs and start - runs[-1][1] < _SHORTEST_PAUSE:
            runs[-1] = (runs[-1][0], int(end))
        else:
            runs.append((int(start), int(end)))

    # Breath before the first word, a click after the last: neither is voiced.
    spoken = tuple(
        (start, end)
        for start, end in runs
        if end - start >= _SHORTEST_SEGMENT and np.count_nonzero(f0[start:end]) >= 3
    )
    if not spoken:
        raise NoProsody("hardly any of it is voiced")

    return spoken


def _syllables(power: Signal, f0: Signal) -> int:
    """Count nuclei of syllables, at least one: voiced peaks of energy with a dip of 2 dB.

    After de Jong and Wempe, Behavior Research Methods 41(2), 2009.
    """
    level = decibels(power, 5)
    peaks, _ = find_peaks(level, height=level.max() - 25, prominence=2.0, distance=8)

    return max(1, int(np.count_nonzero(f0[peaks] > 0)))
