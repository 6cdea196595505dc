"""Comparisons of two models against counts by hand, published examples, and simulated ties."""

from __future__ import annotations

import dataclasses
import doctest
import json
import math
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from mserbench.experiments import answers
from mserbench.statistics import compare as module
from mserbench.statistics.compare import compare, holm, mcnemar, smallest_difference, tie_group
from mserbench.statistics.intervals import cluster_counts, leave_out, over_clusters
from mserbench.statistics.metrics import METRICS, confusion, metrics

LABELS = ["angry", "happy", "sad"]
TRANSFER = Path(__file__).parents[2] / "leaderboard" / "transfer-real"


def simulate(seed: int, right_a: float, right_b: float, n: int = 200) -> tuple[list[str], ...]:
    """Return truth, two predictions right with the given probabilities, and one of 20 speakers, of
    n clips.
    """
    generator = np.random.default_rng(seed)
    truth = generator.choice(LABELS, n)
    predictions = [np.where(generator.random(n) < right, truth, "") for right in (right_a, right_b)]

    return (
        truth.tolist(),
        *(answers.tolist() for answers in predictions),
        [f"s{at % 20}" for at in range(n)],
    )


def test_the_four_counts_by_hand() -> None:
    """A swap of A and B, or an unreadable answer taken as right, would turn the result around."""
    truth = ["sad", "sad", "happy", "angry", "angry"]
    result = compare(
        truth, ["sad", "sad", "happy", "sad", ""], ["sad", "", None, "angry", "x"], LABELS, None
    )
    assert (result.both_right, result.only_a, result.only_b, result.both_wrong) == (1, 2, 1, 1)
    assert result.n == result.clusters == 5


def test_each_of_the_four_counts_is_told_from_the_others() -> None:
    """Four different numbers, so that none can stand for another."""
    answers = {"both": ("sad", "sad"), "a": ("sad", ""), "b": ("", "sad"), "none": ("", "happy")}
    times = {"both": 4, "a": 3, "b": 1, "none": 2}
    pairs = [answers[case] for case, number in times.items() for _ in range(number)]
    first, second = zip(*pairs, strict=True)
    result = compare(["sad"] * 10, first, second, LABELS, None)
    assert (result.both_right, result.only_a, result.only_b, result.both_wrong) == (4, 3, 1, 2)


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
    """The exact test is a sum of binomial coefficients; the chi-squared form is wrong for few
    clips.
    """
    assert mcnemar(only_a, only_b) == pytest.approx(expected)
    assert mcnemar(only_b, only_a) == pytest.approx(expected)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_twice_the_smaller_tail(only_a: int, only_b: int) -> None:
    """Any discordant pair counts the same, so the p value depends on the smaller count and the
    sum.
    """
    total = only_a + only_b
    tail = sum(math.comb(total, k) for k in range(min(only_a, only_b) + 1)) / 2**total
    assert mcnemar(only_a, only_b) == pytest.approx(min(1.0, 2 * tail))


def test_differences_are_a_minus_b() -> None:
    """A sign error would crown the worse model."""
    truth, better, worse, speakers = simulate(0, 0.9, 0.4)
    result = compare(truth, better, worse, LABELS, speakers)
    a, b = (metrics(confusion(truth, answers, LABELS)) for answers in (better, worse))
    assert result.differences == pytest.approx({name: a[name] - b[name] for name in METRICS})
    assert result.differences["UA"] > 0.3
    lower, upper = result.intervals["UA"]
    assert 0 < lower < result.differences["UA"] < upper
    assert result.ua_p < 1e-6


def test_swapping_the_models_mirrors_everything() -> None:
    """The answer must not depend on which model is named first."""
    truth, first, second, speakers = simulate(1, 0.6, 0.5)
    forward, two = (
        compare(truth, *pair, LABELS, speakers) for pair in ((first, second), (second, first))
    )
    assert (forward.only_a, forward.only_b) == (two.only_b, two.only_a)
    assert forward.mcnemar_p == two.mcnemar_p
    assert two.differences == pytest.approx(
        {name: -value for name, value in forward.differences.items()}
    )


