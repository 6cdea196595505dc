"""An encoder whose frames also say whether the clip is loud there, for poolings to weigh by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mserbench_training.encoders.base import Encoder
from mserbench_training.frames.pooled import loudness_of

CODE = "1"  # raise it whenever the last number of a frame changes


class WithLoudness:
    """The frames of an encoder with one number more: 1 where the clip is loud, else 0.

    Loud is within `decibels` of the clip's loudest frame. Averaged over neighbouring frames, the
    number is the share of them that is loud: a mean weighted by it is the mean over loud frames.
    """

    def __init__(self, encoder: Encoder, decibels: float) -> None:
        self.encoder, self.decibels = encoder, decibels
        self.name = f"{encoder.name}-loud{decibels:g}.{CODE}"
        self.version = encoder.version
        self.dim = encoder.dim + 1
        self.layers = encoder.layers
        self.frame_seconds = encoder.frame_seconds

    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return float32, (n_layers, n_frames, dim), for each waveform.

        `waveforms`: float32, (n_samples,), 16 kHz mono.
        """
        frames = self.encoder.frames(waveforms, layers)
        return [
            self._with_loud(array, waveform)
            for array, waveform in zip(frames, waveforms, strict=True)
        ]

    def _with_loud(
        self, frames: NDArray[np.float32], waveform: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        level = loudness_of(waveform, frames.shape[1], self.frame_seconds)
        loud = (level >= level.max() - self.decibels).astype(np.float32)
        return np.concatenate(
            [frames, np.broadcast_to(loud[:, None], (*frames.shape[:2], 1))], axis=2
        )
