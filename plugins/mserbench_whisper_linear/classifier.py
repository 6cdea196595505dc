"""The linear classifier of whisper-linear, learnt with what tells speakers apart taken out.

Nuisance attribute projection (Solomonoff, Campbell and Boardman, ICASSP 2005): a direction in which
the means of speakers lie apart says who speaks, and where; a classifier that is blind to it cannot
mistake a voice for a mood.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError
from mserbench_training.models.label_scores import check_labels, linear_probabilities, logit_a_label
from mserbench_training.models.model_file import read_array, read_labels, short_lists
from mserbench_training.models.speakers import Statistics
from mserbench_whisper_linear.options import Centres, ClassifierKind

_ITERATIONS = 5_000
# Of the gradient: another machine then gets the same answers, if not the same last digits.
_TOLERANCE = 1e-6
# Added to the variance of standardised features, so that the covariance of clips that are all alike
# can be inverted too.
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class StandardLinear:
    """Mean and deviation of each feature in training, and each label's weights on them.

    `mean`, `scale`: float64, (n_features,); `coef`: (n_labels, n_features); `intercept`:
    (n_labels,), one logit a label. `coef` is at right angles to the speaker directions, which need
    therefore not be taken out of a new clip.
    """

    labels: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @property
    def origin(self) -> Statistics:
        """Mean and deviation of each feature in training."""
        return Statistics(self.mean, self.scale)

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
        """Return the standardised features, speaker directions included: (n_clips, n_features)."""
        return (features - self.mean) / self.scale

    def to_json(self) -> dict[str, Any]:
        """Return labels and arrays as lists, numbers with the digits of float32."""
        arrays = {
            "mean": self.mean,
            "scale": self.scale,
            "coef": self.coef,
            "intercept": self.intercept,
        }

        return {
            "labels": list(self.labels),
            **{name: short_lists(array) for name, array in arrays.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any], n_features: int) -> StandardLinear:
        """Read what `to_json` gave; DataError names the entry that is not right."""
        labels = read_labels(record)
        mean, scale = (read_array(record, name, (n_features,)) for name in ("mean", "scale"))
        if not (scale > 0).all():
            raise DataError("'scale' holds numbers that are not above 0: train the model again")

        coef = read_array(record, "coef", (len(labels), n_features))
        return cls(labels, mean, scale, coef, read_array(record, "intercept", (len(labels),)))


@dataclass(frozen=True)
class Method:
    """How a classifier is learnt.

    `strength` is the shrinkage of the covariance of a "discriminant", in (0, 1], or the inverse
    strength C of the penalty of "logistic" regression; `directions` is how many speaker directions
    are taken out, at most one less than there are speakers. `centres`: a discriminant's label means
    are those of all "clips", or the means over "speakers" of each one's mean: one with many clips
    then counts no more. `parts`: the features are cut into so many equal parts, a classifier is
    learnt on each, and their log-probabilities are averaged.
    """

    kind: ClassifierKind
    strength: float
    directions: int = 0
    centres: Centres = "clips"
    parts: int = 1


def fit(
    features: NDArray[np.float64],
    labels: Sequence[str],
    speakers: Sequence[Hashable],
    method: Method,
) -> StandardLinear:
    """Train on features of shape (n_clips, n_features); every label counts alike, however rare.

    Raises DataError for fewer than two labels.
    """
    from threadpoolctl import threadpool_limits

    check_labels(labels)
    with threadpool_limits(1):  # Threads only hinder on arrays this small.
        parts = np.split(features, method.parts, axis=1)
        return averaged([_fit_part(part, labels, speakers, method) for part in parts])


def averaged(parts: Sequence[StandardLinear]) -> StandardLinear:
    """Return the classifier of all features whose log-probabilities are means of the parts'.

    `parts`: classifiers of the same labels, each of its own features. Logits are log-probabilities
    but for a number that all labels share, so that their mean is linear again.
    """
    return StandardLinear(
        parts[0].labels,
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.scale for part in parts]),
        np.concatenate([part.coef for part in parts], axis=1) / len(parts),
        np.mean([part.intercept for part in parts], axis=0),
    )


def _fit_part(
    features: NDArray[np.float64],
    labels: Sequence[str],
    speakers: Sequence[Hashable],
    method: Method,
) -> StandardLinear:
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    # What never varied becomes 0 in training, and next to 0 in any other clip.
    scale = np.where(deviation > 1e-6 * np.abs(features).max(axis=0), deviation, 1e12)
    inputs = (features - mean) / scale
    directions = speaker_directions(inputs, labels, speakers, method.directions)
    blinded = without(inputs, directions)

    if method.kind == "discriminant":
        groups = speakers if method.centres == "speakers" else [None] * len(labels)
        coef, intercept = _discriminant(blinded, labels, groups, method.strength)
    else:
        coef, intercept = _logistic(blinded, labels, method.strength)

    return StandardLinear(
        tuple(sorted(set(labels))), mean, scale, without(coef, directions), intercept
    )


def _discriminant(
    inputs: NDArray[np.float64], labels: Sequence[str], groups: Sequence[Hashable], shrinkage: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights and intercepts of a linear discriminant whose labels are equally likely.

    With one group they are those of scikit-learn, which knows no groups, so that speakers with many
    clips count more, and takes twenty times as long.
    """
    from scipy.linalg import solve
    from sklearn.covariance import shrunk_covariance

    label = np.array(labels)
    names = np.unique(label)

    # The mean over labels of the covariance within each, however many clips it has.
    within = np.mean(
        [np.cov(inputs[label == name], rowvar=False, bias=True) for name in names], axis=0
    )
    centres = np.stack([centre(inputs, label == name, groups) for name in names])
    shrunk = shrunk_covariance(np.atleast_2d(within), shrinkage) + _LEAST * np.eye(inputs.shape[1])
    coef = solve(shrunk, centres.T, assume_a="pos").T

    return coef, -0.5 * (coef * centres).sum(axis=1)


