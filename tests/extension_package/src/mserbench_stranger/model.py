"""A model of one number: the louder a clip, the likelier `angry`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench import Clip, Model, ModelCard


@dataclass(frozen=True)
class Options:
    """`threshold`: the root mean square, in (0, 1), above which a clip is angry."""

    threshold: float = 0.2


class Loudness(Model):
    """Root mean square against a threshold; trained on nothing."""

    Options = Options

    @property
    def card(self) -> ModelCard:
        """Never saw any emotion label."""
        return ModelCard(
            "stranger-model", "Angry is loud", self.version, "MIT", "", (), exposure_complete=True
        )

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return scores of shape (n_clips, n_labels): the excess for `angry`, its opposite for
        `sad`, else 0.
        """
        excess = [
            np.sqrt(np.mean(clip.waveform.astype(float) ** 2)) - self.options.threshold
            for clip in clips
        ]
        sign = {"angry": 1.0, "sad": -1.0}
        return np.array([[sign.get(label, 0.0) * value for label in labels] for value in excess])
