"""Source clips for translators: voiced noise of a length, as `SourceClip`."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.translator import SourceClip


def sound(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """Return a buzz that rises and falls: float32, 16 kHz."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 120 + 20 * seed + 30 * np.sin(2 * np.pi * 2 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    tones = sum(np.sin(number * phase) / number for number in range(1, 8))
    noise = np.random.default_rng(seed).normal(0, 0.01, len(times))

    return np.asarray(0.1 * np.hanning(len(times)) * tones + noise, dtype=np.float32)


def source(
    waveform: NDArray[np.float32],
    name: str = "1",
    text: str | None = "Dogs are sitting by the door.",
) -> SourceClip:
    digest = hashlib.sha256(waveform.tobytes() + name.encode()).hexdigest()
    clip = Clip(digest, digest[::-1], len(waveform) / SAMPLE_RATE, lambda: waveform)
    return SourceClip(f"corpus:{name}", clip, text, "happy", "en", "speaker")
