"""What supcon-w2v2 is trained for: its batches and losses, and the score of held-out source
speakers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mserbench.contracts import Clip
from mserbench.model import TrainingItem
from mserbench_supcon_w2v2.feeding import Feeder
from mserbench_supcon_w2v2.network import Batch, LossOptions, Network, total_loss
from mserbench_supcon_w2v2.settings import Settings
from mserbench_training.learning.losses import class_weights
from mserbench_training.learning.sets import Codes
from mserbench_training.models.over_clips import mean_uar, over_clips


def loss_options(settings: Settings) -> LossOptions:
    """Return the part of the settings that decides the loss."""
    return LossOptions(
        settings.alpha,
        settings.beta,
        settings.cross_language_weight,
        settings.temperature,
        settings.reversal == "rising",
        settings.reversal_strength,
        settings.label_smoothing,
    )


class Objective:
    """Batches of training items, the total loss, and the UAR of held-out items: the mean over
    source languages.
    """

    def __init__(
        self,
        training: Sequence[TrainingItem],
        held_out: Sequence[TrainingItem],
        codes: Codes,
        feeder: Feeder,
        settings: Settings,
    ) -> None:
        self._coded = codes.encode(training)
        # A label that is not learnt cannot be answered, and would only lower the score that decides
        # when to stop.
        self._held_out = [item for item in held_out if item.label in codes.labels]
        self._codes, self._feeder = codes, feeder
        self._options = loss_options(settings)
        self._weights = class_weights(
            self._coded.labels.tolist(), len(codes.labels), settings.class_weighting
        )

    def batch(self, indices: Sequence[int], epoch: int) -> Batch:
        """Return the training items at `indices` as the network hears them in an epoch."""
        coded, at = self._coded, torch.tensor(list(indices))
        heard = self._feeder.heard([coded.items[i].clip for i in indices], epoch)
        return Batch(*heard, coded.labels[at], coded.languages[at], coded.speakers[at])

    def losses(self, model: nn.Module, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses of Eq 12 by name."""
        device = next(model.parameters()).device
        weights = None if self._weights is None else self._weights.to(device)
        return total_loss(model, batch.to(device), self._options, progress, weights)

    def score(self, model: nn.Module) -> float | None:
        """Return the mean over source languages of the UAR of held-out speakers, in [0, 1]; None
        without any.
        """
        if not self._held_out:
            return None

        assert isinstance(model, Network)
        answers = logits_of(model, self._feeder, [item.clip for item in self._held_out]).argmax(
            axis=1
        )
        return mean_uar(self._held_out, answers, self._codes.labels)


def logits_of(network: Network, feeder: Feeder, clips: Sequence[Clip]) -> NDArray[np.float64]:
    """Return the emotion logits of clips: float64, (n_clips, n_labels), in order."""
    return _over_clips(network, feeder, clips, lambda batch: network.emotion(network.embed(batch)))


@torch.no_grad()
def embeddings_of(network: Network, feeder: Feeder, clips: Sequence[Clip]) -> NDArray[np.float64]:
    """Return the vectors h of clips: float64, (n_clips, dim), in order."""
    return _over_clips(network, feeder, clips, network.embed)


def _over_clips(
    network: Network, feeder: Feeder, clips: Sequence[Clip], compute: Callable[[Batch], Tensor]
) -> NDArray[np.float64]:
    nothing = torch.empty(0, dtype=torch.int64)

    def batch_of(chunk: Sequence[Clip], device: torch.device) -> Batch:
        return Batch(*feeder.heard(chunk, None), nothing, nothing, nothing).to(device)

    def rows(batch: Batch) -> Sequence[NDArray[np.float64]]:
        return list(compute(batch).double().cpu().numpy())

    return np.stack(over_clips(network, clips, batch_of, rows))
