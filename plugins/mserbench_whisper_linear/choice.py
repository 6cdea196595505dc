"""Chooses layer, speaker directions and strength on training clips alone: one source, or some
speakers, left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from mserbench.model import TrainingItem
from mserbench.statistics import metrics
from mserbench_whisper_linear.classifier import Method, fit
from mserbench_whisper_linear.options import AUTO, WhisperLinearOptions

DIRECTIONS = (0, 1, 2, 3, 5)
STRENGTHS = {"discriminant": (0.3, 0.6, 0.8, 0.9), "logistic": (0.0001, 0.0003, 0.001, 0.003, 0.01)}
_FOLDS = 4  # groups of speakers, where there is one source only

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # positions to train on, positions to test on


@dataclass(frozen=True)
class Choice:
    """What to train with; `tried` maps each combination to its mean UA in percent on what was left
    out.
    """

    layer: int
    directions: int
    strength: float
    tried: dict[str, float] = field(default_factory=dict)


def best(
    features: NDArray[np.float64],
    training: Sequence[TrainingItem],
    options: WhisperLinearOptions,
    width: int,
) -> Choice:
    """Return the choice with the highest mean UA over the folds; of equal ones the first tried.

    `features`: float64, (n_clips, n_features); where the layer is to be chosen, each layer has
    `width` of them. What the options fix is not tried.
    """
    layers = range(features.shape[1] // width) if options.layers == AUTO else (-1,)
    directions = DIRECTIONS if options.taken_out == AUTO else (options.taken_out,)
    strengths = STRENGTHS[options.classifier] if options.strength == AUTO else (options.strength,)
    candidates = [Choice(*one) for one in product(layers, directions, strengths)]

    if len(candidates) == 1:
        return candidates[0]

    tried = {}
    for one in candidates:
        columns = (
            slice(None) if one.layer < 0 else slice(one.layer * width, (one.layer + 1) * width)
        )
        tried[_name(one)] = left_out_ua(features[:, columns], training, method(options, one))

    found = max(candidates, key=lambda one: tried[_name(one)])
    shown = {name: round(100 * value, 2) for name, value in tried.items()}
    return Choice(found.layer, found.directions, found.strength, shown)


def method(options: WhisperLinearOptions, choice: Choice) -> Method:
    """Return how a classifier is learnt with a choice."""
    return Method(
        options.classifier, choice.strength, choice.directions, options.centres, options.parts
    )


def left_out_ua(
    features: NDArray[np.float64], training: Sequence[TrainingItem], how: Method
) -> float:
    """Return the mean UA over the folds, in [0, 1], each tested by a classifier trained on the
    others.
    """
    labels, speakers = (
        np.array([item.label for item in training]),
        [(item.corpus, item.speaker) for item in training],
    )
    found = []
    for train, test in folds(training):
        known = [speakers[i] for i in train]
        classifier = fit(features[train], labels[train].tolist(), known, how)
        common = [label for label in classifier.labels if label in set(labels[test])]
        kept = test[np.isin(labels[test], common)]
        answers = classifier.probabilities(features[kept], common).argmax(axis=1)
        counts = metrics.confusion(labels[kept].tolist(), [common[i] for i in answers], common)
        found.append(float(metrics.metrics(counts)["UA"]))

    return float(np.mean(found))


def folds(training: Sequence[TrainingItem]) -> Iterator[Fold]:
    """Leave out one corpus after the other; of one corpus alone, one group of speakers after the
    other.

    A clip without speaker is a speaker of his own. A fold that leaves fewer than two labels is no
    fold.
    """
    corpora = [item.corpus for item in training]
    if len(set(corpora)) == 1:
        names = [item.speaker or f"clip {position}" for position, item in enumerate(training)]
        order = {name: number % _FOLDS for number, name in enumerate(sorted(set(names)))}
        groups = np.array([order[name] for name in names])
    else:
        groups = np.array([sorted(set(corpora)).index(one) for one in corpora])

    labels = np.array([item.label for item in training])
    for group in np.unique(groups):
        train, test = np.flatnonzero(groups != group), np.flatnonzero(groups == group)
        if len(set(labels[train])) >= 2 and len(set(labels[train]) & set(labels[test])) >= 2:
            yield train, test


def _name(choice: Choice) -> str:
    layer = "" if choice.layer < 0 else f"layer {choice.layer}, "
    return f"{layer}directions {choice.directions}, strength {choice.strength:g}"
