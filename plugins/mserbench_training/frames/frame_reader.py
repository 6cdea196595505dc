"""What a network hears of clips: frames of a frozen encoder in batches, varied in training."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mserbench.contracts import Clip
from mserbench.engine.processes import place
from mserbench.model import TrainingItem
from mserbench.report.progress import counting
from mserbench_training.encoders.base import padded
from mserbench_training.frames.augment import drawn_number, generator, mask_frames
from mserbench_training.frames.computed import Frames
from mserbench_training.frames.move import Move

HOLD = 2**30  # bytes of frames that a training keeps in memory: 1 GiB
_TOGETHER = 64  # clips whose frames are read at once, where only their means are kept


class VaryingSettings(Protocol):
    """The settings of a model that say how a clip varies in training."""

    @property
    def seed(self) -> int:
        """Of all random numbers."""

    @property
    def copies(self) -> int:
        """Augmented copies of a clip that take turns with it."""

    @property
    def crop_seconds(self) -> float:
        """A random stretch of a clip."""

    @property
    def mask_width(self) -> int:
        """The widest band of a frame that is hidden."""

    @property
    def mask_seconds(self) -> float:
        """The longest stretch that is hidden."""


class FrameReader:
    """Frames (n_clips, n_layers, n_frames, dim), float32, and their mask.

    In a training, frames once read stay in memory up to `hold` bytes; what comes after that is read
    from disk each time, so that memory does not grow with the corpus beyond the bound. Scoring
    reads each clip once and holds none. `unmaskable` is how many numbers at the end of a frame say
    something of the frame itself, as its loudness, and must never be hidden.

    What is kept on disk and in memory are frames as the encoder gives them; a clip is moved onto
    the sources when it is heard: by `own_moves`, by the key of a training clip, else by `move`.
    """

    def __init__(
        self, frames: Frames, settings: VaryingSettings, hold: int = 0, unmaskable: int = 0
    ) -> None:
        self.frames, self.settings = frames, settings
        self._frame_seconds = frames.encoder.frame_seconds * frames.reduce
        self.move: Move | None = None
        self.own_moves: Mapping[str, Move] = {}
        self._room, self._unmaskable = hold, unmaskable
        self._held: dict[tuple[str, int], NDArray[np.float16]] = {}

        # Batches are made in one thread while held-out clips are scored in another.
        self._lock = threading.Lock()

    def batch(self, clips: Sequence[Clip], epoch: int | None) -> tuple[Tensor, Tensor]:
        """Return frames and mask; the same clip and epoch always give the same.

        In an epoch, those of a drawn copy of each clip, a random stretch of it, parts hidden.
        `epoch` None: the clips as they are.
        """
        if epoch is None:
            frames, mask = padded(self.moved(clips))
        else:
            # A generator a clip, not one a batch: what a clip becomes must not depend on the clips
            # beside it, nor on how many processes share the batch.
            draws = [generator(self.settings.seed, clip.key, epoch) for clip in clips]
            copies = [drawn_number(draw, self.settings.copies + 1) for draw in draws]
            read = self.moved(clips, copies)
            frames, mask = padded(
                [
                    self._varied(clip_frames, draw)
                    for clip_frames, draw in zip(read, draws, strict=True)
                ]
            )

        return torch.from_numpy(frames), torch.from_numpy(mask)

    def fill(self, clips: Iterable[Clip], copies: int = 0) -> None:
        """Compute the frames that are not kept yet, of each copy of each clip, with a bar."""
        with counting("frames of clips") as progress:
            self.frames.fill(clips, range(copies + 1), progress)

    def fill_for_training(
        self, items: Sequence[TrainingItem], held_out: Sequence[TrainingItem]
    ) -> None:
        """Compute the frames of all clips once; several processes share the work."""
        share = place()
        self.fill([item.clip for item in items][share.number :: share.count], self.settings.copies)
        self.fill([item.clip for item in held_out][share.number :: share.count])

    def read(
        self, clips: Sequence[Clip], copies: Sequence[int] | None = None
    ) -> Sequence[NDArray[np.floating]]:
        """Return float16, (n_layers, n_frames, dim), of each clip, from memory where it is held."""
        copies = copies or [0] * len(clips)
        keys = [(clip.key, copy) for clip, copy in zip(clips, copies, strict=True)]
        missing = [i for i, key in enumerate(keys) if key not in self._held]
        if not missing:
            return [self._held[key] for key in keys]

        read = self.frames.of([clips[i] for i in missing], [copies[i] for i in missing])
        new = {keys[i]: array for i, array in zip(missing, read, strict=True)}

        # Reading is done outside of the lock, so that one thread never waits for another's disk.
        with self._lock:
            self._hold(new)
            return [new[key] if key in new else self._held[key] for key in keys]

    def moved(
        self, clips: Sequence[Clip], copies: Sequence[int] | None = None
    ) -> list[NDArray[np.floating]]:
        """Return what `read` gives, moved onto the sources where there is a move: then float32."""
        moves = [self.own_moves.get(clip.key, self.move) for clip in clips]
        return [
            frames if move is None else self._moved(frames, move)
            for frames, move in zip(self.read(clips, copies), moves, strict=True)
        ]

    def vectors(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """Return where clips lie, as they are, before any move: float64, (n_clips, n_layers, 1,
        dim), the mean over the frames of each.
        """
        # A few at a time: of frames, unlike their means, a corpus may be larger than the memory.
        parts = [clips[start : start + _TOGETHER] for start in range(0, len(clips), _TOGETHER)]
        return np.stack([self._vector(frames) for part in parts for frames in self.read(part)])

    def _vector(self, frames: NDArray[np.floating]) -> NDArray[np.float64]:
        dim = frames.shape[2] - self._unmaskable
        mean: NDArray[np.float64] = frames[..., :dim].astype(np.float64).mean(axis=1, keepdims=True)
        return mean

    def _moved(self, frames: NDArray[np.floating], move: Move) -> NDArray[np.float32]:
        dim = frames.shape[2] - self._unmaskable
        moved = move.apply(frames[..., :dim])
        if not self._unmaskable:
            return moved
        return np.concatenate([moved, frames[..., dim:].astype(np.float32)], axis=2)

    def _hold(self, new: Mapping[tuple[str, int], NDArray[np.float16]]) -> None:
        for key, array in new.items():
            if key not in self._held and array.nbytes <= self._room:
                self._held[key] = array
                self._room -= array.nbytes

    def _varied(self, frames: NDArray[np.floating], draw: torch.Generator) -> NDArray[np.floating]:
        # The order of the draws is part of what a seed means: the place first, then the masks.
        n = max(1, round(self.settings.crop_seconds / self._frame_seconds))
        start = drawn_number(draw, frames.shape[1] - n + 1) if frames.shape[1] > n else 0
        stretch: NDArray[np.floating] = frames[:, start : start + n]
        longest = round(self.settings.mask_seconds / self._frame_seconds)

        if not (self.settings.mask_width or longest):
            return stretch

        stretch = stretch.astype(np.float32)
        maskable = stretch.shape[2] - self._unmaskable
        masked = mask_frames(
            torch.from_numpy(stretch[..., :maskable]), draw, self.settings.mask_width, longest
        )

        return np.concatenate([masked.numpy(), stretch[..., maskable:]], axis=2)
