"""What the connector's audio is held against in training: the answer of the frozen LLM, or a
label's soft prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from mserbench_mser_llm.language_model import FrozenLanguageModel, Tokens

# Of the softmax over distances to soft prompts, which are in units of their mean square distance
# from their centre: so it means the same for every LLM.
SHARPNESS = 5.0


class Teacher(Protocol):
    """Says of audio (n_clips, n_queries, llm_dim) and labels how far it is from right."""

    @property
    def name(self) -> str:
        """The name of its loss."""

    def __call__(self, audio: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return summed losses, float32, and over how many tokens each is, int64: (n,) each; n may
        be below n_clips.
        """


@dataclass(frozen=True)
class Decoding:
    """The cross-entropy of the LLM's answer (arXiv 2503.21806, Eq 2), of all clips of a batch or of
    `n_drawn` of them.
    """

    llm: FrozenLanguageModel
    prompt: Tokens
    answers: tuple[Tokens, ...]  # of each label, by its code
    n_drawn: int = 0  # 0: all
    name: str = "decoding"

    def __call__(self, audio: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each clip's answer and its number of tokens."""
        if 0 < self.n_drawn < len(labels):
            # Drawn: a hierarchical batch holds its emotions one after another.
            chosen = torch.randperm(len(labels))[: self.n_drawn].to(labels.device)
            audio, labels = audio[chosen], labels[chosen]

        return self.llm.answer_losses(
            audio, self.prompt, [self.answers[code] for code in labels.tolist()]
        )


class Alignment:
    """How far audio is from the soft prompt that makes the LLM answer its label, without asking the
    LLM.

    The cross-entropy over labels of a softmax of -`SHARPNESS` d, plus d to the own label, where d
    is the square distance to a label's soft prompt, in units of the mean square distance of soft
    prompts from their centre: audio is to be nearest to its own, and to be where the LLM was seen
    to answer. Ours; not in the paper.
    """

    name = "alignment"

    def __init__(self, soft_prompts: Tensor) -> None:
        """`soft_prompts`: float32, (n_labels, n_queries, llm_dim), by the labels' codes."""
        self._targets = soft_prompts.flatten(1)
        self._unit = float((self._targets - self._targets.mean(dim=0)).square().sum(dim=1).mean())

    def __call__(self, audio: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each clip, each of one token."""
        apart = audio.flatten(1)[:, None] - self._targets.to(audio.device)
        distances = apart.square().sum(dim=2) / self._unit
        losses = F.cross_entropy(-SHARPNESS * distances, labels, reduction="none")
        losses = losses + distances.gather(1, labels[:, None])[:, 0]

        return losses, torch.ones_like(labels)
