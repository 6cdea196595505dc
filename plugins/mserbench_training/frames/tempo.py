"""Copies of clips at another tempo, the pitch kept: as slow and as fast as people speak."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mserbench.stress.timing import at_tempo
from mserbench_training.frames.augment import generator

CODE = "1"  # raise it whenever copies change


@dataclass(frozen=True)
class AnyTempo:
    """Each copy of a clip at a tempo drawn for it, evenly on the scale of ratios.

    `slowest`, `fastest`: times the clip's own tempo.
    """

    slowest: float = 0.6
    fastest: float = 1.6

    @property
    def name(self) -> str:
        """What tells its copies from those of another augmenter."""
        return f"tempo{self.slowest:g}-{self.fastest:g}-{CODE}"

    def apply(self, waveform: NDArray[np.float32], key: str, copy: int) -> NDArray[np.float32]:
        """Return the copy numbered `copy` of the clip with this key: float32, (n_samples,).

        Copy 0 is the clip itself. Raises UsageError where python-stretch is not installed.
        """
        if copy == 0:
            return waveform

        drawn = float(torch.rand(1, generator=generator("tempo", key, copy)))
        factor = self.slowest * math.exp(drawn * math.log(self.fastest / self.slowest))
        return at_tempo(waveform.astype(np.float64), factor).astype(np.float32)
