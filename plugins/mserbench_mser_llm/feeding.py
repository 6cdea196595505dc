"""What the connector hears of clips: frames of the frozen encoder, or two means of them;
standardised by training.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.model import TrainingItem
from mserbench_mser_llm.connector import Connector
from mserbench_training.frames.computed import statistics
from mserbench_training.frames.frame_reader import FrameReader


class PooledReader(FrameReader):
    """Two vectors a clip in place of its frames: the mean over all, and over the loud ones, in this
    order.

    The last number of each frame read is the share of it that is loud, see WithLoudness.
    """

    def read(
        self, clips: Sequence[Clip], copies: Sequence[int] | None = None
    ) -> list[NDArray[np.floating]]:
        """Return both means of clips: float32, (n_layers, 2, dim) each."""
        return [_means(frames) for frames in super().read(clips, copies)]

    def _vector(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        # Each of the two means has a place of its own: pauses move the one and not the other.
        return frames.astype(np.float64)


def _means(frames: NDArray[np.floating]) -> NDArray[np.float32]:
    wide = frames.astype(np.float32)
    heard, loud = wide[..., :-1], wide[0, :, -1]
    weights = loud if loud.sum() > 0 else np.ones_like(loud)  # of silence all frames are as loud

    return np.stack(
        [heard.mean(axis=1), np.einsum("ltd,t->ld", heard, weights / weights.sum())], axis=1
    )


def standardise(connector: Connector, reader: FrameReader, items: Sequence[TrainingItem]) -> None:
    """Let the connector standardise what it hears by mean and deviation over the training clips.

    Of frames: over all of them. Of two means a clip: each by its own, over clips.
    """
    clips = [item.clip for item in items]
    n_views = connector.shape.n_views
    for view in range(n_views):
        read = partial(_one_view, reader, view) if n_views > 1 else reader.moved
        centre, spread = statistics(read, clips)
        connector.mix.centre[:, view].copy_(torch.from_numpy(centre))
        connector.mix.spread[:, view].copy_(torch.from_numpy(spread))


def _one_view(reader: FrameReader, view: int, clips: Sequence[Clip]) -> list[NDArray[np.floating]]:
    return [frames[:, view : view + 1] for frames in reader.moved(clips)]
