"""The intervals against a slow loop over utterances, and what they must not depend on."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from mserbench import intervals as module
from mserbench.intervals import bootstrap, cluster_counts, cluster_numbers, percentile_interval, resample_weights
from mserbench.metrics import METRICS, confusion, metrics

LABELS = ["angry", "happy", "neutral", "sad"]


def simulate(
    n: int = 240, speakers: int = 12, accuracy: float = 0.6, seed: int = 0, spread: float = 0.0
) -> tuple[list[str], list[str], list[str]]:
    """Return truth, prediction and speakers; each speaker's accuracy lies within `spread` of `accuracy`."""
    generator = np.random.default_rng(seed)
    who = generator.integers(speakers, size=n)
    skill = accuracy + generator.uniform(-spread, spread, speakers)
    truth = generator.choice(LABELS, n)
    wrong = generator.choice([*LABELS, ""], n)
    prediction = np.where(generator.random(n) < skill[who], truth, wrong)
    return truth.tolist(), prediction.tolist(), [f"speaker-{number}" for number in who]


def by_hand(truth: np.ndarray, answers: np.ndarray) -> list[float]:
    present = np.unique(truth)
    weighted = {"labels": LABELS, "average": "weighted", "zero_division": 0}
    macro = {"labels": present, "average": "macro", "zero_division": 0}
    return [
        recall_score(truth, answers, **macro),
        accuracy_score(truth, answers),
        f1_score(truth, answers, **weighted),
        f1_score(truth, answers, **macro),
        precision_score(truth, answers, **weighted),
        float(np.mean(answers == "")),
    ]


def test_the_matrix_product_equals_a_loop_over_the_same_resampled_speakers() -> None:
    """The fast way must be the slow way: utterances of each drawn speaker put together and scored."""
    truth, answers, speakers = (np.array(column) for column in simulate(n=60, speakers=7))
    counts = cluster_counts(truth, answers, LABELS, speakers)
    names = list(dict.fromkeys(speakers.tolist()))
    kinds = np.unique(counts.reshape(len(counts), -1), axis=0)
    speaker_of_kind = [names[np.flatnonzero((counts.reshape(7, -1) == kind).all(1))[0]] for kind in kinds]
    (weights,) = resample_weights(np.ones(7, np.int64), 40, seed=3)
    scores = []
    for row in weights.astype(int):
        drawn = np.repeat(speaker_of_kind, row)
        chosen = np.concatenate([np.flatnonzero(speakers == speaker) for speaker in drawn])
        scores.append(by_hand(truth[chosen], answers[chosen]))
    expected = np.quantile(scores, [0.025, 0.975], axis=0).T
    found = bootstrap(counts, resamples=40, seed=3)
    assert np.allclose([found[name] for name in METRICS], expected, rtol=0, atol=1e-12)


def test_intervals_agree_with_an_independent_loop_over_speakers() -> None:
    """A fault in the drawing itself (without replacement, wrong number) would show as another width."""
    truth, answers, speakers = (np.array(column) for column in simulate(spread=0.3))
    counts = cluster_counts(truth, answers, LABELS, speakers)
    generator = np.random.default_rng(1)
    drawn = [counts[generator.integers(len(counts), size=len(counts))].sum(0) for _ in range(4000)]
    expected = np.quantile(metrics(np.array(drawn))["UA"], [0.025, 0.975])
    assert bootstrap(counts)["UA"] == pytest.approx(expected, abs=0.01)


def test_intervals_over_clips_agree_with_an_independent_loop_over_clips() -> None:
    """Where no speaker is known the unit is the clip, and the multinomial must be the same experiment."""
    truth, answers, _ = (np.array(column) for column in simulate())
    generator = np.random.default_rng(1)
    draws = generator.integers(len(truth), size=(2000, len(truth)))
    values = [float(np.mean(truth[chosen] == answers[chosen])) for chosen in draws]
    found = bootstrap(cluster_counts(truth, answers, LABELS, None))["WA"]
    assert found == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=0.01)


def test_the_two_ways_of_drawing_have_one_distribution() -> None:
    """Speakers and clips take different ways for speed alone; the weights' mean and variance must agree."""
    occurrences = np.array([1, 2, 5])
    for draw in (module._draw_clusters, module._draw_kinds):
        drawn = draw(np.random.default_rng(0), occurrences, 40_000)
        share = occurrences / 8
        assert (drawn.sum(1) == 8).all()
        assert drawn.mean(0) == pytest.approx(occurrences, abs=0.03)
        assert drawn.var(0) == pytest.approx(8 * share * (1 - share), abs=0.05)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """An interval of 95 % that covers 80 % would make every tie on the board a win."""
    covered = 0
    for seed in range(200):
        truth, answers, speakers = simulate(n=300, speakers=40, accuracy=0.5, seed=seed, spread=0.3)
        expected = 0.5 + 0.5 * 0.2  # a wrong guess is one of five answers
        lower, upper = bootstrap(cluster_counts(truth, answers, LABELS, speakers), resamples=400)["WA"]
        covered += lower <= expected <= upper
    assert 0.90 <= covered / 200 <= 0.99


def test_speakers_that_differ_widen_the_interval() -> None:
    """Drawing clips where speakers differ would claim a precision that new speakers disprove."""
    truth, answers, speakers = simulate(n=1200, speakers=10, spread=0.35)
    wide = bootstrap(cluster_counts(truth, answers, LABELS, speakers))["WA"]
    narrow = bootstrap(cluster_counts(truth, answers, LABELS, None))["WA"]
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


