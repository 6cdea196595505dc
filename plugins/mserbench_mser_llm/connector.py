"""The modality connector, all that mser-llm trains: layer mix, LayerNorm, Emotion Q-Former,
projection to the LLM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Blip2QFormerConfig, Blip2QFormerModel

from mserbench_mser_llm.layers import LayerMix

# That of LAVIS, SALMONN and SECap. Equal queries, such as zeros, would stay equal for ever.
QUERY_DEVIATION = 0.02


@dataclass(frozen=True)
class Shape:
    """Sizes of a connector: frames of `n_layers` layers and `frame_dim` numbers in, `n_queries` LLM
    inputs out.
    """

    n_layers: int
    frame_dim: int
    llm_dim: int
    n_queries: int = 32
    depth: int = 12
    width: int = 768
    heads: int = 12
    inner: int = 3072
    cross_frequency: int = 2
    contrastive_dim: int = 0  # 0: no head, the mean query is compared
    dropout: float = 0.1
    frame_dropout: float = 0.0
    # Vectors that stand for a clip, each standardised by its own statistics; 1: frames, all by the
    # same.
    n_views: int = 1
    noise: float = 0.0


class Connector(nn.Module):
    """From frames of the frozen speech encoder to inputs of the frozen LLM, and the vector h of the
    contrastive loss.

    `llm_norm` is the mean length of the LLM's token embeddings: audio begins at that length.
    """

    def __init__(self, shape: Shape, llm_norm: float) -> None:
        super().__init__()
        self.shape = shape
        self.mix = LayerMix(shape.n_layers, shape.frame_dim, shape.n_views)
        self.norm = nn.LayerNorm(shape.frame_dim)
        self.queries = nn.Parameter(QUERY_DEVIATION * torch.randn(1, shape.n_queries, shape.width))
        self.qformer: Any = Blip2QFormerModel(_config(shape))
        self.projection = nn.Linear(shape.width, shape.llm_dim)
        self.head = nn.Linear(shape.width, shape.contrastive_dim) if shape.contrastive_dim else None
        self.scale_projection(llm_norm)

    def scale_projection(self, length: float) -> None:
        """Draw the projection anew so that its outputs have the root mean square length `length`.

        Q-Former outputs end in a LayerNorm, so their mean square length is known: that of its gain
        and offset.
        """
        # So that audio begins as long as tokens are, the inputs that the LLM has learnt to read.
        last = self.qformer.encoder.layer[-1].output_query.LayerNorm
        square = float((last.weight.detach() ** 2 + last.bias.detach() ** 2).sum())
        nn.init.normal_(self.projection.weight, std=length / (square * self.shape.llm_dim) ** 0.5)
        nn.init.zeros_(self.projection.bias)

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return h (n_clips, width, or contrastive_dim with a head) and audio (n_clips, n_queries,
        llm_dim).

        `frames`: float32, (n_clips, n_layers, n_frames, frame_dim). `mask`: bool, (n_clips,
        n_frames), True for frames of the clip, at least one; the others have no influence.
        """
        # Noise comes after standardising, so that its deviation means the same for all layers.
        heard = self.norm(self._disturbed(self.mix(frames)))
        outputs = self.qformer(
            query_embeds=self.queries.expand(len(frames), -1, -1),
            encoder_hidden_states=heard,
            encoder_attention_mask=self._kept(mask).long(),
        ).last_hidden_state
        vector = outputs.mean(dim=1)

        return vector if self.head is None else self.head(vector), self.projection(outputs)

    def _disturbed(self, mixed: Tensor) -> Tensor:
        """In training, add normal noise of deviation `noise`."""
        return (
            mixed + self.shape.noise * torch.randn_like(mixed)
            if self.training and self.shape.noise > 0
            else mixed
        )

    def _kept(self, mask: Tensor) -> Tensor:
        """In training, hide each frame with probability `frame_dropout`, but never all of a
        clip.
        """
        if not (self.training and self.shape.frame_dropout > 0):
            return mask

        visible = mask & (torch.rand(mask.shape, device=mask.device) >= self.shape.frame_dropout)
        # The Q-Former has nothing to attend to where all are hidden: such a clip is heard whole.
        return torch.where(visible.any(dim=1, keepdim=True), visible, mask)


def _config(shape: Shape) -> Blip2QFormerConfig:
    return Blip2QFormerConfig(
        hidden_size=shape.width,
        num_hidden_layers=shape.depth,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        cross_attention_frequency=shape.cross_frequency,
        encoder_hidden_size=shape.frame_dim,
        hidden_dropout_prob=shape.dropout,
        attention_probs_dropout_prob=shape.dropout,
    )