def test_a_model_ties_with_itself() -> None:
    """Equal predictions leave nothing to tell apart."""
    truth, answers, _, speakers = simulate(2, 0.5, 0.5)
    result = compare(truth, answers, answers, LABELS, speakers)
    assert result.mcnemar_p == result.ua_p == 1.0
    assert set(result.differences.values()) == {0.0}
    assert set(result.intervals.values()) == {(0.0, 0.0)}


def test_recalls_that_differ_in_their_last_bit_alone_are_a_tie() -> None:
    """A sum in another order must not make one model significantly better by 1e-16."""
    recalls = (1, 2, 3)  # of 10: (0.1 + 0.2) + 0.3 > (0.3 + 0.2) + 0.1 in floating point
    truth = [label for label in LABELS for _ in range(10)]

    def answers(right: tuple[int, ...]) -> list[str]:
        return [
            label if at < n else ""
            for label, n in zip(LABELS, right, strict=True)
            for at in range(10)
        ]

    first, second = answers(recalls), answers(recalls[::-1])
    assert (
        metrics(confusion(truth, first, LABELS))["UA"]
        != metrics(confusion(truth, second, LABELS))["UA"]
    )
    result = compare(truth * 2, first * 2, second * 2, LABELS, [f"s{at // 15}" for at in range(60)])
    assert result.ua_p == 1.0


