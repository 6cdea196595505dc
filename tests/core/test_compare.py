"""Comparisons of two models against counts by hand, published examples, and simulated ties."""

from __future__ import annotations

import dataclasses
import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench import compare as module
from mserbench.compare import compare, holm, mcnemar, tie_group
from mserbench.intervals import resampled_metrics
from mserbench.metrics import METRICS, confusion, metrics

LABELS = ["angry", "happy", "sad"]


def simulate(seed: int, right_a: float, right_b: float, n: int = 200) -> tuple[list[str], ...]:
    """Return truth, two predictions right with the given probabilities, and one of 20 speakers, of n clips."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(LABELS, n)
    predictions = [np.where(generator.random(n) < right, truth, "") for right in (right_a, right_b)]
    return truth.tolist(), *(answers.tolist() for answers in predictions), [f"s{at % 20}" for at in range(n)]


def test_the_four_counts_by_hand() -> None:
    """A swap of A and B, or an unreadable answer taken as right, would turn the result around."""
    truth = ["sad", "sad", "happy", "angry", "angry"]
    result = compare(truth, ["sad", "sad", "happy", "sad", ""], ["sad", "", None, "angry", "x"], LABELS, None, 50)
    assert (result.both_right, result.only_a, result.only_b, result.both_wrong) == (1, 2, 1, 1)
    assert result.n == result.clusters == 5


@pytest.mark.parametrize(
    ("only_a", "only_b", "expected"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (5, 0, 2 / 2**5),
        (1, 5, 2 * (1 + 6) / 2**6),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
    ],
)
def test_mcnemar_by_hand(only_a: int, only_b: int, expected: float) -> None:
    """The exact test is a sum of binomial coefficients; the chi-squared form is wrong for few clips."""
    assert mcnemar(only_a, only_b) == pytest.approx(expected)
    assert mcnemar(only_b, only_a) == pytest.approx(expected)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_twice_the_smaller_tail(only_a: int, only_b: int) -> None:
    """Any discordant pair counts the same, so the p value depends on the smaller count and the sum."""
    total = only_a + only_b
    tail = sum(math.comb(total, k) for k in range(min(only_a, only_b) + 1)) / 2**total
    assert mcnemar(only_a, only_b) == pytest.approx(min(1.0, 2 * tail))


def test_differences_are_a_minus_b() -> None:
    """A sign error would crown the worse model."""
    truth, better, worse, speakers = simulate(0, 0.9, 0.4)
    result = compare(truth, better, worse, LABELS, speakers, resamples=500)
    a, b = (metrics(confusion(truth, answers, LABELS)) for answers in (better, worse))
    assert result.differences == pytest.approx({name: a[name] - b[name] for name in METRICS})
    assert result.differences["UA"] > 0.3
    lower, upper = result.intervals["UA"]
    assert 0 < lower < result.differences["UA"] < upper
    assert result.ua_p == pytest.approx(2 / 501)


def test_swapping_the_models_mirrors_everything() -> None:
    """The answer must not depend on which model is named first."""
    truth, first, second, speakers = simulate(1, 0.6, 0.5)
    one, two = (compare(truth, *pair, LABELS, speakers, 500) for pair in ((first, second), (second, first)))
    assert (one.only_a, one.only_b) == (two.only_b, two.only_a)
    assert one.mcnemar_p == two.mcnemar_p
    assert two.differences == pytest.approx({name: -value for name, value in one.differences.items()})


def test_a_model_ties_with_itself() -> None:
    """Equal predictions leave nothing to tell apart, whatever the seed."""
    truth, answers, _, speakers = simulate(2, 0.5, 0.5)
    result = compare(truth, answers, answers, LABELS, speakers, resamples=200)
    assert result.mcnemar_p == result.ua_p == 1.0
    assert set(result.differences.values()) == {0.0}
    assert set(result.intervals.values()) == {(0.0, 0.0)}


def test_recalls_that_differ_in_their_last_bit_alone_are_a_tie() -> None:
    """A sum in another order must not make one model significantly better by 1e-16."""
    recalls = (1, 2, 3)  # of 10: (0.1 + 0.2) + 0.3 > (0.3 + 0.2) + 0.1 in floating point
    truth = [label for label in LABELS for _ in range(10)]

    def answers(right: tuple[int, ...]) -> list[str]:
        return [label if at < n else "" for label, n in zip(LABELS, right, strict=True) for at in range(10)]

    first, second = answers(recalls), answers(recalls[::-1])
    assert metrics(confusion(truth, first, LABELS))["UA"] != metrics(confusion(truth, second, LABELS))["UA"]
    result = compare(truth * 2, first * 2, second * 2, LABELS, ["a"] * 30 + ["b"] * 30, resamples=100)
    assert result.ua_p == 1.0


def test_pairing_uses_the_same_resampled_speakers() -> None:
    """Independent resamples would lose a small but constant advantage in the speakers' differences."""
    truth = ["sad"] * 200
    speakers = [f"s{at // 10}" for at in range(200)]
    hard = [at // 10 % 10 for at in range(200)]  # speaker s gets 0 to 9 of 10 right
    worse = ["sad" if at % 10 < right else "" for at, right in enumerate(hard)]
    better = ["sad" if at % 10 < right + 1 else "" for at, right in enumerate(hard)]
    result = compare(truth, better, worse, LABELS, speakers, resamples=500)
    assert result.intervals["UA"] == pytest.approx((0.1, 0.1))
    assert result.ua_p < 0.01


def test_the_p_value_of_ua_is_that_of_the_resamples() -> None:
    """2 min(P(d <= 0), P(d >= 0)) with one resample added to each side, by hand."""
    truth, first, second, speakers = simulate(3, 0.55, 0.5, n=100)
    result = compare(truth, first, second, LABELS, speakers, resamples=300, seed=7)
    tables = [module.cluster_counts(truth, answers, LABELS, speakers) for answers in (first, second)]
    drawn = resampled_metrics(np.stack(tables, axis=1), 300, 7)["UA"]
    gap = np.round(drawn[:, 0] - drawn[:, 1], 12)
    below, above = int((gap <= 0).sum()), int((gap >= 0).sum())
    assert result.ua_p == pytest.approx(min(1.0, 2 * (min(below, above) + 1) / 301))
    assert result.ua_p > 0.01


def test_models_of_equal_skill_are_seldom_told_apart() -> None:
    """A test that finds a winner among equals more often than 1 in 20 would invent progress."""
    results = [compare(*simulate(seed, 0.5, 0.5)[:3], LABELS, simulate(seed, 0.5, 0.5)[3], 400) for seed in range(150)]
    assert np.mean([result.ua_p <= 0.05 for result in results]) <= 0.11
    assert np.mean([result.mcnemar_p <= 0.05 for result in results]) <= 0.07


def test_a_single_speaker_has_counts_but_no_bootstrap() -> None:
    """One speaker cannot say how speakers differ; a p value would be made up."""
    result = compare(["sad", "sad"], ["sad", "sad"], ["sad", ""], LABELS, ["one", "one"])
    assert result.only_a == 1
    assert result.ua_p is None
    assert result.intervals == dict.fromkeys(METRICS)


def test_the_seed_decides_and_the_order_of_clips_does_not() -> None:
    """A comparison that changes when it is computed again cannot be checked by anyone."""
    columns = simulate(4, 0.6, 0.5)
    order = np.random.default_rng(0).permutation(len(columns[0]))
    shuffled = [[column[at] for at in order] for column in columns]
    first, second = (compare(*rows[:3], LABELS, rows[3], 200, seed=5) for rows in (columns, shuffled))
    assert first == second
    assert first != compare(*columns[:3], LABELS, columns[3], 200, seed=6)


def test_a_comparison_cannot_be_changed() -> None:
    """A result that code can alter after the fact is no record."""
    result = compare(["sad"], ["sad"], [""], LABELS, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.n = 2  # type: ignore[misc]


def test_predictions_of_other_lengths_are_refused() -> None:
    """Models scored on different utterances are not compared."""
    with pytest.raises(ValueError, match="truth has 2 labels but prediction 1"):
        compare(["sad", "sad"], ["sad", "sad"], ["sad"], LABELS, None)
    with pytest.raises(ValueError, match="no utterance"):
        compare([], [], [], LABELS, None)


def test_holm_against_a_published_example() -> None:
    """R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") is 0.05 0.08 0.09 0.09 0.09."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_rejects_what_the_step_down_rule_rejects(pvalues: list[float]) -> None:
    """Adjusted values must decide as Holm's rule does: stop at the first p above level / (m - rank)."""
    rejected, level = set(), 0.05
    for rank, at in enumerate(sorted(range(len(pvalues)), key=lambda at: pvalues[at])):
        if pvalues[at] * (len(pvalues) - rank) > level:
            break
        rejected.add(at)
    adjusted = holm(pvalues)
    assert {at for at, value in enumerate(adjusted) if value <= level} == rejected
    assert all(before <= after <= 1 for before, after in zip(pvalues, adjusted, strict=True))
    assert tie_group(pvalues) == [at for at in range(len(pvalues)) if at not in rejected]


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_holm_refuses_what_is_no_p_value(value: float) -> None:
    """NaN sorts anywhere and would corrupt the values beside it without a word."""
    with pytest.raises(ValueError, match="at position 1 is not between 0 and 1"):
        holm([0.5, value])


def test_tie_group_keeps_what_could_not_be_tested() -> None:
    """A run that nothing speaks against has not been beaten."""
    assert tie_group([None, 0.0001, 0.03, 0.02]) == [0, 2, 3]
    assert tie_group([0.05]) == []  # significant at the level, as in Holm's rule
    assert tie_group([]) == []


def test_examples_in_the_documentation_hold() -> None:
    """A wrong example would teach a wrong call."""
    assert doctest.testmod(module) == (0, doctest.testmod(module).attempted)
