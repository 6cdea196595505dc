"""How the defaults of `whisper-linear` are chosen: the rule, its sample, and what candidates do."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from mserbench_training.frames.tempo import AnyTempo
from mserbench_whisper_linear import rule
from mserbench_whisper_linear.candidates import (
    Candidate,
    candidates,
    learn,
)

LABELS = ("angry", "happy", "sad")


def test_the_sample_is_spread_over_labels_and_speakers_and_the_same_in_any_order():
    """A sample of one speaker or one label would choose defaults for that one."""
    clips = [
        (f"{speaker}-{label}-{take}", label, speaker)
        for label, takes in (("angry", 40), ("happy", 9), ("sad", 9))
        for speaker in ("f", "m")
        for take in range(takes)
    ]
    ids, labels, speakers = (list(column) for column in zip(*clips, strict=True))
    drawn = rule.drawn(ids, labels, speakers, 24)
    assert Counter(labels[position] for position in drawn) == dict.fromkeys(LABELS, 8)
    assert Counter(speakers[position] for position in drawn) == {"f": 12, "m": 12}

    turned = rule.drawn(ids[::-1], labels[::-1], speakers[::-1], 24)
    assert {ids[::-1][position] for position in turned} == {ids[position] for position in drawn}
    assert rule.drawn(ids[:5], labels[:5], speakers[:5], 24) == [0, 1, 2, 3, 4]


def stressed(*rows: tuple[float, float]) -> rule.Stressed:
    return {f"c{number}": dict(zip("ab", row, strict=True)) for number, row in enumerate(rows)}


def test_the_worst_is_that_of_each_corpus_and_decides_before_the_mean():
    even = {"high mean": stressed((90, 20), (90, 20)), "safe": stressed((50, 40), (45, 50))}
    assert rule.worst(even["safe"]) == 42.5
    assert rule.mean(even["safe"]) == 46.25
    assert rule.chosen(even) == "safe"


def test_within_a_point_of_the_best_worst_the_mean_decides_and_then_the_first():
    results = {
        "best worst": stressed((40, 60)),
        "even": stressed((39, 70)),
        "below": stressed((38.9, 99)),
        "later": stressed((39, 70)),
    }
    assert rule.chosen(results) == "even"


def rooms(n: int = 240) -> tuple[np.ndarray, list[str], list[str]]:
    """Clips of two corpora whose rooms shift all features, in unlike shares of the labels."""
    rng = np.random.default_rng(0)
    corpora = np.array(["a", "b"])[np.arange(n) % 2]
    label = np.where(rng.random(n) < np.where(corpora == "a", 0.8, 0.2), "angry", "sad")
    features = rng.normal(size=(n, 4))
    features[:, 0] += np.where(label == "angry", 2.0, -2.0)
    features += np.where(corpora == "a", 8.0, -8.0)[:, None] * np.array([0.3, 1.0, 1.0, 0.0])
    return features, label.tolist(), [f"{name}:{i % 6}" for i, name in enumerate(corpora)]


@pytest.mark.parametrize("sources", ["as they are", "centred", "standardised"])
def test_a_room_is_undone_by_unlabelled_clips_of_it(sources):
    features, labels, speakers = rooms()
    learnt = learn(Candidate(sources=sources, directions=0), features, labels, speakers)

    # Clips of one room, and that far from both sources; as many of each label are heard.
    own = np.array([speaker.startswith("a") for speaker in speakers])
    target, truth = features[own] + 50.0, np.array(labels)[own]
    heard = np.concatenate([target[truth == label][:8] for label in ("angry", "sad")])
    expected = (truth == "sad").astype(int)

    def share(*heard: np.ndarray) -> float:
        answers = learnt.probabilities(target, ["angry", "sad"], *heard).argmax(axis=1)
        return float((answers == expected).mean())

    assert share(heard) > 0.9
    assert share() < 0.9


def test_where_a_centred_source_lies_is_not_learnt():
    """A room's mean would else be learnt for the label that was recorded more often in it."""
    features, labels, speakers = rooms()
    far = np.array([speaker.startswith("b") for speaker in speakers])[:, None]
    moved = features + far * np.array([30.0, -20.0, 0.0, 10.0])

    def answers(sources: str) -> list[np.ndarray]:
        candidate = Candidate(sources=sources, directions=0)
        learnt = [learn(candidate, vectors, labels, speakers) for vectors in (features, moved)]
        return [each.probabilities(features, ["angry", "sad"], features) for each in learnt]

    np.testing.assert_allclose(*answers("centred"), atol=1e-9)
    assert not np.allclose(*answers("as they are"), atol=1e-2)


def test_no_two_candidates_have_one_name():
    every = list(candidates())
    assert len({candidate.told for candidate in every}) == len(every)
    assert every[0] == Candidate()


def test_a_copy_at_another_tempo_is_decided_by_its_key_and_number():
    pytest.importorskip("python_stretch", reason="the extra stress is not installed")
    wave = np.sin(np.arange(16_000) / 9).astype(np.float32)
    first, repeated, second = (AnyTempo().apply(wave, "k", number) for number in (1, 1, 2))
    np.testing.assert_array_equal(first, repeated)
    assert len(first) != len(second)
    assert 1 / 1.65 < len(first) / len(wave) < 1 / 0.55
    np.testing.assert_array_equal(AnyTempo().apply(wave, "k", 0), wave)
