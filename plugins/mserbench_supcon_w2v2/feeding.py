"""What the network hears of clips: frames of a frozen encoder, or waveforms; cropped and augmented in training only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.index import available_cores
from mserbench_supcon_w2v2.settings import Settings
from mserbench_training.augment import Augmentation, crop, generator, mask_frames
from mserbench_training.encoders.base import padded
from mserbench_training.encoders.wav2vec import Wav2VecModel
from mserbench_training.frames import Frames

Heard = tuple[Tensor | None, Tensor | None, tuple[Tensor, ...]]  # frames and mask, or inputs


class Feeder(Protocol):
    """Turns clips into what the network hears; `epoch` None is scoring: the clip itself, from its beginning."""

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Return frames and mask, or inputs, of clips; the same clip and epoch always give the same."""


class FrameFeeder:
    """Frames (n_clips, n_layers, n_frames, dim), float32, and their mask."""

    def __init__(self, frames: Frames, settings: Settings) -> None:
        self.frames, self.settings = frames, settings
        self._frame_seconds = frames.encoder.frame_seconds * frames.reduce

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Read the frames; in training those of a drawn copy, a random stretch of it, parts hidden."""
        if epoch is None:
            found = [one.astype(np.float32) for one in self.frames.of(clips)]
        else:
            draws = [generator(self.settings.seed, clip.key, epoch) for clip in clips]
            copies = [_number(draw, self.settings.copies + 1) for draw in draws]
            read = self.frames.of(clips, copies)
            found = [self._varied(one.astype(np.float32), draw) for one, draw in zip(read, draws, strict=True)]
        frames, mask = padded(found)
        return torch.from_numpy(frames), torch.from_numpy(mask), ()

    def _varied(self, frames: NDArray[np.float32], draw: torch.Generator) -> NDArray[np.float32]:
        n = max(1, round(self.settings.crop_seconds / self._frame_seconds))
        start = _number(draw, frames.shape[1] - n + 1) if frames.shape[1] > n else 0
        stretch = frames[:, start : start + n]
        longest = round(self.settings.mask_seconds / self._frame_seconds)
        if not (self.settings.mask_width or longest):
            return stretch
        return mask_frames(torch.from_numpy(stretch), draw, self.settings.mask_width, longest).numpy()


class WaveFeeder:
    """Inputs of a wav2vec 2.0 model: float32, (n_samples,) each."""

    def __init__(self, model: Wav2VecModel, settings: Settings, augmentation: Augmentation | None = None) -> None:
        self.model, self.settings, self.augmentation = model, settings, augmentation

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Decode the clips; in training a drawn copy of each, a random stretch, cut to a multiple of `length_step`."""
        with ThreadPoolExecutor(max_workers=available_cores()) as pool:
            return None, None, tuple(pool.map(lambda clip: self._input(clip, epoch), clips))

    def _input(self, clip: Clip, epoch: int | None) -> Tensor:
        waveform = clip.load()
        if epoch is None:
            return self.model.input(crop(waveform, self.settings.longest_seconds, None))
        draw = generator(self.settings.seed, clip.key, epoch)
        copy = _number(draw, self.settings.copies + 1)
        if self.augmentation is not None:
            waveform = self.augmentation.apply(waveform, clip.key, copy)
        seconds = min(self.settings.crop_seconds, len(waveform) / SAMPLE_RATE)
        step = self.settings.length_step
        return self.model.input(crop(waveform, max(1, int(seconds / step)) * step, draw))


def digest(items: Sequence[object]) -> str:
    """SHA-256 (hex) over the text of some things, in order."""
    return hashlib.sha256("\n".join(map(repr, items)).encode()).hexdigest()


def _number(draw: torch.Generator, n: int) -> int:
    return int(torch.randint(n, (), generator=draw))
