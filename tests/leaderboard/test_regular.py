"""How often honest models are doubted by the checks of regularity, by simulation, and that forged
answers are.

Honest: each speaker and each sentence has its own share of right answers, mistakes follow a
confusion of the model's own and a bias of the speaker, in the order of names of real tasks.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from mserbench.data import dataset, lookup
from mserbench_leaderboard import regular

Numbers = NDArray[np.int64]
TASKS = ("ravdess", "aesdd", "emodb", "emodb-sample", "demo-el")
ALLOWED = 0.01


@cache
def facts_of(task: str) -> tuple[Numbers, tuple[int, ...], int]:
    """Return labels as numbers in the order of names, the speaker of each clip, how many labels."""
    question = lookup.task(task)
    labelled = dataset.truth(question, None)
    numbers = dataset.cluster_numbers([utterance.speaker for utterance, _ in labelled])
    assert numbers is not None
    truth = np.array([question.labels.index(label) for _, label in labelled])
    return truth, tuple(numbers), len(question.labels)


def honest(
    task: str, right: float, bias: float, generator: np.random.Generator
) -> tuple[Numbers, NDArray[np.float64]]:
    """Return the answers and scores of a model that hears.

    `right`: how strongly the label moves its scores; `bias`: how strongly the speaker does, the
    model's own likes as strong as that.
    """
    truth, speakers, n_labels = facts_of(task)
    evidence = generator.normal(0, 1, (len(truth), n_labels))
    evidence += generator.normal(0, bias, n_labels)
    evidence += generator.normal(0, bias, (max(speakers) + 1, n_labels))[list(speakers)]
    # Which labels are taken for one another is the model's own.
    confusion = right * (np.eye(n_labels) + 0.3 * generator.random((n_labels, n_labels)))
    evidence += confusion[truth]
    scores = np.exp(evidence) / np.exp(evidence).sum(axis=1, keepdims=True)
    return evidence.argmax(axis=1), scores.round(6)


def is_doubted(task: str, answers: Numbers, scores: NDArray[np.float64]) -> bool:
    truth, speakers, _ = facts_of(task)
    return (
        regular.repeats(truth, answers)[1] >= regular.REPEATED
        or regular.by_speaker(truth, answers, speakers) >= regular.BY_SPEAKER
        or regular.stuck(scores) > regular.STUCK
        or len(np.unique(answers)) == 1
    )


def share_doubted(right: float, bias: float, times: int) -> tuple[int, int]:
    generator = np.random.default_rng(int(100 * right + 10 * bias))
    doubted = [
        is_doubted(task, *honest(task, right, bias, generator))
        for task in TASKS
        for _ in range(times)
    ]
    return sum(doubted), len(doubted)


# Random (0), weak (1: about 35 % right of seven), good (4: about 90 %); without bias, and with one
# by which the speaker moves the scores as much as chance does.
MODELS = [
    (0.0, 0.0),
    (0.0, 0.5),
    (0.0, 1.0),
    (1.0, 0.0),
    (1.0, 0.5),
    (1.0, 1.0),
    (4.0, 0.0),
    (4.0, 1.0),
]


@pytest.mark.parametrize(("right", "bias"), MODELS)
def test_honest_models_are_hardly_ever_doubted(right: float, bias: float) -> None:
    doubted, times = share_doubted(right, bias, times=6)
    assert doubted == 0, f"{doubted} of {times}"


@pytest.mark.slow
@pytest.mark.parametrize(("right", "bias"), MODELS)
def test_at_most_one_honest_model_in_a_hundred_is_doubted(right: float, bias: float) -> None:
    doubted, times = share_doubted(right, bias, times=100)
    assert doubted <= ALLOWED * times, f"{doubted} of {times}"


def test_two_honest_models_are_not_taken_for_copies() -> None:
    """Good models agree where they are right: the mistakes must tell them apart."""
    generator = np.random.default_rng(1)
    for right in (1.0, 4.0, 6.0):
        for _ in range(20):
            answers = [honest("ravdess", right, 0.5, generator)[0] for _ in range(2)]
            truth = facts_of("ravdess")[0]
            assert regular.agreement(truth, *answers) < regular.COPIED


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_forged_answers_are_doubted(task: str, noise: float) -> None:
    """By the order of files, by the speaker, with some answers changed so that it does not show."""
    truth, speakers, n_labels = facts_of(task)
    generator = np.random.default_rng(2)
    at = np.arange(len(truth))
    forged = {
        "in blocks": at * n_labels // len(truth),
        "in turn": at % n_labels,
        "by speaker": np.array(speakers) % n_labels,
    }
    for name, answers in forged.items():
        # Names of AESDD are sorted by emotion: there a block of answers is as one of labels, and
        # no pair some clips apart can tell hearing from counting.
        if (task, name) == ("aesdd", "in blocks"):
            continue

        changed = np.where(
            generator.random(len(at)) < noise, generator.integers(0, n_labels, len(at)), answers
        )
        assert is_doubted(task, changed, generator.random((len(at), n_labels))), name


def test_right_answers_in_sorted_labels_are_no_pattern() -> None:
    """Where a corpus sorts its clips by emotion or has an emotion a speaker, so do right answers."""
    truth = np.repeat(np.arange(6), 50)
    assert regular.repeats(truth, truth)[1] < regular.REPEATED
    assert regular.by_speaker(truth, truth, list(truth)) == 0.0


def test_speakers_of_a_single_clip_explain_nothing() -> None:
    answers = np.random.default_rng(0).integers(0, 4, 60)
    truth = np.random.default_rng(1).integers(0, 4, 60)
    assert abs(regular.by_speaker(truth, answers, range(60))) < 0.1
    assert regular.by_speaker(truth, answers, None) == 0.0
    assert regular.by_speaker(truth, answers, [None, *range(59)]) == 0.0


def test_scores_that_are_rounded_certainty_are_not_stuck() -> None:
    certain = np.eye(3)[[0] * 80 + [1] * 20]
    assert regular.stuck(certain) == 0.0
    assert regular.stuck(np.full((100, 3), 0.2)) == 1.0
    half = np.random.default_rng(0).random((100, 3))
    half[:60] = 1 / 3
    assert regular.stuck(half) == 0.6
