"""What a classifier of vectors is, and what each of its training clips counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mserbench_training.models.speakers import Statistics


class Classifier(Protocol):
    """Vectors in, a probability for each label out."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that were trained."""

    @property
    def origin(self) -> Statistics:
        """Mean and deviation of each feature in training, as far as it remembers them."""

    @property
    def slopes(self) -> NDArray[np.float64]:
        """What a step of each feature changes in the logit of each label: (n_labels, n_features),
        where the logits are linear in the space in which corpora are centred.
        """

    def probabilities(
        self, features: NDArray[np.float64], labels: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return float64, (n_clips, n_labels), for features of shape (n_clips, n_features)."""

    def inputs(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the classifier weighs, its features standardised its own way: float64,
        (n_clips, n_features).
        """


def cell_weights(labels: Sequence[str], corpora: Sequence[str]) -> NDArray[np.float64]:
    """Return what each clip counts: float64, (n_clips,), of mean 1.

    Every label counts alike, and within it every corpus that has it.
    """
    cells = list(zip(labels, corpora, strict=True))
    clips_of, corpora_of = Counter(cells), Counter(label for label, _ in set(cells))
    share = len(cells) / len(corpora_of)
    return np.array([share / corpora_of[label] / clips_of[label, name] for label, name in cells])
