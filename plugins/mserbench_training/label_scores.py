"""From one logit a trained label to probabilities of the labels that a task asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import ModelError


def asked_for(trained: Sequence[str], labels: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the positions in `labels` of those that were trained, and theirs in `trained`.

    Raises ModelError where none of `labels` was trained.
    """
    columns = [column for column, label in enumerate(labels) if label in trained]
    if not columns:
        raise ModelError(
            f"the weights know the labels {list(trained)}, but none of those asked for, "
            f"{list(labels)}: train on a source that has them"
        )

    return columns, [trained.index(labels[column]) for column in columns]


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities, (n_labels,), given that one of the labels is right."""
    likelihood = np.exp(logits - logits.max())  # The largest is 1: nothing overflows.
    return np.asarray(likelihood / likelihood.sum())
