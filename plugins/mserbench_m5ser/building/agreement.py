"""Whether a model hears in a synthetic clip the emotion that its source was labelled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.labels import CANONICAL
from mserbench.running.judging import Judging, judging
from mserbench_m5ser.building import flac

if TYPE_CHECKING:
    from numpy.typing import NDArray

_made: dict[str, Judging] = {}  # of this worker


@dataclass(frozen=True)
class Judge:
    """A model by its name, and its weights: a name that ships with it, or a folder.

    Its answer counts among the labels that it knows. It hears each clip by itself.
    """

    model: str
    weights: str | None

    @property
    def name(self) -> str:
        """The model and its weights, as they are typed."""
        return f"{self.model},{self.weights}" if self.weights else self.model

    def ready(self) -> Judging:
        """Return the model with its full exposure: what it learnt from has chosen the clips."""
        if self.name not in _made:
            _made[self.name] = judging(self.model, self.weights)
        return _made[self.name]

    def objection(self, samples: NDArray[np.int16], label: str) -> str:
        """Return why a clip of 16 kHz samples is left out, "" where the model agrees."""
        key = flac.key(samples)
        clip = Clip(key, key, len(samples) / SAMPLE_RATE, lambda: flac.floats(samples))
        heard = self.ready().label_of(clip, CANONICAL)

        return "" if heard == label else f"{self.model} hears another emotion"
