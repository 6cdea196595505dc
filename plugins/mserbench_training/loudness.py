"""An encoder whose frames also say whether the clip is loud there, so that a pooling can weigh them
by it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mserbench_training.encoders.base import Encoder
from mserbench_training.pooled import loudness_of

CODE = "1"  # raise it whenever the last number of a frame changes


class WithLoudness:
    """The frames of an encoder with one number more: 1 within `decibels` of the clip's loudest
    frame, else 0.

    Averaged over neighbouring frames it is the share of them that is loud: a mean weighted by it is
    the mean over loud frames.
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
        """Return float32 of shape (n_layers, n_frames, dim) for each waveform, float32,
        (n_samples,), 16 kHz mono.
        """
        found = self.encoder.frames(waveforms, layers)
        return [self._told(one, waveform) for one, waveform in zip(found, waveforms, strict=True)]

    def _told(
        self, frames: NDArray[np.float32], waveform: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        level = loudness_of(waveform, frames.shape[1], self.frame_seconds)
        loud = (level >= level.max() - self.decibels).astype(np.float32)
        return np.concatenate(
            [frames, np.broadcast_to(loud[:, None], (*frames.shape[:2], 1))], axis=2
        )
