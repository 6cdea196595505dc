"""The linear classifier of the baselines: normal scores of features and logistic regression.

The penalties were chosen on the sources EmoDB and EMOVO alone, by the module `choose_penalty`:
trained on one, tested on the other, both ways, six common classes, eGeMAPSv02 reaches UA 40.9 % at
C = 0.1 (39.8 at 0.03, 40.5 at 0.3); with speaker normalisation eGeMAPSv02 and log-mel together are
best at C = 0.01 (55.0 and 48.7 %). Quantiles instead of plain standardising were chosen by hand in
the same comparison. Figures on RAVDESS were printed beside these while they were compared: no
criterion, but not unseen either.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError
from mserbench_training.models.label_scores import check_labels, linear_probabilities, logit_a_label
from mserbench_training.models.model_file import read_array, read_labels
from mserbench_training.models.speakers import Statistics

C = 0.1  # inverse strength of the L2 penalty
C_SPEAKER = 0.01  # the same where each speaker is standardised first
# All corpora that the text above names; the last one was seen, and was no criterion.
CHOSEN_ON = ("emodb", "emovo", "ravdess")
KNOTS = 11  # quantiles a feature

# Mid-ranks rather than 0 and 1: single extreme clips do not set the scale, and nothing maps beyond
# +-1.69.
_RANKS = [(knot + 0.5) / KNOTS for knot in range(KNOTS)]
_NORMAL_SCORES = np.array([NormalDist().inv_cdf(rank) for rank in _RANKS])


@dataclass(frozen=True, eq=False)
class LinearClassifier:
    """Quantiles of each feature in training, and weights of each label on the normal scores.

    `quantiles`: float64, shape (n_features, KNOTS), rising; `coef`: (n_labels, n_features);
    `intercept`: (n_labels,), one logit a label.
    """

    labels: tuple[str, ...]
    quantiles: NDArray[np.float64]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @cached_property
    def _knots(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        return _knots(self.quantiles)

    @property
    def origin(self) -> Statistics:
        """Mean and deviation of the quantiles of each feature: of training but for its extremes."""
        scale = self.quantiles.std(axis=1)
        return Statistics(self.quantiles.mean(axis=1), np.where(scale > 0, scale, np.inf))

    def probabilities(
        self, features: NDArray[np.float64], labels: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return the probability of each of `labels`, given that one of them is right.

        `features`: shape (n_clips, n_features). Result: float64, (n_clips, n_labels), rows sum to
        one; a label that was not trained has probability 0. A row depends on its clip alone, to the
        last bit. Raises ModelError where none of `labels` was trained.
        """
        inputs = self.inputs(features)
        return linear_probabilities(inputs, self.coef, self.intercept, self.labels, labels)

    def inputs(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the features' normal scores: float64, (n_clips, n_features), within +-1.7."""
        return _interpolated(features, self._knots)

    def to_json(self) -> dict[str, Any]:
        """Return labels and arrays as lists; JSON gives a float back as it was."""
        arrays = {"quantiles": self.quantiles, "coef": self.coef, "intercept": self.intercept}
        return {
            "labels": list(self.labels),
            **{name: array.tolist() for name, array in arrays.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any], n_features: int) -> LinearClassifier:
        """Read what `to_json` gave; DataError names the entry that is not right."""
        labels = read_labels(record)
        quantiles = read_array(record, "quantiles", (n_features, KNOTS))
        if (np.diff(quantiles) < 0).any():
            raise DataError("'quantiles' do not rise within a feature: train the model again")

        coef = read_array(record, "coef", (len(labels), n_features))
        return cls(labels, quantiles, coef, read_array(record, "intercept", (len(labels),)))


def fit(
    features: NDArray[np.float64], labels: Sequence[str], penalty: float = C
) -> LinearClassifier:
    """Train on features of shape (n_clips, n_features); every label counts alike, however rare.

    `penalty` is the inverse strength C of the L2 penalty. Raises DataError for fewer than two
    labels, ValueError for a `penalty` that is not above 0.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    if not penalty > 0:
        raise ValueError(f"C is {penalty}, but must be above 0")
    check_labels(labels)

    # Rounded to float32, whose digits take half the room in JSON.
    quantiles = np.quantile(features, _RANKS, axis=0).T.astype(np.float32).astype(np.float64)
    # Newton's method reaches the optimum itself, so that another machine gets the same weights.
    regression = LogisticRegression(C=penalty, class_weight="balanced", solver="newton-cholesky")

    # Threads only hinder on arrays this small. What does not converge must fail: its weights would
    # depend on the machine.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        regression.fit(normal_scores(features, quantiles), np.array(labels))

    coef, intercept = logit_a_label(regression.coef_, regression.intercept_)
    return LinearClassifier(tuple(regression.classes_.tolist()), quantiles, coef, intercept)


def normal_scores(
    features: NDArray[np.float64], quantiles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Map each feature through its training quantiles to normal scores, linearly in between.

    Shapes (n_clips, n_features) and (n_features, KNOTS) to float64, (n_clips, n_features), within
    +-1.7.
    """
    return _interpolated(features, _knots(quantiles))


def _knots(quantiles: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return for each feature its distinct quantiles and their normal scores."""
    # Equal quantiles share the mean of their scores: interpolation wants rising values.
    pairs = []
    for knots in quantiles:
        values, first, count = np.unique(knots, return_index=True, return_counts=True)
        pairs.append((values, np.add.reduceat(_NORMAL_SCORES, first) / count))

    return pairs


def _interpolated(
    features: NDArray[np.float64], knots: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    scores = np.empty(features.shape, dtype=np.float64)
    for column, (values, means) in enumerate(knots):
        scores[:, column] = np.interp(features[:, column], values, means)
    return scores
