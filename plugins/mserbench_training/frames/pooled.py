"""One vector a clip from the frames of an encoder: means, means over loud frames, deviations."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import UsageError
from mserbench.features import FeatureSet
from mserbench_training.encoders.base import Encoder, check_layers
from mserbench_training.frames import pauses as silence
from mserbench_training.frames.pauses import Pauses

Pooling = Literal["mean", "loud20", "loud36", "std"]

CODE = "1"  # raise it whenever vectors change
_SILENCE = 1e-20  # power; makes silence finite
# How far below the loudest frame the quietest one lies that still counts.
_DECIBELS = {"loud20": 20.0, "loud36": 36.0}


class Augmenter(Protocol):
    """What makes copies of a clip, under a name that tells its copies from all others."""

    @property
    def name(self) -> str:
        """Everything that decides what a copy is."""

    def apply(self, waveform: NDArray[np.float32], key: str, copy: int) -> NDArray[np.float32]:
        """Return the copy numbered `copy` of the clip with this key: float32, (n_samples,)."""


@dataclass(frozen=True)
class Copy:
    """One numbered copy of every clip; its random numbers rest on the clip's samples alone."""

    augmenter: Augmenter
    number: int

    @property
    def name(self) -> str:
        """What tells this copy from others."""
        return f"{self.augmenter.name}-copy{self.number}"

    def of(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the copy of a clip: float32, (n_samples,)."""
        # The samples are the key, as a feature set is given a waveform and never a name.
        key = hashlib.sha256(np.ascontiguousarray(waveform, dtype="<f4").data).hexdigest()
        return self.augmenter.apply(waveform, key, self.number)


def pooled_features(
    encoder: Encoder,
    layers: Sequence[int],
    poolings: Sequence[Pooling],
    copy: Copy | None = None,
    pauses: Pauses = "kept",
) -> FeatureSet:
    """Return the feature set of `poolings` of `layers`: layer by layer, poolings in their order.

    `copy`: which copy of each clip is heard; None is the clip itself. `pauses`: whether the encoder
    hears them, or a clip without them, see `pauses.without_pauses`. The version holds the hash of
    the encoder's weights. All layers come from one pass. Raises UsageError for layers, poolings or
    pauses that do not exist, and for none.
    """
    check_layers(encoder.name, layers, encoder.layers)
    silence.check_pauses(pauses)
    strange = [pooling for pooling in poolings if pooling not in get_args(Pooling)]
    if strange or not poolings:
        raise UsageError(
            f"poolings {list(poolings)} were asked for, but must be one or more of "
            f"{get_args(Pooling)}"
        )

    name = f"{encoder.name}-layer{'.'.join(map(str, layers))}-{'.'.join(poolings)}"
    if copy:
        name += f"-{copy.name}"
    if pauses == "dropped":
        # With the code that drops them: weights of another way to do it are refused by the name.
        name += f"-without-pauses{silence.CODE}"

    compute = partial(
        _compute,
        encoder=encoder,
        layers=tuple(layers),
        poolings=tuple(poolings),
        copy=copy,
        pauses=pauses,
    )

    # No "+": trained weights accept features of another version behind it, but these rest on the
    # encoder's weights, whose hash stands there.
    version = f"{CODE}-{encoder.version.replace('+', '-')}"
    return FeatureSet(name, version, len(layers) * len(poolings) * encoder.dim, compute)


def pool(
    frames: NDArray[np.float32], loudness: NDArray[np.float64], poolings: Sequence[Pooling]
) -> NDArray[np.float64]:
    """Pool frames of shape (n_layers, n_frames, dim): float64, (n_layers * n_poolings * dim,).

    "mean" and "std" (deviation) are over all frames; "loud20" and "loud36" the means over the
    frames within 20 and 36 dB of the loudest, by `loudness`, (n_frames,), in decibels.
    """
    exact = frames.astype(np.float64)  # Sums of thousands of float32 would lose digits.
    vectors = []
    for pooling in poolings:
        heard = (
            exact[:, loudness >= loudness.max() - _DECIBELS[pooling]]
            if pooling in _DECIBELS
            else exact
        )
        vectors.append(heard.std(axis=1) if pooling == "std" else heard.mean(axis=1))

    return np.stack(vectors, axis=1).reshape(-1)


def loudness_of(
    waveform: NDArray[np.float32], n_frames: int, frame_seconds: float
) -> NDArray[np.float64]:
    """Return the level of each frame in decibels of full scale: float64, (n_frames,).

    `waveform`: float32, (n_samples,), 16 kHz. The level of a frame is that of the samples in its
    step; -200 for silence.
    """
    # Encoders round the number of frames in different ways: samples are cut or padded to fit it.
    step = round(frame_seconds * SAMPLE_RATE)
    samples = np.pad(waveform, (0, max(0, n_frames * step - len(waveform))))[: n_frames * step]
    power = np.square(samples.reshape(n_frames, step), dtype=np.float64).mean(axis=1)

    return np.asarray(10 * np.log10(np.maximum(power, _SILENCE)))


def _compute(
    waveform: NDArray[np.float32],
    encoder: Encoder,
    layers: Sequence[int],
    poolings: Sequence[Pooling],
    copy: Copy | None,
    pauses: Pauses,
) -> NDArray[np.float64]:
    waveform = copy.of(waveform) if copy else waveform
    if pauses == "dropped":
        waveform = silence.without_pauses(waveform)

    (frames,) = encoder.frames([waveform], layers)
    return pool(frames, loudness_of(waveform, frames.shape[1], encoder.frame_seconds), poolings)
