"""What a trained network says of clips, a few at a time, and how right held-out speakers are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from mserbench.contracts import Clip
from mserbench.model import TrainingItem
from mserbench.statistics.metrics import confusion, recall_per_label

# Clips in a forward pass: a bound on memory.
_TOGETHER = 32
Batch = TypeVar("Batch")
Result = TypeVar("Result")


@torch.no_grad()
def over_clips(
    network: nn.Module,
    clips: Sequence[Clip],
    batch_of: Callable[[Sequence[Clip], torch.device], Batch],
    compute: Callable[[Batch], Sequence[Result]],
) -> list[Result]:
    """Compute something of each clip in eval mode, a few clips of like length at a time; in the
    order of `clips`.

    `batch_of` makes the batch of some clips on the network's device.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    results: dict[int, Result] = {}

    # Longest first, so that what does not fit into memory fails at once; like lengths together, so
    # that little of a batch is padding.
    order = sorted(range(len(clips)), key=lambda i: (-clips[i].seconds, i))
    for start in range(0, len(order), _TOGETHER):
        chunk = order[start : start + _TOGETHER]
        batch = batch_of([clips[i] for i in chunk], device)
        results.update(zip(chunk, compute(batch), strict=True))

    network.train(was_training)
    return [results[i] for i in range(len(clips))]


def mean_uar(items: Sequence[TrainingItem], answers: Any, labels: Sequence[str]) -> float:
    """Return the mean over languages of the UAR of items, in [0, 1]; `answers`: the number of a
    label for each.

    Over languages, as else the source with most clips would choose the weights.
    """
    by_language: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for item, answer in zip(items, answers, strict=True):
        by_language[item.language].append((item.label, labels[answer]))

    return float(np.mean([_uar(pairs, labels) for pairs in by_language.values()]))


def _uar(pairs: Sequence[tuple[str, str]], labels: Sequence[str]) -> float:
    truth, answers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return float(np.nanmean(recall_per_label(confusion(truth, answers, labels))))
