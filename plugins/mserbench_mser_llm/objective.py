"""What mser-llm is trained for: its batches and losses, and the score of held-out source speakers;
and what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mserbench.contracts import Clip
from mserbench.model import TrainingItem
from mserbench_mser_llm.network import Batch, Network, losses_of
from mserbench_mser_llm.scoring import Question, generate, log_probabilities
from mserbench_mser_llm.settings import Settings
from mserbench_mser_llm.teaching import Teacher
from mserbench_training.frames.frame_reader import FrameReader
from mserbench_training.learning.sets import Codes
from mserbench_training.models import over_clips as shared
from mserbench_training.models.over_clips import mean_uar

T = TypeVar("T")


class Objective:
    """Batches of training items, the losses of Eqs 1-3, and the UAR of held-out items: the mean
    over languages.

    `teachers` come one after another, each with the share of the training at which its turn ends;
    the last has 1.
    """

    def __init__(
        self,
        training: Sequence[TrainingItem],
        held_out: Sequence[TrainingItem],
        codes: Codes,
        feeder: FrameReader,
        question: Question,
        settings: Settings,
        teachers: Sequence[tuple[float, Teacher]],
    ) -> None:
        self._coded = codes.encode(training)
        # A label that is not learnt cannot be answered, and would only lower the score that decides
        # when to stop.
        self._held_out = [item for item in held_out if item.label in codes.labels]
        self._feeder, self._question, self._settings = feeder, question, settings
        self._teachers = teachers

    def batch(self, indices: Sequence[int], epoch: int) -> Batch:
        """Return the training items at `indices` as the connector hears them in an epoch."""
        heard = self._feeder.batch([self._coded.items[i].clip for i in indices], epoch)
        return Batch(*heard, self._coded.labels[torch.tensor(list(indices))])

    def losses(self, model: nn.Module, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses by name, of the teacher whose turn it is: the first whose end is not
        reached.
        """
        device = next(model.parameters()).device
        teacher = next(teacher for end, teacher in self._teachers if progress < end)
        return losses_of(model, batch.to(device), teacher, self._settings.losses())

    def score(self, model: nn.Module) -> float | None:
        """Return the mean over source languages of the UAR of held-out speakers, in [0, 1]; None
        without any.
        """
        if not self._held_out:
            return None

        assert isinstance(model, Network)
        clips, labels = [item.clip for item in self._held_out], self._question.labels
        answers = scores_of(model, self._feeder, clips, self._question, self._settings).argmax(
            axis=1
        )
        return mean_uar(self._held_out, answers, labels)


def scores_of(
    network: Network,
    feeder: FrameReader,
    clips: Sequence[Clip],
    question: Question,
    settings: Settings,
) -> NDArray[np.float64]:
    """Return the log-probability of each label for clips, in order: float64, (n_clips,
    n_labels).
    """

    def ask(batch: Batch) -> list[NDArray[np.float64]]:
        _, audio = network.hear(batch)
        return list(
            log_probabilities(network.llm, audio, question, settings.label_reading)
            .double()
            .cpu()
            .numpy()
        )

    return np.stack(over_clips(network, feeder, clips, ask))


def answers_of(
    network: Network,
    feeder: FrameReader,
    clips: Sequence[Clip],
    question: Question,
    settings: Settings,
) -> list[str]:
    """Return what the LLM writes of clips, in order."""

    def ask(batch: Batch) -> list[str]:
        return generate(network.llm, network.hear(batch)[1], question, settings.max_new_tokens)

    return over_clips(network, feeder, clips, ask)


def embeddings_of(
    network: Network, feeder: FrameReader, clips: Sequence[Clip]
) -> NDArray[np.float64]:
    """Return the vectors h of clips, in order: float64, (n_clips, dim)."""
    return np.stack(
        over_clips(
            network,
            feeder,
            clips,
            lambda batch: list(network.hear(batch)[0].double().cpu().numpy()),
        )
    )


def over_clips(
    network: Network,
    feeder: FrameReader,
    clips: Sequence[Clip],
    compute: Callable[[Batch], Sequence[T]],
) -> list[T]:
    """Compute something of each clip in eval mode, a few clips of like length at a time; in the
    order of `clips`.
    """

    def batch_of(chunk: Sequence[Clip], device: torch.device) -> Batch:
        frames, mask = feeder.batch(chunk, None)
        return Batch(frames, mask, torch.empty(0, dtype=torch.int64)).to(device)

    return shared.over_clips(network, clips, batch_of, compute)
