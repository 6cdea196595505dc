"""What the connector hears of clips: frames of the frozen encoder, computed once; cropped and masked in training."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mserbench.contracts import Clip
from mserbench.model import TrainingItem
from mserbench_mser_llm.connector import Connector
from mserbench_mser_llm.settings import Settings
from mserbench_training.augment import generator, mask_frames
from mserbench_training.bar import counting
from mserbench_training.encoders.base import padded
from mserbench_training.frames import Frames, statistics


class Feeder:
    """Frames (n_clips, n_layers, n_frames, dim), float32, and the mask of true ones."""

    def __init__(self, frames: Frames, settings: Settings) -> None:
        self.frames, self.settings = frames, settings
        self._frame_seconds = frames.encoder.frame_seconds * frames.reduce

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> tuple[Tensor, Tensor]:
        """Return frames and mask; the same clip and epoch always give the same. `epoch` None: the clips as they are.

        In an epoch, those of a drawn copy of each, a random stretch, parts hidden.
        """
        if epoch is None:
            found = [one.astype(np.float32) for one in self.frames.of(clips)]
        else:
            draws = [generator(self.settings.seed, clip.key, epoch) for clip in clips]
            copies = [_number(draw, self.settings.copies + 1) for draw in draws]
            read = self.frames.of(clips, copies)
            found = [self._varied(one.astype(np.float32), draw) for one, draw in zip(read, draws, strict=True)]
        frames, mask = padded(found)
        return torch.from_numpy(frames), torch.from_numpy(mask)

    def fill(self, clips: Iterable[Clip], copies: int = 0) -> None:
        """Compute the frames that are not kept yet, of each copy of each clip, with a bar."""
        with counting("frames") as progress:
            self.frames.fill(clips, range(copies + 1), progress)

    def _varied(self, frames: NDArray[np.float32], draw: torch.Generator) -> NDArray[np.float32]:
        n = max(1, round(self.settings.crop_seconds / self._frame_seconds))
        start = _number(draw, frames.shape[1] - n + 1) if frames.shape[1] > n else 0
        stretch = frames[:, start : start + n]
        longest = round(self.settings.mask_seconds / self._frame_seconds)
        if not (self.settings.mask_width or longest):
            return stretch
        return mask_frames(torch.from_numpy(stretch), draw, self.settings.mask_width, longest).numpy()


def fill_for_training(feeder: Feeder, items: Sequence[TrainingItem], held_out: Sequence[TrainingItem]) -> None:
    """Compute the frames of all clips once; several processes share the work."""
    rank, n_processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    feeder.fill([item.clip for item in items][rank::n_processes], feeder.settings.copies)
    feeder.fill([item.clip for item in held_out][rank::n_processes])


def standardise(connector: Connector, feeder: Feeder, items: Sequence[TrainingItem]) -> None:
    """Let the connector standardise frames by their mean and deviation over the training clips."""
    centre, spread = statistics(feeder.frames, [item.clip for item in items])
    connector.mix.centre.copy_(torch.from_numpy(centre))
    connector.mix.spread.copy_(torch.from_numpy(spread))


def _number(draw: torch.Generator, n: int) -> int:
    return int(torch.randint(n, (), generator=draw))
