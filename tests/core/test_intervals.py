"""The intervals against a slow loop over utterances, and what they must not depend on."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from mserbench.statistics import intervals as module
from mserbench.statistics.intervals import (
    Variance,
    cluster_counts,
    freedom_of,
    intervals,
    leave_out,
    logit,
    logit_interval,
    over_seeds,
    row_numbers,
    t_quantile,
    together,
)
from mserbench.statistics.metrics import METRICS, confusion

LABELS = ["angry", "happy", "neutral", "sad"]


def simulate(
    n: int = 240, speakers: int = 12, accuracy: float = 0.6, seed: int = 0, spread: float = 0.0
) -> tuple[list[str], list[str], list[str]]:
    """Return truth, prediction and speakers; each speaker's accuracy lies within `spread` of
    `accuracy`.
    """
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


def by_the_formula(
    values: list[float], point: float, freedom: float, clips: int
) -> tuple[float, float]:
    """The interval as docs/results.md writes it, from the values with each speaker left out, in
    plain arithmetic.
    """
    edge = max(0.001, 0.5 / clips)
    inside = [min(max(x, edge), 1 - edge) for x in values]
    logits = [math.log(x / (1 - x)) for x in inside]
    mean = sum(logits) / len(logits)
    error = math.sqrt((len(logits) - 1) / len(logits) * sum((x - mean) ** 2 for x in logits))
    middle, reach = math.log(point / (1 - point)), stats.t.ppf(0.975, freedom) * error

    return 1 / (1 + math.exp(reach - middle)), 1 / (1 + math.exp(-reach - middle))


def test_intervals_equal_a_loop_that_leaves_each_speaker_out() -> None:
    """The fast way must be the slow way: all utterances but one speaker's, scored by
    scikit-learn.
    """
    truth, answers, speakers = (
        np.array(column) for column in simulate(n=90, speakers=7, spread=0.3)
    )
    ends = intervals(cluster_counts(truth, answers, LABELS, speakers))
    names, sizes = np.unique(speakers, return_counts=True)
    without = [by_hand(truth[speakers != name], answers[speakers != name]) for name in names]
    freedom = sizes.sum() ** 2 / (sizes**2).sum() - 1
    point = by_hand(truth, answers)

    for column, name in enumerate(METRICS):
        expected = by_the_formula([row[column] for row in without], point[column], freedom, 90)
        assert ends[name] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=6, max_size=6), min_size=4, max_size=9), st.data()
)
def test_ends_are_fractions_around_the_value(
    speakers: list[list[int]], data: st.DataObject
) -> None:
    """Whatever the counts, absent labels too, an interval holds its value and stays in [0, 1]."""
    counts = np.array(speakers).reshape(len(speakers), 2, 3)
    counts[counts.sum((1, 2)) == 0, 0, 0] = 1
    scored = leave_out(counts).point

    for name, (lower, upper) in intervals(counts).items():
        assert 0 <= lower <= float(scored[name]) <= upper <= 1


def test_speakers_that_differ_widen_the_interval() -> None:
    """Clips as the unit where speakers differ would claim a precision that new speakers
    disprove.
    """
    truth, answers, speakers = simulate(n=1200, speakers=10, spread=0.35)
    wide = intervals(cluster_counts(truth, answers, LABELS, speakers))["WA"]
    narrow = intervals(cluster_counts(truth, answers, LABELS, None))["WA"]
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


def test_over_clips_it_is_the_interval_of_independent_answers() -> None:
    """Where no speaker is known the unit is the clip; then WA has the binomial's standard error."""
    truth, answers, _ = simulate(n=400)
    lower, upper = intervals(cluster_counts(truth, answers, LABELS, None))["WA"]
    share = float(np.mean(np.array(truth) == np.array(answers)))
    assert upper - lower == pytest.approx(
        2 * 1.966 * math.sqrt(share * (1 - share) / 400), rel=0.02
    )


@pytest.mark.parametrize("right", [True, False])
def test_without_an_error_the_interval_is_not_a_point(right: bool) -> None:
    """Six speakers who were all understood do not prove that the seventh will be: [100, 100] would
    say so.
    """
    truth, _, speakers = simulate(n=240, speakers=6)
    ends = intervals(cluster_counts(truth, truth if right else [""] * 240, LABELS, speakers))
    reach = 1 - 0.025 ** (1 / 6)
    assert ends["UA"] == pytest.approx((1 - reach, 1.0) if right else (0.0, reach))
    assert ends["unparsed"] == pytest.approx((0.0, reach) if right else (1 - reach, 1.0))


