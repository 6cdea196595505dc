"""From linear logits of the labels trained to probabilities of the labels that a task asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError, ModelError


def check_labels(labels: Sequence[str]) -> None:
    """Raise DataError where the training clips bear fewer than two labels."""
    if len(set(labels)) < 2:
        raise DataError(
            f"the training clips bear the labels {sorted(set(labels))}, but two or more are "
            "needed: give other sources, or '--option labels=all' to learn labels that are not "
            "canonical"
        )


def logit_a_label(
    coef: NDArray[np.float64], intercept: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights, (n_labels, n_features), and intercepts of one logit a label.

    scikit-learn gives two labels one logit, that of the second against the first.
    """
    if len(coef) > 1:
        return coef, intercept
    return np.vstack([0.0 * coef, coef]), np.append(0.0, intercept)


def linear_probabilities(
    inputs: NDArray[np.float64],
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    trained: Sequence[str],
    labels: Sequence[str],
) -> NDArray[np.float64]:
    """Return the probability of each of `labels`, given that one of them is right.

    `inputs`: (n_clips, n_features); `coef`: (n_labels, n_features) and `intercept`, of the labels
    `trained`. Result: float64, (n_clips, n_labels), rows sum to one; a label that was not trained
    has probability 0. A row depends on its clip alone, to the last bit. Raises ModelError where
    none of `labels` was trained.
    """
    columns, rows = asked_for(trained, labels)
    probabilities = np.zeros((len(inputs), len(labels)), dtype=np.float64)

    # Row by row: a matrix product sums in an order that depends on how many clips there are.
    for number, row in enumerate(inputs):
        logits = (coef[rows] * row).sum(axis=1) + intercept[rows]
        probabilities[number, columns] = softmax(logits)

    return probabilities


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