def _logistic(
    inputs: NDArray[np.float64], labels: Sequence[str], penalty: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(
        C=penalty, class_weight="balanced", max_iter=_ITERATIONS, tol=_TOLERANCE
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        fitted = regression.fit(inputs, np.array(labels))

    return logit_a_label(fitted.coef_, fitted.intercept_)


def centre(
    inputs: NDArray[np.float64], chosen: NDArray[np.bool_], groups: Sequence[Hashable]
) -> NDArray[np.float64]:
    """Return the mean over groups of the mean of each group's chosen rows: (n_features,)."""
    rows: dict[Hashable, list[int]] = {}
    for row in np.flatnonzero(chosen).tolist():
        rows.setdefault(groups[row], []).append(row)

    return np.asarray(np.mean([inputs[own].mean(axis=0) for own in rows.values()], axis=0))


def speaker_directions(
    inputs: NDArray[np.float64], labels: Sequence[str], speakers: Sequence[Hashable], n: int
) -> NDArray[np.float64]:
    """Return the directions in which speakers lie furthest apart: orthonormal, (<= n, n_features).

    A speaker lies at the mean of the means of his labels, so that one who speaks more in anger is
    not taken for angry.
    """
    # Numbered as they come: speakers are tuples, which NumPy would take for rows of an array.
    numbers = {speaker: number for number, speaker in enumerate(dict.fromkeys(speakers))}
    speaker, label = np.array([numbers[name] for name in speakers]), np.array(labels)
    centres = []

    for number in range(len(numbers)):
        own, own_labels = inputs[speaker == number], label[speaker == number]
        centres.append(
            np.mean(
                [own[own_labels == name].mean(axis=0) for name in np.unique(own_labels)], axis=0
            )
        )

    # Around their mean, the centres of n speakers span n - 1 directions.
    apart = np.array(centres) - np.mean(centres, axis=0)
    return np.asarray(np.linalg.svd(apart, full_matrices=False)[2][: min(n, len(numbers) - 1)])


def without(rows: NDArray[np.float64], directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows, (n, n_features), without their parts along orthonormal directions."""
    return np.asarray(rows - rows @ directions.T @ directions)
