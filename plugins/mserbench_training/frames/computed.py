"""The frames of clips, and of augmented copies of them, from a frozen encoder: computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.engine.ahead import ahead
from mserbench.engine.cores import available_cores
from mserbench.errors import ModelError
from mserbench_training.encoders.base import Encoder, check_layers
from mserbench_training.frames.augment import Augmentation
from mserbench_training.frames.frame_cache import FrameCache
from mserbench_training.resources.threads import one_thread_each

Progress = Callable[[int, int], None]  # clips done, clips in all
_CHUNK = 8  # clips between two writes: a killed process loses a few such chunks at most


class Frames:
    """Reads frames (n_layers, n_frames, dim) of clips; computes and keeps those not in its cache.

    `reduce` neighbouring frames are averaged into one before they are kept (a last group may be
    smaller): the mean over a clip is nearly what it was, disk and time go down. Values are rounded
    to float16 before they are first returned, so that a first reading equals all later ones.
    `longest` seconds of a clip are heard, from its beginning.
    """

    def __init__(
        self,
        encoder: Encoder,
        layers: Sequence[int],
        reduce: int = 1,
        longest: float = 30.0,
        augmentation: Augmentation | None = None,
        device: str = "cpu",
    ) -> None:
        check_layers(encoder.name, layers, encoder.layers)
        self.encoder, self.layers, self.reduce = encoder, tuple(layers), reduce
        self.augmentation = augmentation
        self._device = device
        self._longest = round(longest * SAMPLE_RATE)
        # All that decides what is kept, beside the clip and its copy, which stand in the key.
        settings = f"layers{'.'.join(map(str, self.layers))}-reduce{reduce}-longest{longest:g}"
        self.cache = FrameCache(f"{encoder.name}-{settings}", encoder.version)

    def of(
        self, clips: Sequence[Clip], copies: Sequence[int] | None = None
    ) -> list[NDArray[np.float16]]:
        """Return the frames of clips: float16, (n_layers, n_frames, dim) each, read or computed.

        `copies` numbers the augmented copy of each clip; 0, as without it, is the clip itself.
        Raises ModelError for frames that are not finite, and what decoding raises.
        """
        pairs = list(zip(clips, copies or [0] * len(clips), strict=True))
        keys = [self._key(*pair) for pair in pairs]
        pair_of = dict(zip(keys, pairs, strict=True))
        cached = self.cache.get_many(keys)
        computed = self._compute({key: pair for key, pair in pair_of.items() if key not in cached})
        self.cache.put_many(computed)

        return [cached[key] if key in cached else computed[key] for key in keys]

    def fill(
        self, clips: Iterable[Clip], copies: Sequence[int] = (0,), progress: Progress | None = None
    ) -> None:
        """Compute what is missing, a few clips in memory at once, so that training only reads."""
        pair_of = {self._key(clip, copy): (clip, copy) for clip in clips for copy in copies}
        cached = self.cache.known(list(pair_of))

        # The longest first, so that clips of like length stand together.
        missing = sorted(pair_of.keys() - cached, key=lambda key: (-pair_of[key][0].seconds, key))
        done = len(pair_of) - len(missing)
        # A GPU takes one large part at a time.
        together = _CHUNK if self._device == "cpu" else _CHUNK * available_cores()
        parts = (
            {key: pair_of[key] for key in missing[start : start + together]}
            for start in range(0, len(missing), together)
        )

        # On the CPU each core has a thread and clips of its own, which is four times as fast as all
        # cores at the same clips.
        workers = available_cores() if self._device == "cpu" else 1
        with (
            one_thread_each() if workers > 1 else nullcontext(),
            # Only a few parts ahead: a slow disk must not let the memory fill.
            closing(ahead(self._compute, parts, depth=workers + 1, workers=workers)) as computing,
        ):
            # Written by this thread alone, as parts become ready.
            for computed in computing:
                self.cache.put_many(computed)
                done += len(computed)
                if progress:
                    progress(done, len(pair_of))

    def _key(self, clip: Clip, copy: int) -> str:
        if copy == 0:
            return clip.key
        if self.augmentation is None:
            raise ValueError(f"copy {copy} was asked for, but there is no augmentation")
        return f"{clip.key}-{copy}-{self.augmentation.name}"

    def _compute(self, pair_of: Mapping[str, tuple[Clip, int]]) -> dict[str, NDArray[np.float16]]:
        if not pair_of:
            return {}

        waveforms = [self._waveform(*pair) for pair in pair_of.values()]
        computed = {}
        for (key, (clip, _)), frames in zip(
            pair_of.items(), self.encoder.frames(waveforms, self.layers), strict=True
        ):
            with np.errstate(over="ignore"):  # What overflows is refused below, with its clip.
                computed[key] = averaged(frames, self.reduce).astype(np.float16)

            if not np.isfinite(computed[key]).all():
                raise ModelError(
                    f"encoder {self.encoder.name!r} gave numbers that are not finite, or not in "
                    f"float16, for the clip of {clip.seconds:.3f} s with key {clip.key!r}: choose "
                    "other layers"
                )

        return computed

    def _waveform(self, clip: Clip, copy: int) -> NDArray[np.float32]:
        # Not clip.waveform: that would keep the samples for as long as the clip lives.
        waveform = clip.load()[: self._longest]
        return (
            self.augmentation.apply(waveform, clip.key, copy)
            if self.augmentation and copy
            else waveform
        )


def averaged(frames: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Average `n` neighbouring frames into one, the last group maybe of fewer.

    (n_layers, n_frames, dim) becomes float32, (n_layers, ceil(n_frames / n), dim).
    """
    if n == 1:
        return frames

    starts = np.arange(0, frames.shape[1], n)
    counts = np.diff([*starts, frames.shape[1]])
    averages = np.add.reduceat(frames, starts, axis=1) / counts[:, None]

    return np.asarray(averages, dtype=np.float32)


def statistics(
    read: Callable[[Sequence[Clip]], Sequence[NDArray[np.floating]]],
    clips: Sequence[Clip],
    of: Literal["frames", "clips"] = "frames",
    dim: int | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of frames: float32, (n_layers, dim) each.

    `of` "frames": of all frames of all clips; "clips": of the clips' means. 1 stands for no
    deviation. `read` gives the frames of clips, such as `Frames.of`; only the first `dim` numbers
    of a frame count, all if None. Sums are float64 over a stream of clips, so memory holds a few at
    a time.
    """
    count = 0
    total: NDArray[np.float64] = np.zeros(1)
    square: NDArray[np.float64] = np.zeros(1)

    for start in range(0, len(clips), _CHUNK):
        for array in read(clips[start : start + _CHUNK]):
            wide = array[..., :dim].astype(np.float64)
            wide = wide.mean(axis=1, keepdims=True) if of == "clips" else wide
            count += wide.shape[1]
            total = total + wide.sum(axis=1)  # Not in place: the first sum has no shape yet.
            square = square + (wide**2).sum(axis=1)

    # Rounding may leave a variance below 0, and a constant number a tiny one above it.
    mean = total / max(count, 1)
    deviation = np.sqrt(np.maximum(square / max(count, 1) - mean**2, 0.0))
    return mean.astype(np.float32), np.where(deviation > 1e-6, deviation, 1.0).astype(np.float32)
