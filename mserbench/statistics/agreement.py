"""How alike two systems answer the same utterances: pure functions of counts of both answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def crossed(
    answers_a: Sequence[str | None], answers_b: Sequence[str | None], labels: Sequence[str]
) -> NDArray[np.int64]:
    """Count the utterances by the answer of A (row) and that of B (column).

    Args:
        answers_a, answers_b: an answer for each utterance, in the same order; None, "" and any text
        outside `labels` could not be read. labels: the K labels of the task, in its order.

    Returns:
        int64, (K + 1, K + 1): rows and columns in the order of `labels`, the last ones unread.

    Raises:
        ValueError: the lengths differ.

    >>> crossed(["x", "x", ""], ["x", "y", ""], ["x", "y"])
    array([[1, 1, 0],
           [0, 0, 0],
           [0, 0, 1]])
    """
    place = {label: at for at, label in enumerate(labels)}
    counts = np.zeros((len(labels) + 1, len(labels) + 1), dtype=np.int64)
    for answer_a, answer_b in zip(answers_a, answers_b, strict=True):
        row, column = (place.get(answer or "", len(labels)) for answer in (answer_a, answer_b))
        counts[row, column] += 1

    return counts


def kappa(counts: NDArray[np.int64]) -> float | None:
    """Return Cohen's kappa of two raters, in [-1, 1]: how much more they agree than by chance.

    With p_o the share of the diagonal and p_e what it would be if the two answered independently,
    each as often as they do, it is (p_o - p_e) / (1 - p_e): 1 for the same answers, 0 for chance
    (Cohen, Educational and Psychological Measurement 20(1), 1960).

    Of right and wrong in place of answers it is the error consistency of Geirhos, Meding and
    Wichmann (NeurIPS 2020): 0 where two systems fail on the same clips no more often than their
    accuracies alone would have it.

    Args:
        counts: (M, M), utterances by the category of one rater (row) and the other (column).

    Returns:
        None without an utterance, and where both always give one and the same category, so that
        chance alone explains all.

    >>> kappa(np.array([[20, 5], [10, 15]]))  # the shares are 0.7 and 0.5
    0.4
    """
    total = int(counts.sum())
    # In whole numbers, so that only a single category leaves nothing above chance.
    by_chance = int(counts.sum(axis=1) @ counts.sum(axis=0))
    if by_chance == total**2:
        return None

    return float((total * int(np.trace(counts)) - by_chance) / (total**2 - by_chance))