def test_pairing_leaves_the_same_speakers_out() -> None:
    """Speakers that are hard for both would hide a small but steady advantage if each model had
    errors of its own.
    """
    truth = ["sad"] * 200
    speakers = [f"s{at // 10}" for at in range(200)]
    hard = [at // 10 % 10 for at in range(200)]  # speaker s gets 0 to 9 of 10 right
    worse = ["sad" if at % 10 < right else "" for at, right in enumerate(hard)]
    better = ["sad" if at % 10 < right + 1 or at == 5 else "" for at, right in enumerate(hard)]
    result = compare(truth, better, worse, LABELS, speakers)
    assert result.intervals["UA"] == pytest.approx((0.105 - 0.0105, 0.105 + 0.0105), abs=2e-4)
    assert result.ua_p < 1e-10


def test_a_difference_that_no_speaker_varies_has_p_of_its_signs() -> None:
    """The same advantage on each of 20 speakers leaves no error to measure: no width would be a
    claim.
    """
    truth = ["sad"] * 200
    better = ["sad" if at % 10 < 6 else "" for at in range(200)]
    worse = ["sad" if at % 10 < 5 else "" for at in range(200)]
    result = compare(truth, better, worse, LABELS, [f"s{at // 10}" for at in range(200)])
    assert result.intervals["UA"] is None
    assert result.ua_p == 2**-19


def test_interval_and_p_are_those_of_a_t_test_over_speakers() -> None:
    """With as many clips of each label a speaker, UA is a mean over speakers, and the test the
    paired t test itself.
    """
    generator = np.random.default_rng(7)
    truth, speakers = LABELS * 60, [f"s{at // 18}" for at in range(180)]
    first, second = (
        np.where(generator.random(180) < right, truth, "").tolist() for right in (0.65, 0.5)
    )
    gained = [(a == t) - float(b == t) for a, b, t in zip(first, second, truth, strict=True)]
    apart = np.array(gained).reshape(10, 18).mean(axis=1)
    result = compare(truth, first, second, LABELS, speakers)
    expected = stats.ttest_1samp(apart, 0.0)
    assert result.ua_p == pytest.approx(expected.pvalue)
    assert result.intervals["UA"] == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_models_of_equal_skill_are_seldom_told_apart() -> None:
    """A test that finds a winner among equals more often than 1 in 20 would invent progress."""
    results = [
        compare(*simulate(seed, 0.5, 0.5)[:3], LABELS, simulate(seed, 0.5, 0.5)[3])
        for seed in range(150)
    ]
    assert np.mean([result.ua_p <= 0.05 for result in results]) <= 0.11
    assert np.mean([result.mcnemar_p <= 0.05 for result in results]) <= 0.07


@pytest.mark.parametrize("speakers", [1, 2, 3])
def test_up_to_three_speakers_have_counts_but_no_test(speakers: int) -> None:
    """So few speakers cannot say how speakers differ; a p value would be made up."""
    clusters = [f"s{at % speakers}" for at in range(6)]
    result = compare(["sad"] * 6, ["sad"] * 6, ["sad", *[""] * 5], LABELS, clusters)
    assert (result.only_a, result.clusters, result.by_clip) == (5, speakers, False)
    assert result.ua_p is None
    assert result.intervals == dict.fromkeys(METRICS)


def test_without_speakers_the_test_says_that_it_is_over_clips() -> None:
    """The same look for both would let clips pass for speakers."""
    truth, first, second, _ = simulate(5, 0.7, 0.5)
    result = compare(truth, first, second, LABELS, None)
    assert result.by_clip
    assert result.clusters == result.n == 200


def test_the_order_of_clips_changes_nothing() -> None:
    """Two machines that list files in another order must print the same comparison."""
    columns = simulate(4, 0.6, 0.5)
    order = np.random.default_rng(0).permutation(len(columns[0]))
    shuffled = [[column[at] for at in order] for column in columns]
    first, second = (compare(*rows[:3], LABELS, rows[3]) for rows in (columns, shuffled))
    assert first.ua_p == pytest.approx(second.ua_p)
    assert first.intervals["UA"] == pytest.approx(second.intervals["UA"])


def test_a_comparison_cannot_be_changed() -> None:
    """A result that code can alter after the fact is no record."""
    result = compare(["sad"], ["sad"], [""], LABELS, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.n = 2  # type: ignore[misc]


def test_predictions_of_other_lengths_are_refused() -> None:
    """Models scored on different utterances are not compared."""
    with pytest.raises(ValueError, match="truth has 2 labels but prediction 1"):
        compare(["sad", "sad"], ["sad", "sad"], ["sad"], LABELS, None)

    with pytest.raises(ValueError, match="counts of 0 clusters"):
        compare([], [], [], LABELS, None)


def test_holm_against_a_published_example() -> None:
    """R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") is 0.05 0.08 0.09 0.09 0.09."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_rejects_what_the_step_down_rule_rejects(pvalues: list[float]) -> None:
    """Adjusted values must decide as Holm's rule does: stop at the first p above level / (m -
    rank).
    """
    rejected, level = set(), 0.05
    for rank, at in enumerate(sorted(range(len(pvalues)), key=lambda at: pvalues[at])):
        if pvalues[at] * (len(pvalues) - rank) > level:
            break

        rejected.add(at)

    adjusted = holm(pvalues)
    assert {at for at, value in enumerate(adjusted) if value <= level} == rejected
    assert all(before <= after <= 1 for before, after in zip(pvalues, adjusted, strict=True))


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_holm_refuses_what_is_no_p_value(value: float) -> None:
    """NaN sorts anywhere and would corrupt the values beside it without a word."""
    with pytest.raises(ValueError, match="at position 1 is not between 0 and 1"):
        holm([0.5, value])


def counts_of(shares: list[float], per_label: int = 20) -> NDArray[np.int64]:
    """Return counts (S, 1, 2, 3) of a system that gets these shares of each speaker's clips
    right.
    """
    right = np.round(np.array(shares) * per_label).astype(np.int64)
    counts = np.zeros((len(shares), 1, 2, 3), dtype=np.int64)
    for label in (0, 1):
        counts[:, 0, label, label], counts[:, 0, label, 2] = right, per_label - right

    return counts


def test_a_tie_group_is_that_of_the_pairs_worked_by_hand() -> None:
    """What the best clearly beats is out; what it beats by chance is in; the worst cannot take
    others with it.
    """
    best = [0.9, 0.7, 0.8, 0.85, 0.75, 0.8]
    close = [0.85, 0.75, 0.75, 0.9, 0.7, 0.8]
    worse = [0.6, 0.45, 0.5, 0.6, 0.4, 0.5]
    worst = [0.1, 0.0, 0.05, 0.1, 0.05, 0.0]
    systems = [counts_of(shares) for shares in (worse, best, worst, close)]
    assert tie_group(systems) == [1, 3]
    assert tie_group(systems[::-1]) == [0, 2]
    p = stats.ttest_rel(best, worse).pvalue
    assert tie_group([counts_of(best), counts_of(worse)], level=p * 1.01) == [0]
    assert tie_group([counts_of(best), counts_of(worse)], level=p * 0.99) == [0, 1]


@pytest.mark.parametrize(("speakers", "group"), [(5, [0, 1]), (6, [0])])
def test_a_gap_that_all_speakers_share_counts_as_their_signs(
    speakers: int, group: list[int]
) -> None:
    """Nothing varies: p is 2^(1 - S), below 5 % from six speakers on."""
    assert tie_group([counts_of([0.9] * speakers), counts_of([0.6] * speakers)]) == group


def test_a_tie_group_of_few_speakers_holds_everybody() -> None:
    """Three speakers cannot show that anybody is worse."""
    assert tie_group([counts_of([0.9, 0.9, 0.9]), counts_of([0.1, 0.0, 0.1])]) == [0, 1]
    assert tie_group([counts_of([0.9] * 4)]) == [0]
    assert tie_group([]) == []


@pytest.mark.parametrize(
    ("clearest", "last", "group"),
    [  # three pairs at first, so that 0.05 / 3 is the bound of the clearest
        (0.018, 0.5, [0, 1, 2]),
        (0.015, 0.06, [1, 2]),
        (0.015, 0.04, [2]),
    ],
)
def test_a_pair_must_be_clearer_than_the_level_over_all_pairs_left(
    monkeypatch: pytest.MonkeyPatch, clearest: float, last: float, group: list[int]
) -> None:
    """If the bound were looser, equal systems would leave the group more often than is said."""
    pvalue = np.array([[1, 0.5, clearest], [0.5, 1, last], [clearest, last, 1]])
    monkeypatch.setattr(module, "_pairs", lambda systems: (np.array([0.5, 0.6, 0.7]), pvalue))
    # Four speakers are enough.
    assert tie_group([counts_of([0.5] * 4)] * 3) == group


def test_trainings_that_differ_keep_a_system_in_the_group() -> None:
    """A system whose five trainings lie far apart is not shown to be worse by their mean."""
    best = [0.9, 0.7, 0.8, 0.85, 0.75, 0.8]
    steady = np.concatenate([counts_of([share - 0.2 for share in best])] * 3, axis=1)
    shaky = np.concatenate(
        [counts_of([share - gap for share in best]) for gap in (0.0, 0.1, 0.5)], axis=1
    )
    rival = np.concatenate(
        [counts_of([share - at % 3 / 20 for at, share in enumerate(best)])] * 3, axis=1
    )
    assert tie_group([rival, steady]) == [0]
    assert tie_group([rival, shaky]) == [0, 1]


def test_the_smallest_difference_is_that_of_the_committed_comparisons() -> None:
    """Its two constants stand for what pairs of systems really vary by: on each target within a
    quarter.
    """
    for errors, clips, speakers in committed_pairs():
        usual = (module.BETWEEN / speakers + module.WITHIN / clips) ** 0.5
        assert usual == pytest.approx(float(np.median(errors)), rel=0.25)

    assert smallest_difference(604, 6) == pytest.approx(0.119, abs=0.001)
    assert smallest_difference(604, 3) is None
    assert smallest_difference(604, 4) is not None


def committed_pairs() -> Iterator[tuple[list[float], int, int]]:
    """Yield the standard errors of differences up to 15 points between systems of transfer-real,
    for each target.
    """
    record = json.loads((TRANSFER / "record.json").read_text(encoding="utf-8"))
    for name, task in record["tasks"].items():
        text = (TRANSFER / "answers" / f"{name}.csv").read_text(encoding="utf-8")
        committed = answers.read(name, text, task["labels"])
        systems = [
            leave_out(cluster_counts(committed.truth, column, task["labels"], committed.speakers))
            for key, column in committed.columns.items()
            if key.endswith("/0") and not key.startswith("prior")
        ]
        errors = [
            over_clusters(a.without["UA"] - b.without["UA"], 1).value ** 0.5
            for a, b in combinations(systems, 2)
            if abs(a.point["UA"] - b.point["UA"]) < 0.15
        ]
        yield errors, len(committed.ids), systems[0].clusters


def test_examples_in_the_documentation_hold() -> None:
    """A wrong example would teach a wrong call."""
    assert doctest.testmod(module) == (0, doctest.testmod(module).attempted)
