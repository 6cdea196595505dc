"""The linear classifier of standardised vectors, learnt with the directions in which speakers differ taken out.

Nuisance attribute projection (Solomonoff, Campbell and Boardman, ICASSP 2005): a direction in which the means of
speakers lie apart says who speaks, and where; a classifier that is blind to it cannot mistake a voice for a mood.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError
from mserbench_training.label_scores import asked_for, softmax
from mserbench_training.model_file import read_array, read_labels
from mserbench_whisper_linear.options import Kind

_ITERATIONS = 5_000
_TOLERANCE = 1e-6  # of the gradient: another machine then gets the same answers, if not the same last digits


@dataclass(frozen=True, eq=False)
class StandardLinear:
    """Mean and deviation of each feature in training, and the weights of each label on the standardised feature.

    `mean`, `scale`: float64, (n_features,); `coef`: (n_labels, n_features); `intercept`: (n_labels,), one logit a
    label. `coef` is at right angles to the speaker directions, which need therefore not be taken out of a new clip.
    """

    labels: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def probabilities(self, features: NDArray[np.float64], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability of each of `labels`, given that one of them is right.

        `features`: shape (n_clips, n_features). Result: float64, (n_clips, n_labels), rows sum to one; a label
        that was not trained has probability 0. A row depends on its clip alone, to the last bit. Raises
        ModelError where none of `labels` was trained.
        """
        columns, known = asked_for(self.labels, labels)
        scores = np.zeros((len(features), len(labels)), dtype=np.float64)
        for row, inputs in enumerate((features - self.mean) / self.scale):
            # Row by row: a matrix product sums in an order that depends on how many clips there are.
            scores[row, columns] = softmax((self.coef[known] * inputs).sum(axis=1) + self.intercept[known])
        return scores

    def to_json(self) -> dict[str, Any]:
        """Return labels and arrays as lists, numbers with the digits of float32."""
        arrays = {"mean": self.mean, "scale": self.scale, "coef": self.coef, "intercept": self.intercept}
        return {"labels": list(self.labels), **{name: _short(array) for name, array in arrays.items()}}

    @classmethod
    def from_json(cls, record: Mapping[str, Any], n_features: int) -> StandardLinear:
        """Read what `to_json` gave. Raises DataError naming the entry that is not as it should be."""
        labels = read_labels(record)
        mean, scale = (read_array(record, name, (n_features,)) for name in ("mean", "scale"))
        if not (scale > 0).all():
            raise DataError("'scale' holds numbers that are not above 0: train the model again")
        coef = read_array(record, "coef", (len(labels), n_features))
        return cls(labels, mean, scale, coef, read_array(record, "intercept", (len(labels),)))


def fit(
    features: NDArray[np.float64],
    labels: Sequence[str],
    speakers: Sequence[Hashable],
    kind: Kind,
    strength: float,
    directions: int = 0,
) -> StandardLinear:
    """Train on features of shape (n_clips, n_features); every label counts alike, however rare.

    `strength` is the shrinkage of the covariance of a "discriminant", in (0, 1], or the inverse strength C of the
    penalty of "logistic" regression; `directions` is how many speaker directions are taken out, at most one less than
    there are speakers. Raises DataError for fewer than two labels.
    """
    from threadpoolctl import threadpool_limits

    if len(set(labels)) < 2:
        raise DataError(
            f"the training clips bear the labels {sorted(set(labels))}, but two or more are needed: "
            f"give other sources, or '--option labels=all' to learn labels that are not canonical"
        )
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    scale = np.where(deviation > 1e-6 * np.abs(features).max(axis=0), deviation, 1e12)  # what never varied counts for 0
    inputs = (features - mean) / scale
    with threadpool_limits(1):  # threads only hinder on arrays this small
        taken = speaker_directions(inputs, labels, speakers, directions)
        learner = _discriminant if kind == "discriminant" else _logistic
        fitted = learner(without(inputs, taken), np.array(labels), strength)
    coef, intercept = without(fitted.coef_, taken), fitted.intercept_
    if len(coef) == 1:  # scikit-learn gives two labels one logit, that of the second against the first
        coef, intercept = np.vstack([0.0 * coef, coef]), np.append(0.0, intercept)
    return StandardLinear(tuple(fitted.classes_.tolist()), mean, scale, coef, intercept)


def _discriminant(inputs: NDArray[np.float64], labels: NDArray[np.str_], shrinkage: float) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    alike = np.full(len(np.unique(labels)), 1 / len(np.unique(labels)))
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=alike).fit(inputs, labels)


def _logistic(inputs: NDArray[np.float64], labels: NDArray[np.str_], penalty: float) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=penalty, class_weight="balanced", max_iter=_ITERATIONS, tol=_TOLERANCE)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        return regression.fit(inputs, labels)


def speaker_directions(
    inputs: NDArray[np.float64], labels: Sequence[str], speakers: Sequence[Hashable], n: int
) -> NDArray[np.float64]:
    """Return the `n` orthonormal directions in which speakers lie furthest apart: (at most n, n_features).

    A speaker lies at the mean of the means of his labels, so that one who speaks more in anger is not taken for angry.
    """
    numbers = {speaker: number for number, speaker in enumerate(dict.fromkeys(speakers))}
    speaker, label = np.array([numbers[one] for one in speakers]), np.array(labels)
    centres = []
    for number in range(len(numbers)):
        own, said = inputs[speaker == number], label[speaker == number]
        centres.append(np.mean([own[said == one].mean(axis=0) for one in np.unique(said)], axis=0))
    apart = np.array(centres) - np.mean(centres, axis=0)
    return np.asarray(np.linalg.svd(apart, full_matrices=False)[2][: min(n, len(numbers) - 1)])


def without(rows: NDArray[np.float64], directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows, (n, n_features), without their parts along orthonormal directions."""
    return np.asarray(rows - rows @ directions.T @ directions)


def _short(array: NDArray[np.float64]) -> Any:
    """Return lists of numbers with as many digits as float32 holds: half the text, and no difference in answers."""
    flat = [float(str(value)) for value in array.astype(np.float32).ravel()]
    return np.array(flat).reshape(array.shape).tolist()
