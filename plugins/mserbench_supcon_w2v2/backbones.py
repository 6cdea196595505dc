"""From a batch to one vector a clip: an adapted wav2vec 2.0, or a small network on frames of a
frozen encoder.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from mserbench_supcon_w2v2.settings import Pooling
from mserbench_training.encoders.wav2vec import Wav2VecModel

CONVOLUTION_CHANNELS = 128


class LayerMix(nn.Module):
    """A learned average over layers: (..., n_layers, n_frames, dim) to (..., n_frames, dim); equal
    weights at first.

    As SUPERB weighs layers (Yang et al., Interspeech 2021): softmax over one number a layer.
    """

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers)) if n_layers > 1 else None

    def shares(self) -> Tensor:
        """Return the weight of each layer, of sum 1: (n_layers,)."""
        return torch.ones(1) if self.weights is None else self.weights.softmax(dim=0)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the mix."""
        if self.weights is None:
            return hidden.squeeze(-3)
        return sum_over_layers(hidden, self.shares())


def sum_over_layers(hidden: Tensor, scale: Tensor) -> Tensor:
    """Sum layers of (..., n_layers, n_frames, dim), each times its scale: scale is (n_layers,) or
    (n_layers, dim).
    """
    layers = hidden.unbind(dim=-3)
    total = layers[0] * scale[0]
    for layer, factor in zip(layers[1:], scale[1:], strict=True):
        total = torch.addcmul(total, layer, factor)

    return total


def mean_over_frames(frames: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the true frames (Eqs 3-4), of shape (n_clips, n_frames, dim): (n_clips,
    dim).
    """
    weights = mask.unsqueeze(-1).to(frames.dtype)
    return (frames * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


def mean_over_loud(frames: Tensor, mask: Tensor, loud: Tensor) -> Tensor:
    """Return the mean of frames weighted by how loud they are; where none is loud, that over all:
    (n_clips, dim).

    `frames`: (n_clips, n_frames, dim). `loud`: (n_clips, n_frames), the share of each that is loud,
    0 beyond the end.
    """
    # Digital silence has no loudest frame; a division by 0 would give NaN.
    silent = loud.sum(dim=1, keepdim=True) <= 0
    weights = torch.where(silent, mask.to(frames.dtype), loud).unsqueeze(-1)
    return (frames * weights).sum(dim=1) / weights.sum(dim=1)


class Bottleneck(nn.Module):
    """x + W_up ReLU(W_down x); the first output is x itself, as W_up begins with zeros."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(dim, width), nn.Linear(width, dim)
        # So training starts from what the frozen encoder says, not from noise on top of it.
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return x with what the bottleneck adds: (..., dim)."""
        return x + self.up(F.relu(self.down(x)))  # type: ignore[no-any-return]


class Convolutions(nn.Module):
    """Three convolutions over time, each halving the frames but the first: (n_clips, n_frames, dim)
    to 128 channels.

    Frames beyond a clip's end are set to zero before each, so that a clip's vector does not depend
    on its padding.
    """

    def __init__(self, dim: int, channels: int = CONVOLUTION_CHANNELS) -> None:
        super().__init__()
        sizes, strides = (dim, channels, channels, channels), (1, 2, 2)
        self.layers = nn.ModuleList(
            nn.Conv1d(sizes[i], sizes[i + 1], 5, strides[i], padding=2) for i in range(len(strides))
        )
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in strides)
        self.stride = math.prod(strides)

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the channels (n_clips, fewer frames, channels) and their mask."""
        for layer, norm in zip(self.layers, self.norms, strict=True):
            stepped = layer((frames * mask.unsqueeze(-1)).transpose(1, 2)).transpose(1, 2)
            frames, mask = F.relu(norm(stepped)), mask[:, :: layer.stride[0]]  # type: ignore[index]

        return frames, mask


class FrameBackbone(nn.Module):
    """Frames of a frozen encoder, standardised by the sources, mixed over layers, adapted, and
    pooled.

    `centre` and `spread`: float32, (n_layers, dim), of the training clips; buffers, saved with the
    weights. With a pooling of loud frames the last number of each frame is the share of it that is
    loud, and no part of `dim`.
    """

    def __init__(
        self, n_layers: int, dim: int, adaptation: str, width: int, pooling: Pooling = "mean"
    ) -> None:
        super().__init__()
        self.centre: Tensor
        self.spread: Tensor
        self.register_buffer("centre", torch.zeros(n_layers, dim))
        self.register_buffer("spread", torch.ones(n_layers, dim))
        self.mix = LayerMix(n_layers)
        self.adapter = Bottleneck(dim, width) if adaptation == "adapter" else None
        self.convolutions = Convolutions(dim) if adaptation == "convolution" else None
        self.pooling = pooling
        pooled = CONVOLUTION_CHANNELS if adaptation == "convolution" else dim
        self.dim = pooled * (2 if pooling == "mean+loud" else 1)
        self.clip_adapter = Bottleneck(pooled, width) if adaptation == "clip" else None

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """Return one vector a clip from frames (n_clips, n_layers, n_frames, dim) and the mask of
        true ones.
        """
        loud = None
        if self.pooling != "mean":
            frames, loud = frames[..., :-1], frames[:, 0, :, -1]

        # The mix of standardised layers, without making those: memory, not arithmetic, is what this
        # costs.
        scale = self.mix.shares().to(self.spread.device)[:, None] / self.spread
        mixed = sum_over_layers(frames, scale) - (scale * self.centre).sum(dim=0)
        if self.adapter is not None:
            mixed = self.adapter(mixed)

        if self.convolutions is not None:
            mixed, mask = self.convolutions(mixed, mask)
            loud = None if loud is None else loud[:, :: self.convolutions.stride]

        parts = self._parts(mixed, mask, loud)
        if self.clip_adapter is not None:  # one for all poolings
            parts = [self.clip_adapter(part) for part in parts]

        return torch.cat(parts, dim=1)

    def _parts(self, frames: Tensor, mask: Tensor, loud: Tensor | None) -> list[Tensor]:
        """Return the mean over frames, that over loud ones, or both, as the pooling says: (n_clips,
        dim) each.
        """
        means = [mean_over_frames(frames, mask)] if "mean" in self.pooling else []
        return means if loud is None else [*means, mean_over_loud(frames, mask, loud)]


class WaveBackbone(nn.Module):
    """A wav2vec 2.0 model with trainable parts inside, or none, its layers mixed and its true
    frames averaged.
    """

    def __init__(self, model: Wav2VecModel, layers: Sequence[int]) -> None:
        super().__init__()
        self.model = model
        self.chosen = tuple(layers)
        self.mix = LayerMix(len(self.chosen))
        self.dim = model.dim

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return one vector a clip from inputs of `Wav2VecModel.input`, of any lengths: (n_clips,
        dim).
        """
        vectors: dict[int, Tensor] = {}
        # Of equal length each, where zeros may not pad: group norm would hear them.
        for group in self.model.groups([len(waveform) for waveform in inputs]):
            hidden, mask = self.model([inputs[i] for i in group], self.chosen)
            pooled: Any = mean_over_frames(self.mix(hidden), mask)
            vectors.update(zip(group, pooled, strict=True))

        return torch.stack([vectors[i] for i in range(len(inputs))])
