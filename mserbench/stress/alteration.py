"""What an alteration of clips is, and how each of them is held to the same promises."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEVERITIES = (1, 2, 3)

# Samples in, severity and a generator of random numbers; samples out, of any length but none.
Change = Callable[["NDArray[np.float64]", int, np.random.Generator], "NDArray[np.float64]"]

# Seconds before, severity and a generator in the same state; seconds after.
Lasting = Callable[[float, int, np.random.Generator], float]


def _unchanged(seconds: float, severity: int, random: np.random.Generator) -> float:
    return seconds


@dataclass(frozen=True)
class Alteration:
    """Something that happens to recordings, at three severities, and that leaves the label as it
    was.

    `severities`: what is done at 1, 2 and 3, in words with units; `why`: why it does not change
    what an emotion label means; `limits`: where that ends. `version` changes whenever altered
    samples do.
    """

    name: str
    title: str
    severities: tuple[str, str, str]
    why: str
    limits: str
    change: Change = field(repr=False, compare=False)
    lasting: Lasting = field(default=_unchanged, repr=False, compare=False)
    version: str = "1"

    def apply(self, waveform: NDArray[np.float32], severity: int, key: str) -> NDArray[np.float32]:
        """Return the altered samples of a clip: float32, (n_samples,), 16 kHz mono, in [-1, 1].

        `waveform` is as a clip has it, and stays as it is; `severity` 1, 2 or 3; `key` names the
        clip, as its audio key does: the same three give the same samples in every process. Peaks
        above 1 scale the whole clip down, as clipping would be another alteration. Raises
        ValueError for another severity, and UsageError where the installed library cannot do it.
        """
        if severity not in SEVERITIES:
            raise ValueError(f"severity is {severity!r}, but must be 1, 2 or 3")
        if not len(waveform):
            return np.zeros(0, dtype=np.float32)

        samples = np.asarray(waveform, dtype=np.float64)
        altered = self.change(samples, severity, self._random(severity, key))
        peak = float(np.abs(altered).max())
        return (altered / max(1.0, peak)).astype(np.float32)

    def seconds(self, seconds: float, severity: int, key: str) -> float:
        """Return how long a clip of so many seconds is once it is altered, to a few samples.

        Known without the samples, as batches are planned before any audio is read.
        """
        return self.lasting(seconds, severity, self._random(severity, key))

    def _random(self, severity: int, key: str) -> np.random.Generator:
        return np.random.default_rng(_seed(key, self.name, severity))


def _seed(key: str, name: str, severity: int) -> int:
    """Return a seed that differs for each clip, alteration and severity, the same everywhere."""
    return int.from_bytes(hashlib.sha256(f"{key} {name} {severity}".encode()).digest()[:16])