@pytest.mark.parametrize("clusters", [True, False])
def test_a_perfect_model_is_certain(clusters: bool) -> None:
    """Any other interval than [1, 1] would be an artefact of rounding or of absent labels."""
    truth, _, speakers = simulate()
    found = bootstrap(cluster_counts(truth, truth, LABELS, speakers if clusters else None))
    assert found.pop("unparsed") == (0.0, 0.0)
    assert set(found.values()) == {(1.0, 1.0)}


def test_a_label_that_only_one_speaker_has_does_not_spoil_ua() -> None:
    """Resamples without that speaker must leave the label out of UA, not count it as missed."""
    truth, speakers = ["sad", "sad", "sad", "happy"], ["a", "b", "c", "d"]
    assert bootstrap(cluster_counts(truth, truth, LABELS, speakers))["UA"] == (1.0, 1.0)


def test_a_single_speaker_has_no_interval() -> None:
    """An interval of no width would say that one speaker tells everything about all speakers."""
    counts = cluster_counts(["sad", "sad", "happy"], ["sad", "happy", "happy"], LABELS, ["one"] * 3)
    assert bootstrap(counts) == dict.fromkeys(METRICS)


@settings(max_examples=25)
@given(st.randoms(use_true_random=False), st.booleans())
def test_order_of_clips_and_names_of_speakers_change_nothing(random, known: bool) -> None:
    """Two machines that list files in another order must print the same interval."""
    truth, answers, speakers = simulate(n=50, speakers=8)
    renamed = {name: f"{random.random()} {name}" for name in speakers}
    rows = list(zip(truth, answers, [renamed[name] for name in speakers], strict=True))
    random.shuffle(rows)
    shuffled = [list(column) for column in zip(*rows, strict=True)]
    first = cluster_counts(truth, answers, LABELS, speakers if known else None)
    second = cluster_counts(shuffled[0], shuffled[1], LABELS, shuffled[2] if known else None)
    assert bootstrap(first, resamples=200) == bootstrap(second, resamples=200)


def test_the_seed_decides() -> None:
    """A number that changes when it is computed again cannot be checked by anyone."""
    counts = cluster_counts(*simulate()[:2], LABELS, simulate()[2])
    assert bootstrap(counts, resamples=500, seed=1) == bootstrap(counts, resamples=500, seed=1)
    assert bootstrap(counts, resamples=500, seed=1) != bootstrap(counts, resamples=500, seed=2)


@pytest.mark.parametrize("clusters", [True, False])
def test_the_size_of_chunks_changes_nothing(clusters: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by chunks, and a bound on memory must not be part of the result."""
    truth, answers, speakers = simulate()
    counts = cluster_counts(truth, answers, LABELS, speakers if clusters else None)
    whole = bootstrap(counts, resamples=1000)
    monkeypatch.setattr(module, "_CHUNK_NUMBERS", 1500)
    assert len(list(resample_weights(np.ones(12, np.int64), 1000, 0, columns=20))) > 10
    assert bootstrap(counts, resamples=1000) == whole


def test_three_thousand_clusters_stay_within_a_bound_of_memory() -> None:
    """Without chunks the weights alone would take 240 MB."""
    largest = max(weights.nbytes for weights in resample_weights(np.ones(3000, np.int64), 500, 0, columns=56))
    assert largest < 8_000_000


def test_cluster_counts_add_up_to_the_confusion_matrix() -> None:
    """A clip that falls between speakers would be scored in no resample."""
    truth, answers, speakers = simulate()
    counts = cluster_counts(truth, answers, LABELS, speakers)
    assert counts.dtype == np.int64
    assert counts.shape == (12, 4, 5)
    assert (counts.sum(0) == confusion(truth, answers, LABELS)).all()
    for number, name in enumerate(dict.fromkeys(speakers)):
        own = [(t, p) for t, p, s in zip(truth, answers, speakers, strict=True) if s == name]
        assert (counts[number] == confusion(*zip(*own, strict=True), LABELS)).all()


def test_a_clip_of_unknown_speaker_is_its_own_cluster() -> None:
    """All unknown clips as one speaker would be drawn or left out together."""
    assert cluster_numbers(["a", None, "a", None, "0"], 5).tolist() == [0, 1, 0, 2, 3]
    assert cluster_numbers([1, None, 1], 3).tolist() == [0, 1, 0]  # not the speaker of number 1
    assert cluster_numbers([None, None], 2).tolist() == cluster_numbers(None, 2).tolist() == [0, 1]


def test_a_higher_level_gives_a_wider_interval() -> None:
    """`level` must reach the percentiles."""
    counts = cluster_counts(*simulate()[:2], LABELS, None)
    wide, narrow = bootstrap(counts, level=0.99)["UA"], bootstrap(counts, level=0.5)["UA"]
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_wrong_input_is_named() -> None:
    """A caller's mistake that passes would become a wrong interval."""
    with pytest.raises(ValueError, match="clusters hold 1 speakers but truth has 2"):
        cluster_counts(["sad", "sad"], ["sad", "sad"], LABELS, ["one"])
    with pytest.raises(ValueError, match="without utterances"):
        bootstrap(np.array([[[1, 0]], [[0, 0]]]))
    with pytest.raises(ValueError, match="counts of 0 clusters"):
        bootstrap(cluster_counts([], [], LABELS, []))
    with pytest.raises(ValueError, match="resamples is 0"):
        bootstrap(np.ones((2, 1, 2), np.int64), resamples=0)
    with pytest.raises(ValueError, match="level 95 is not between 0 and 1"):
        percentile_interval(np.zeros(3), level=95)


def test_examples_in_the_documentation_hold() -> None:
    """A wrong example would teach a wrong call."""
    assert doctest.testmod(module) == (0, doctest.testmod(module).attempted)
