"""The network of supcon-w2v2: a backbone, a linear emotion head, and a speaker classifier behind
gradient reversal.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mserbench_supcon_w2v2.backbones import FrameBackbone, WaveBackbone
from mserbench_training.learning.gather import gather, gather_codes
from mserbench_training.learning.losses import cross_entropy, language_aware_contrastive
from mserbench_training.learning.reversal import reverse_gradient, rising_strength


@dataclass(frozen=True)
class Batch:
    """Clips of one process: frames and mask, or inputs of a wave model; and their codes, int64,
    (n_clips,) each.
    """

    frames: Tensor | None
    mask: Tensor | None
    inputs: tuple[Tensor, ...]
    labels: Tensor
    languages: Tensor
    speakers: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(
            None if self.frames is None else self.frames.to(device),
            None if self.mask is None else self.mask.to(device),
            tuple(waveform.to(device) for waveform in self.inputs),
            self.labels.to(device),
            self.languages.to(device),
            self.speakers.to(device),
        )


@dataclass(frozen=True)
class LossOptions:
    """The weights and temperature of the total loss (Eq 12); see Settings."""

    alpha: float = 1.0
    beta: float = 0.3
    cross_language_weight: float = 2.5
    temperature: float = 0.07
    rising: bool = False
    strength: float = 1.0
    label_smoothing: float = 0.0


class Network(nn.Module):
    """One vector h a clip, its emotion logits W h + b, and speaker logits from the
    gradient-reversed h.

    The speaker head (Linear, ReLU, Dropout, Linear) is absent where `n_speakers` is 0.
    """

    def __init__(
        self,
        backbone: FrameBackbone | WaveBackbone,
        n_labels: int,
        n_speakers: int = 0,
        hidden: int = 256,
        speaker_dropout: float = 0.1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.emotion = nn.Linear(backbone.dim, n_labels)
        self.speaker: nn.Module | None = None

        # Without weight in the loss it would learn nothing, and still be written.
        if n_speakers:
            self.speaker = nn.Sequential(
                nn.Linear(backbone.dim, hidden),
                nn.ReLU(),
                nn.Dropout(speaker_dropout),
                nn.Linear(hidden, n_speakers),
            )

    def forward(self, batch: Batch, strength: float = 1.0) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return h (n_clips, dim), emotion logits (n_clips, n_labels) and speaker logits (n_clips,
        n_speakers).

        `strength` is that of the reversal; the speaker logits are None where there is no speaker
        head.
        """
        embedding = self.dropout(self.embed(batch))
        speaker = (
            None if self.speaker is None else self.speaker(reverse_gradient(embedding, strength))
        )
        return embedding, self.emotion(embedding), speaker

    def embed(self, batch: Batch) -> Tensor:
        """Return h: (n_clips, dim)."""
        if isinstance(self.backbone, WaveBackbone):
            return torch.as_tensor(self.backbone(batch.inputs))
        return torch.as_tensor(self.backbone(batch.frames, batch.mask))


def total_loss(
    model: nn.Module,
    batch: Batch,
    options: LossOptions,
    progress: float = 0.0,
    weights: Tensor | None = None,
) -> dict[str, Tensor]:
    """Return emotion, contrastive and speaker loss and `total` = emotion + alpha contrastive + beta
    speaker (Eq 12).

    The outputs of all processes are gathered first, so that every loss sees the global batch.
    `progress` of the training, in [0, 1], decides the strength of a rising reversal. `weights`: one
    a label, or None. A part with weight 0 is not computed.
    """
    strength = options.strength * (rising_strength(progress) if options.rising else 1.0)
    embedding, emotion, speaker = model(batch, strength)
    labels = gather_codes(batch.labels)
    losses = {"emotion": cross_entropy(gather(emotion), labels, weights, options.label_smoothing)}
    total = losses["emotion"]

    if options.alpha > 0:
        losses["contrastive"] = language_aware_contrastive(
            gather(embedding),
            labels,
            gather_codes(batch.languages),
            options.cross_language_weight,
            options.temperature,
        )
        total = total + options.alpha * losses["contrastive"]

    if options.beta > 0 and speaker is not None:
        losses["speaker"] = cross_entropy(gather(speaker), gather_codes(batch.speakers))
        total = total + options.beta * losses["speaker"]

    return {**losses, "total": total}
