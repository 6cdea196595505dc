"""What the network hears of clips: frames of a frozen encoder, or waveforms; cropped and augmented in training only."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.index import available_cores
from mserbench_supcon_w2v2.settings import Settings
from mserbench_training.augment import Augmentation, crop, generator, mask_frames
from mserbench_training.encoders.wav2vec import Wav2VecModel
from mserbench_training.frames import Frames

HOLD = 2**30  # bytes of frames that a training keeps in memory: 1 GiB
_TOGETHER = 32  # clips read at once
Heard = tuple[Tensor | None, Tensor | None, tuple[Tensor, ...]]  # frames and mask, or inputs


class Feeder(Protocol):
    """Turns clips into what the network hears; `epoch` None is scoring: the clip itself, from its beginning."""

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Return frames and mask, or inputs, of clips; the same clip and epoch always give the same."""


class FrameFeeder:
    """Frames (n_clips, n_layers, n_frames, dim), float32, and their mask.

    In a training, frames once read stay in memory up to `hold` bytes; what comes after that is read from disk each
    time, so that memory does not grow with the corpus beyond the bound. Scoring reads each clip once and holds none.
    `told` is how many numbers at the end of a frame tell of it and must never be hidden.
    """

    def __init__(self, frames: Frames, settings: Settings, hold: int = 0, told: int = 0) -> None:
        self.frames, self.settings = frames, settings
        self._frame_seconds = frames.encoder.frame_seconds * frames.reduce
        self._room, self._told = hold, told
        self._held: dict[tuple[str, int], NDArray[np.float16]] = {}
        self._lock = threading.Lock()  # batches are made in a thread while held-out clips are scored in another

    def heard(self, clips: Sequence[Clip], epoch: int | None) -> Heard:
        """Read the frames; in training those of a drawn copy, a random stretch of it, parts hidden."""
        if epoch is None:
            frames, mask = stacked(self.read(clips))
        else:
            draws = [generator(self.settings.seed, clip.key, epoch) for clip in clips]
            copies = [_number(draw, self.settings.copies + 1) for draw in draws]
            read = self.read(clips, copies)
            frames, mask = stacked([self._varied(one, draw) for one, draw in zip(read, draws, strict=True)])
        return torch.from_numpy(frames), torch.from_numpy(mask), ()

    def read(self, clips: Sequence[Clip], copies: Sequence[int] | None = None) -> list[NDArray[np.float16]]:
        """Return the frames of clips, float16, (n_layers, n_frames, dim) each, from memory where they are held."""
        copies = copies or [0] * len(clips)
        keys = [(clip.key, copy) for clip, copy in zip(clips, copies, strict=True)]
        missing = [i for i, key in enumerate(keys) if key not in self._held]
        if not missing:
            return [self._held[key] for key in keys]
        read = self.frames.of([clips[i] for i in missing], [copies[i] for i in missing])
        new = {keys[i]: one for i, one in zip(missing, read, strict=True)}
        with self._lock:
            self._hold(new)
            return [new[key] if key in new else self._held[key] for key in keys]

    def _hold(self, new: Mapping[tuple[str, int], NDArray[np.float16]]) -> None:
        for key, one in new.items():
            if key not in self._held and one.nbytes <= self._room:
                self._held[key] = one
                self._room -= one.nbytes

    def _varied(self, frames: NDArray[np.float16], draw: torch.Generator) -> NDArray[np.floating]:
        n = max(1, round(self.settings.crop_seconds / self._frame_seconds))
        start = _number(draw, frames.shape[1] - n + 1) if frames.shape[1] > n else 0
        stretch: NDArray[np.floating] = frames[:, start : start + n]
        longest = round(self.settings.mask_seconds / self._frame_seconds)
        if not (self.settings.mask_width or longest):
            return stretch
        stretch = stretch.astype(np.float32)
        seen = stretch.shape[2] - self._told
        masked = mask_frames(torch.from_numpy(stretch[..., :seen]), draw, self.settings.mask_width, longest)
        return np.concatenate([masked.numpy(), stretch[..., seen:]], axis=2)


def stacked(frames: Sequence[NDArray[np.floating]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Stack frames of several clips, each (n_layers, n_frames, dim), into one batch, converted on the way.

    Returns float32, (n_clips, n_layers, longest, dim), zero beyond a clip's end, and the mask of true frames: bool,
    (n_clips, longest).
    """
    lengths = np.array([one.shape[1] for one in frames])
    n_layers, _, dim = frames[0].shape
    batch = np.zeros((len(frames), n_layers, int(lengths.max()), dim), np.float32)
    for row, one in zip(batch, frames, strict=True):
        row[:, : one.shape[1]] = one
    return batch, np.arange(batch.shape[2]) < lengths[:, None]


def statistics(
    feeder: FrameFeeder, clips: Sequence[Clip], of: Literal["frames", "clips"], dim: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of all frames of clips, or of the clips' means: float32, (n_layers, dim) each.

    1 stands for no deviation. Only the first `dim` numbers of a frame count. Sums are float64 over a stream of clips,
    so memory holds a few at a time.
    """
    count = 0
    total: NDArray[np.float64] = np.zeros(1)
    square: NDArray[np.float64] = np.zeros(1)
    for start in range(0, len(clips), _TOGETHER):
        for one in feeder.read(clips[start : start + _TOGETHER]):
            wide = one[..., :dim].astype(np.float64)
            wide = wide.mean(axis=1, keepdims=True) if of == "clips" else wide
            count, total, square = count + wide.shape[1], total + wide.sum(axis=1), square + (wide**2).sum(axis=1)
    mean = total / max(count, 1)
    deviation = np.sqrt(np.maximum(square / max(count, 1) - mean**2, 0.0))
    return mean.astype(np.float32), np.where(deviation > 1e-6, deviation, 1.0).astype(np.float32)


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
