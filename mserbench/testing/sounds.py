"""Synthetic recordings for the checks of models: six ordinary ones, and the extremes that real data
hold.
"""

from __future__ import annotations

import functools
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE, Clip

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS = (0.3, 0.5, 0.8, 1.3, 2.1, 6.0)  # unequal, so that most of a padded batch is padding
EXTREMES = ("one sample", "0.05 s", "silence", "full scale", "40 s")


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording before it is a clip: `waveform` float32, shape (n_samples,), 16 kHz mono, in [-1,
    1].
    """

    waveform: NDArray[np.float32]
    seed: str
    group: int


def sound(waveform: NDArray[np.floating], name: str, group: int = 0) -> Sound:
    """Make a sound of samples in [-1, 1]; `name` decides the seed that a model sees."""
    return Sound(waveform.astype(np.float32), hashlib.sha256(name.encode()).hexdigest(), group)


@functools.cache
def ordinary() -> tuple[Sound, ...]:
    """Return six sounds with pitch, overtones, rhythm and noise, of 0.3 to 6 s, of two speakers in
    turn.
    """
    return tuple(
        sound(_babble(i, seconds), f"sound {i}", i % 2) for i, seconds in enumerate(SECONDS)
    )


@functools.cache
def extremes() -> dict[str, Sound]:
    """Return the sounds that break models, by what is odd about them."""
    square = np.sign(np.sin(2 * np.pi * 200 * _time(1.0)))
    waveforms = {
        "one sample": np.full(1, 0.1),
        "0.05 s": _babble(7, 0.05),
        "silence": np.zeros(SAMPLE_RATE),
        # The sine is 0 at some samples, and its sign there too.
        "full scale": np.where(square == 0, 1.0, square),
        "40 s": _babble(8, 40.0),
    }

    return {name: sound(waveforms[name], name) for name in EXTREMES}


def clips(sounds: Sequence[Sound], grouped: bool) -> list[Clip]:
    """Return new clips of sounds; with speaker groups if `grouped`.

    The keys are new in each call, so that a feature cache cannot hide that the same audio gives
    other features.
    """
    nonce = uuid.uuid4().bytes
    return [
        Clip(
            key=hashlib.sha256(nonce + recording.waveform.tobytes()).hexdigest(),
            seed=recording.seed,
            seconds=len(recording.waveform) / SAMPLE_RATE,
            load=recording.waveform.copy,
            group=recording.group if grouped else None,
        )
        for recording in sounds
    ]


def _babble(seed: int, seconds: float) -> NDArray[np.floating]:
    random = np.random.default_rng(seed)
    time = _time(seconds)
    # Like speech: a pitch that moves, overtones, a rhythm of syllables, some noise.
    pitch = random.uniform(90, 250) * (1 + 0.1 * np.sin(2 * np.pi * random.uniform(1, 3) * time))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 9))
    rhythm = 0.55 + 0.45 * np.sin(2 * np.pi * random.uniform(2, 6) * time)
    mixed = voice * rhythm + 0.05 * random.standard_normal(len(time))

    return np.asarray(random.uniform(0.1, 0.6) * mixed / np.abs(mixed).max())


def _time(seconds: float) -> NDArray[np.floating]:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
