"""From espeak-ng's speech to a finished clip: voice quality, channel, level and noise of the rule.

Every draw comes from a stream named by the clip, so a clip is the same in any order and in any
process.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.ndimage import uniform_filter1d

from mserbench.contracts import SAMPLE_RATE
from mserbench.speaking.synthesizer import SPEECH_RATE
from mserbench_tasks.demo.plan import Plan, Speaker, stream

# In dBFS, of the active speech; the loudest of all 3,276 clips then peaks at -1.2 dBFS.
BASE_LEVEL = -37.0
FRAME = SAMPLE_RATE // 50  # 20 ms
WANDER_HZ = 100  # knots of random walks, joined linearly

Signal = NDArray[np.float64]


def finish(speech: NDArray[np.int16], clip: Plan) -> NDArray[np.int16]:
    """Turn espeak-ng's speech (int16, 22,050 Hz) into the clip: int16, (n_samples,), 16 kHz."""
    random = stream(f"sound {clip.id}")
    tremor, rough = max(0.0, clip.z["tremor"]), max(0.0, clip.z["rough"])
    tremble_hz, creak_hz = random.uniform(4.5, 7.5), random.uniform(28, 55)
    tremble_phase, creak_phase = random.uniform(0, 2 * np.pi, 2)

    doubled = _filter_and_double(_trim(speech / 32768.0), clip)
    seconds = len(doubled) / (2 * SPEECH_RATE) * clip.speaker.scale
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tremble = np.sin(2 * np.pi * tremble_hz * time + tremble_phase)
    jitter = _wander(random.normal(size=_knots(time)), time)
    signal = _warp(
        doubled, (1 + 0.012 * tremor * tremble + 0.005 * rough * jitter) / clip.speaker.scale
    )

    drift = _wander(np.cumsum(random.normal(0.0, 0.4, _knots(time))), time)
    creak = np.sin(2 * np.pi * creak_hz * time + creak_phase + drift)
    signal *= (1 + min(0.6, 0.22 * tremor) * tremble) * (1 + min(0.7, 0.30 * rough) * creak)
    signal += _breath(signal, clip, random)
    signal *= _ratio(np.linspace(-0.5, 0.5, len(signal)) * 5.0 * clip.z["eslope"])
    signal *= _ratio(
        BASE_LEVEL + clip.speaker.offsets["gain"] + 5.0 * clip.z["gain"]
    ) / _active_level(signal)
    signal += _ratio(BASE_LEVEL - clip.speaker.floor_db) * random.normal(size=len(signal))

    return np.clip(np.rint(signal * 32768.0), -32768, 32767).astype(np.int16)


def _trim(signal: Signal) -> Signal:
    """Cut silence (below 0.6 % of the peak) at both ends, but for 50 ms before and 68 ms after."""
    loud = np.flatnonzero(np.abs(signal) > 0.006 * np.abs(signal).max())
    start = max(0, loud[0] - int(0.050 * SPEECH_RATE))
    return signal[start : loud[-1] + int(0.068 * SPEECH_RATE)]


def _filter_and_double(signal: Signal, clip: Plan) -> Signal:
    """Apply tilt, channel and band limits in the spectrum; return twice the sampling rate."""
    # Room for the filter to ring.
    padded = next_fast_len(len(signal) + SPEECH_RATE // 10, real=True)
    frequency = rfftfreq(padded, 1 / SPEECH_RATE)
    tilt = clip.speaker.offsets["tilt"] + 2.2 * clip.z["tilt"]  # dB an octave, about 1 kHz
    gain_db = tilt * np.log2(np.clip(frequency, 80, 8000) / 1000) + _channel(
        frequency, clip.speaker
    )
    spectrum = (
        rfft(signal, padded) * _ratio(gain_db) * _band(frequency, 60.0, 7600.0 * clip.speaker.scale)
    )
    doubled: Signal = irfft(spectrum, 2 * padded)

    return 2 * doubled[: 2 * len(signal)]


def _channel(frequency: Signal, speaker: Speaker) -> Signal:
    """Return the gain of a speaker's channel in dB at each frequency (Hz)."""
    octave = np.log2(np.maximum(frequency, 20.0))
    gain = np.zeros_like(frequency)
    for bump in speaker.channel:
        gain += bump.gain_db * np.exp(
            -0.5 * ((octave - np.log2(bump.centre_hz)) / bump.width_octaves) ** 2
        )

    return gain


def _band(frequency: Signal, low: float, high: float) -> Signal:
    """Return the gain (0 to 1) of a band-pass with Butterworth flanks, order 2 and 16."""
    passed_low = 1 / np.sqrt(1 + (low / np.maximum(frequency, 1.0)) ** 4)
    gain: Signal = passed_low / np.sqrt(1 + (frequency / high) ** 32)
    return gain


def _warp(doubled: Signal, speed: Signal) -> Signal:
    """Read a signal of 44.1 kHz at a wandering `speed` (1 is real time), one value a sample of 16
    kHz.
    """
    position = np.cumsum(speed) * (2 * SPEECH_RATE / SAMPLE_RATE)
    return np.interp(position, np.arange(len(doubled)), doubled)


def _breath(signal: Signal, clip: Plan, random: np.random.RandomState) -> Signal:
    """Return high-pitched noise that follows the envelope of the speech."""
    noise = np.diff(random.normal(size=len(signal) + 1)) / np.sqrt(2)
    # A running sum may come out just below zero in silence.
    envelope = np.sqrt(np.maximum(uniform_filter1d(signal**2, FRAME), 0.0))
    level_db = -27.0 + clip.speaker.offsets["breath"] + 8.0 * clip.z["breath"]
    breath: Signal = noise * envelope * _ratio(level_db)

    return breath


def _active_level(signal: Signal) -> float:
    """Return the level of the loud parts: root of the 90th percentile of 20 ms powers."""
    frames = signal[: len(signal) // FRAME * FRAME].reshape(-1, FRAME)
    return float(np.sqrt(np.percentile(np.mean(frames**2, axis=1), 90)))


def _knots(time: Signal) -> int:
    return int(time[-1] * WANDER_HZ) + 2


def _wander(knots: Signal, time: Signal) -> Signal:
    return np.interp(time, np.arange(len(knots)) / WANDER_HZ, knots)


def _ratio(decibels: Signal | float) -> Signal:
    return np.power(10.0, np.asarray(decibels) / 20.0)
