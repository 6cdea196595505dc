"""Whether generated speech is still heard as its label: a classifier of the English originals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics import intervals
from mserbench.statistics.metrics import metrics
from mserbench_m5ser.analysing.estimates import Estimate
from mserbench_m5ser.analysing.points import Point, in_order, languages_of
from mserbench_m5ser.analysing.spaces import standardised

FOLDS = 5
PENALTY = 0.01  # inverse strength C; fixed beforehand, chosen on nothing
AS_TRAINED = "as measured"
BY_ITSELF = "each language by itself"
SCALES = (AS_TRAINED, BY_ITSELF)
ENGLISH = "English originals"


@dataclass(frozen=True, slots=True)
class Preservation:
    """UA by features and scale (`view`), and by what was asked: originals, languages, controls.

    `labels` are those that the classifier knows. `controls` names the tasks of human speech.
    `ignored` counts the clips whose label no original has, by what was asked.
    """

    labels: tuple[str, ...]
    ua: dict[str, dict[str, Estimate]]
    controls: tuple[str, ...]
    ignored: dict[str, int]


def preservation(
    vectors: Mapping[str, NDArray[np.float64]],
    points: Sequence[Point],
    controls: Mapping[str, tuple[Mapping[str, NDArray[np.float64]], Sequence[Point]]],
) -> Preservation | None:
    """Return how well labels can be told that were learnt from the originals alone.

    Speakers are dealt into folds. What a classifier is asked of, an original or a translation of
    one, is by a speaker that it has not heard: a clip's own source, or its words in that voice,
    would give the label away. So the originals, asked by the same folds, are the ceiling. Controls
    are asked of a classifier of all originals. `vectors`: by the name of the
    features, float64, (n_points, dim). None where the
    originals have fewer than two labels or speakers.
    """
    is_original = np.array([not point.is_generated for point in points])
    originals = [point for point in points if not point.is_generated]
    labels = in_order(point.emotion for point in originals)
    folds = _folds(points)
    if len(labels) < 2 or len(set(folds[is_original].tolist())) < 2:
        return None

    views = [(features, scale) for features in vectors for scale in SCALES]
    answers: dict[str, dict[str, list[str]]] = {view(*pair): {} for pair in views}
    people = {**_parts(points), **{task: list(clips) for task, (_, clips) in controls.items()}}
    for features, scale in views:
        scaled = _scaled(vectors[features], points, scale)
        spoken = _by_folds(scaled, points, folds, is_original)
        answers[view(features, scale)].update(_parts(points, spoken))
        classifier = _fitted(scaled[is_original], [point.emotion for point in originals])
        for task, (sounds, clips) in controls.items():
            heard = classifier.predict(_scaled(sounds[features], clips, scale)).tolist()
            answers[view(features, scale)][task] = heard

    # What a task has no clip of with a label that was learnt is no question to ask.
    estimates = {
        seen_as: {
            name: estimate
            for name, clips in people.items()
            if (estimate := _ua(clips, heard_as[name], labels))
        }
        for seen_as, heard_as in answers.items()
    }
    return Preservation(
        tuple(labels),
        estimates,
        tuple(controls),
        {
            name: sum(point.emotion not in labels for point in clips)
            for name, clips in people.items()
        },
    )


def view(features: str, scale: str) -> str:
    """Return the name of features at a scale."""
    return f"{features}, {scale}"


def _parts(points: Sequence[Point], values: Sequence[Any] | None = None) -> dict[str, list[Any]]:
    """Return the points, or a value of each, of the originals and of each generated language."""
    parts: dict[str, list[Any]] = {ENGLISH: []}
    parts |= {language: [] for language in languages_of(points, is_generated=True)}
    for point, value in zip(points, points if values is None else values, strict=True):
        parts[point.language if point.is_generated else ENGLISH].append(value)

    return parts


def _folds(points: Sequence[Point]) -> NDArray[np.int64]:
    """Return the fold of each point, (n,): all clips of a speaker are in one."""
    # Where no speaker is known, a clip and what was made of it stay together at least.
    persons = [point.person or point.source for point in points]
    numbers = {person: number for number, person in enumerate(sorted(set(persons)))}
    return np.array([numbers[person] % FOLDS for person in persons], dtype=np.int64)


def _scaled(
    vectors: NDArray[np.float64], points: Sequence[Point], scale: str
) -> NDArray[np.float64]:
    if scale == AS_TRAINED:
        return vectors
    return standardised(vectors, [(point.corpus, point.language) for point in points])


def _by_folds(
    vectors: NDArray[np.float64],
    points: Sequence[Point],
    folds: NDArray[np.int64],
    is_original: NDArray[np.bool_],
) -> list[str]:
    """Return for each point what the originals of other folds taught to answer."""
    answers = np.empty(len(points), dtype=object)
    for fold in sorted(set(folds.tolist())):
        training = np.flatnonzero(is_original & (folds != fold))
        classifier = _fitted(vectors[training], [points[row].emotion for row in training.tolist()])
        answers[folds == fold] = classifier.predict(vectors[folds == fold])

    return [str(answer) for answer in answers]


def _fitted(vectors: NDArray[np.float64], emotions: Sequence[str]) -> Any:
    """Return a logistic regression of scaled features, in which each label counts alike."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    if len(set(emotions)) < 2:  # of one label there is nothing to learn, but an answer all the same
        return DummyClassifier().fit(vectors, emotions)

    # Far below the default tolerance, so that another machine's last bits change no answer.
    # Newton's method would solve for the weights of all labels at once: much slower.
    regression = LogisticRegression(
        C=PENALTY, class_weight="balanced", solver="lbfgs", tol=1e-8, max_iter=10_000
    )
    with threadpool_limits(1):
        return make_pipeline(StandardScaler(), regression).fit(vectors, list(emotions))


def _ua(points: Sequence[Point], answers: Sequence[str], labels: Sequence[str]) -> Estimate | None:
    """Return UA over the clips whose label is one of `labels`, None where there are none."""
    rows = [number for number, point in enumerate(points) if point.emotion in labels]
    if not rows:
        return None

    truth = [points[row].emotion for row in rows]
    counts = intervals.cluster_counts(
        truth, [answers[row] for row in rows], labels, [points[row].person for row in rows]
    )
    value = float(metrics(counts.sum(axis=0))["UA"])
    ends = intervals.intervals(counts)["UA"]

    # A constant answer has all of one label right, and none of the others in the truth.
    return Estimate(value, ends, 1 / len(set(truth)), len(rows), len(counts))