def test_a_constant_answer_is_certain_of_its_ua() -> None:
    """One answer to everything has a UA of 1 / K with any speakers that have all labels: nothing
    varies there.
    """
    truth, speakers = LABELS * 12, [f"s{at // 4 % 6}" for at in range(48)]
    ends = intervals(cluster_counts(truth, ["sad"] * 48, LABELS, speakers))
    assert ends["UA"] == (0.25, 0.25)


def test_a_label_that_only_one_speaker_has_makes_the_interval_wide() -> None:
    """Without that speaker UA is over fewer labels, which shows as doubt, never as a recall of
    0.
    """
    truth, speakers = ["sad", "happy"] * 30, [f"s{at // 2 % 6}" for at in range(60)]
    answers = ["sad" if at % 5 else "happy" for at in range(60)]
    usual = intervals(cluster_counts(truth, answers, LABELS, speakers))["UA"]
    rare = intervals(
        cluster_counts([*truth, "angry"], [*answers, "angry"], LABELS, [*speakers, "s0"])
    )["UA"]
    assert rare[1] - rare[0] > 2 * (usual[1] - usual[0])
    leaving_out = leave_out(
        cluster_counts([*truth, "angry"], [*answers, "angry"], LABELS, [*speakers, "s0"])
    )
    remaining = [at for at in range(60) if speakers[at] != "s0"]
    expected = recall_score(
        [truth[at] for at in remaining], [answers[at] for at in remaining], average="macro"
    )
    assert leaving_out.without["UA"][0] == pytest.approx(expected)


def test_one_clip_a_speaker_is_the_same_as_over_clips() -> None:
    """A corpus of many speakers with one clip each has independent clips, and nothing else."""
    truth, answers, _ = simulate(n=80)
    each = intervals(cluster_counts(truth, answers, LABELS, [f"s{at}" for at in range(80)]))
    assert each == intervals(cluster_counts(truth, answers, LABELS, None))


@pytest.mark.parametrize("speakers", [1, 2, 3])
def test_up_to_three_speakers_have_no_interval(speakers: int) -> None:
    """The range of two speakers held the truth in 49 of 100 simulated corpora: it is no interval of
    95 %.
    """
    truth, answers, names = simulate(speakers=speakers)
    assert intervals(cluster_counts(truth, answers, LABELS, names)) == dict.fromkeys(METRICS)


def test_uneven_speakers_count_for_fewer() -> None:
    """Nine clips of ten from one speaker are not ten speakers: 1 / (0.9^2 + 9 / 90^2) = 1.23
    effective ones, less 1.
    """
    assert freedom_of(np.full(10, 7)) == pytest.approx(9)
    assert freedom_of(np.array([81, *[1] * 9])) == 1.0  # never below 1
    assert freedom_of(np.array([30, 10, 10, 10])) == pytest.approx(60**2 / 1200 - 1)


def test_independent_variances_add_up_as_welch_says() -> None:
    """Worked by hand: (1 + 3)^2 / (1 / 4 + 9 / 9) = 12.8; a source that tells of no variance takes
    no part.
    """
    total = together([over_seeds(np.array([0.5])), Variance(1, 4), Variance(3, 9)])
    assert total == pytest.approx((4, 12.8))
    assert over_seeds(np.array([1.0, 2.0, 3.0])) == pytest.approx((1 / 3, 2))
    assert over_seeds(np.array([0.1, 0.3])) == pytest.approx((0.01, 1))


def test_what_tells_of_no_variance_has_none_and_the_fewest_degrees_of_freedom() -> None:
    """If freedom went with nothing, a sum of such parts could claim a narrow interval."""
    assert over_seeds(np.array([0.5])) == Variance(0.0, 1.0)
    assert together([]) == together([Variance(0.0, 9.0)]) == Variance(0.0, 1.0)
    assert together([Variance(1.0, 1.0)]) == Variance(1.0, 1.0)
    # Also where the value lies beyond what the logit is held to.
    assert logit_interval(0.01, Variance(0.0, 1.0), clusters=9, clips=10) == (0.01, 0.01)


