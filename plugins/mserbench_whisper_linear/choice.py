"""Chooses layer, speaker directions and strength on training clips alone, some of them left out."""

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

# What is tried; docs/whisper-linear.md shows what each of them gives.
DIRECTIONS = (0, 1, 2, 3, 5)
STRENGTHS = {"discriminant": (0.3, 0.6, 0.8, 0.9), "logistic": (0.0001, 0.0003, 0.001, 0.003, 0.01)}
_FOLDS = 4  # groups of speakers, where there is one source only

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # positions to train on, positions to test on


@dataclass(frozen=True)
class Choice:
    """What to train with.

    `layer` is the position among those offered, -1 where it is fixed. `tried` maps each combination
    to its mean UA in percent on what was left out.
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
    # -1 is the one layer choice that the features are already made of.
    layers = range(features.shape[1] // width) if options.layers == AUTO else (-1,)
    directions = DIRECTIONS if options.taken_out == AUTO else (options.taken_out,)
    strengths = STRENGTHS[options.classifier] if options.strength == AUTO else (options.strength,)
    candidates = [Choice(*values) for values in product(layers, directions, strengths)]

    if len(candidates) == 1:
        return candidates[0]

    tried = {}
    for candidate in candidates:
        first = max(candidate.layer, 0) * width
        columns = slice(None) if candidate.layer < 0 else slice(first, first + width)
        tried[_name(candidate)] = left_out_ua(
            features[:, columns], training, method(options, candidate)
        )

    winner = max(candidates, key=lambda candidate: tried[_name(candidate)])
    percent = {name: round(100 * value, 2) for name, value in tried.items()}
    return Choice(winner.layer, winner.directions, winner.strength, percent)


def method(options: WhisperLinearOptions, choice: Choice) -> Method:
    """Return how a classifier is learnt with a choice."""
    return Method(
        options.classifier, choice.strength, choice.directions, options.centres, options.parts
    )


def left_out_ua(
    features: NDArray[np.float64], training: Sequence[TrainingItem], how: Method
) -> float:
    """Return the mean UA over the folds, in [0, 1], each tested by what the others taught."""
    labels = np.array([item.label for item in training])

    # With the corpus: two corpora may both name a speaker "03".
    speakers = [(item.corpus, item.speaker) for item in training]
    recalls = []
    for train, test in folds(training):
        speakers_of = [speakers[i] for i in train]
        classifier = fit(features[train], labels[train].tolist(), speakers_of, how)
        # Labels that only the fold has cannot be answered, and would count for nothing but 0.
        common = [label for label in classifier.labels if label in set(labels[test])]
        tested = test[np.isin(labels[test], common)]
        answers = classifier.probabilities(features[tested], common).argmax(axis=1)
        counts = metrics.confusion(labels[tested].tolist(), [common[i] for i in answers], common)
        recalls.append(float(metrics.metrics(counts)["UA"]))

    return float(np.mean(recalls))


def folds(training: Sequence[TrainingItem]) -> Iterator[Fold]:
    """Leave out one corpus after the other; of a single one, one group of speakers after the other.

    A clip without speaker is a speaker of his own. A fold with fewer than two labels to train on,
    or in common with what is left out, is skipped: its recall would say nothing.
    """
    corpora = [item.corpus for item in training]
    if len(set(corpora)) == 1:
        names = [item.speaker or f"clip {position}" for position, item in enumerate(training)]

        # Dealt out in the order of their names: no draw, so the same folds on every machine.
        order = {name: number % _FOLDS for number, name in enumerate(sorted(set(names)))}
        groups = np.array([order[name] for name in names])
    else:
        groups = np.array([sorted(set(corpora)).index(name) for name in corpora])

    labels = np.array([item.label for item in training])
    for group in np.unique(groups):
        train, test = np.flatnonzero(groups != group), np.flatnonzero(groups == group)
        if len(set(labels[train])) >= 2 and len(set(labels[train]) & set(labels[test])) >= 2:
            yield train, test


def _name(choice: Choice) -> str:
    layer = "" if choice.layer < 0 else f"layer {choice.layer}, "
    return f"{layer}directions {choice.directions}, strength {choice.strength:g}"
