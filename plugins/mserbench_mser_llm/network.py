"""What is trained: the connector, before an LLM that gradients pass through and that never
changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mserbench_mser_llm.connector import Connector
from mserbench_mser_llm.language_model import FrozenLanguageModel
from mserbench_mser_llm.losses import LossOptions, total_loss
from mserbench_mser_llm.teaching import Teacher
from mserbench_training.learning.gather import gather, gather_codes


@dataclass(frozen=True)
class Batch:
    """Clips of one process: frames (n_clips, n_layers, n_frames, dim), their mask, and codes of
    labels, int64.
    """

    frames: Tensor
    mask: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(self.frames.to(device), self.mask.to(device), self.labels.to(device))


class Network(nn.Module):
    """The connector, which is all of its parameters, and the frozen LLM, which is none of its
    modules.
    """

    def __init__(self, connector: Connector, llm: FrozenLanguageModel) -> None:
        super().__init__()
        self.connector = connector
        self.llm = llm  # no nn.Module: .train(), the optimiser and checkpoints never see it

    def forward(self, batch: Batch, teacher: Teacher) -> tuple[Tensor, Tensor, Tensor]:
        """Return h (n_clips, dim), the teacher's losses (n,) of the clips that it judges, and over
        how many tokens.
        """
        vector, audio = self.connector(batch.frames, batch.mask)
        return (vector, *teacher(audio, batch.labels))

    def hear(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return h (n_clips, dim) and the audio that the LLM is shown (n_clips, n_queries,
        llm_dim).
        """
        outputs: tuple[Tensor, Tensor] = self.connector(batch.frames, batch.mask)
        return outputs


def losses_of(
    model: nn.Module, batch: Batch, teacher: Teacher, options: LossOptions
) -> dict[str, Tensor]:
    """Return the losses of Eqs 1-3 by name, over the clips of all processes: Eq 1 compares the
    global batch.
    """
    vector, losses, counts = model(batch, teacher)
    # Gathered before any mean is taken: a mean of the processes' means would weigh the tokens of
    # each process anew.
    taught, n_tokens = gather(losses), gather_codes(counts)
    return total_loss(
        gather(vector), gather_codes(batch.labels), taught, n_tokens, options, teacher.name
    )