@pytest.mark.parametrize(
    ("clips", "edge"), [(10_000, 0.001), (10, 0.05), (1, 0.5)], ids=["many", "few", "one"]
)
def test_fractions_are_held_half_a_clip_from_0_and_1(clips: int, edge: float) -> None:
    """If the edge were another, one clip of few would move an interval without bound, or not."""
    ends = logit(np.array([0.0, 1.0]), clips)
    assert ends == pytest.approx([math.log(edge / (1 - edge)), -math.log(edge / (1 - edge))])


@settings(max_examples=25)
@given(st.randoms(use_true_random=False), st.booleans())
def test_order_of_clips_and_names_of_speakers_change_nothing(random, speakers_known: bool) -> None:
    """Two machines that list files in another order must print the same interval."""
    truth, answers, speakers = simulate(n=50, speakers=8)
    renamed = {name: f"{random.random()} {name}" for name in speakers}
    rows = list(zip(truth, answers, [renamed[name] for name in speakers], strict=True))
    random.shuffle(rows)
    shuffled = [list(column) for column in zip(*rows, strict=True)]
    first = intervals(cluster_counts(truth, answers, LABELS, speakers if speakers_known else None))
    second = intervals(
        cluster_counts(shuffled[0], shuffled[1], LABELS, shuffled[2] if speakers_known else None)
    )

    for name in METRICS:
        assert first[name] == pytest.approx(second[name], abs=1e-12)


def test_a_higher_level_gives_a_wider_interval() -> None:
    """`level` must reach the quantile."""
    counts = cluster_counts(*simulate()[:2], LABELS, simulate()[2])
    wide, narrow = intervals(counts, level=0.99)["UA"], intervals(counts, level=0.5)["UA"]
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_wrong_input_is_named() -> None:
    """A caller's mistake that passes would become a wrong interval."""
    with pytest.raises(ValueError, match="clusters hold 1 speakers but truth has 2"):
        cluster_counts(["sad", "sad"], ["sad", "sad"], LABELS, ["one"])

    with pytest.raises(ValueError, match="without utterances"):
        intervals(np.array([[[1, 0]], [[0, 0]]]))

    with pytest.raises(ValueError, match="counts of 0 clusters"):
        intervals(cluster_counts([], [], LABELS, []))

    with pytest.raises(ValueError, match="level 95 is not between 0 and 1"):
        intervals(np.ones((4, 1, 2), np.int64), level=95)

    for level in (0.0, 1.0):
        with pytest.raises(ValueError, match="is not between 0 and 1"):
            t_quantile(level, 3.0)
        # Where nothing varies no quantile is asked for.
        with pytest.raises(ValueError, match="is not between 0 and 1"):
            logit_interval(1.0, Variance(0.0, 1.0), 9, 10, level)


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
    assert row_numbers(["a", None, "a", None, "0"], 5).tolist() == [0, 1, 0, 2, 3]
    assert row_numbers([1, None, 1], 3).tolist() == [0, 1, 0]  # not the speaker of number 1
    assert row_numbers([None, None], 2).tolist() == row_numbers(None, 2).tolist() == [0, 1]


def test_examples_in_the_documentation_hold() -> None:
    """A wrong example would teach a wrong call."""
    assert doctest.testmod(module) == (0, doctest.testmod(module).attempted)


def test_two_speakers_are_each_left_out() -> None:
    """If two were taken for one, both would have the score of all clips, and no variance."""
    truth, prediction, speakers = simulate(speakers=2, seed=3)
    counts = cluster_counts(truth, prediction, LABELS, speakers)
    leaving_out = leave_out(counts)
    for left_out in range(2):
        alone = leave_out(counts[1 - left_out : 2 - left_out]).point
        assert {name: values[left_out] for name, values in leaving_out.without.items()} == alone


def test_clips_of_a_speaker_are_counted_once_whatever_models_are_scored() -> None:
    """If they were counted a model, the freedom of a comparison would not be that of one model."""
    truth, prediction, speakers = simulate(seed=4)
    counts = cluster_counts(truth, prediction, LABELS, speakers)
    both = leave_out(np.stack([counts, counts], axis=1))
    assert both.sizes.tolist() == leave_out(counts).sizes.tolist()
    assert both.sizes.sum() == len(truth)
