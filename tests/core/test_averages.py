"""Means over seeds and targets against plain loops: speakers of each target left out in turn, seeds
beside them.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mserbench.statistics import averages
from mserbench.statistics.averages import Part, Target, difference, figure, target
from mserbench.statistics.compare import compare
from mserbench.statistics.intervals import cluster_counts, intervals
from mserbench.statistics.metrics import metrics

LABELS = ["happy", "sad", "angry"]


def models(seed: int, rights: list[float], n: int = 60, speakers: int = 5) -> NDArray[np.int64]:
    """Return counts (S, M, K, K + 1) of models that are right with the given probabilities."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(LABELS, n).tolist()
    clusters = [f"s{at % speakers}" for at in range(n)]
    columns = [
        np.where(generator.random(n) < right, truth, generator.choice(LABELS, n)).tolist()
        for right in rights
    ]

    return np.stack([cluster_counts(truth, column, LABELS, clusters) for column in columns], axis=1)


def recall(counts: NDArray[np.int64]) -> float:
    """UA by plain loops."""
    recalls = [
        counts[label, label] / sum(counts[label])
        for label in range(len(LABELS))
        if sum(counts[label])
    ]

    return sum(recalls) / len(recalls)


def without(counts: NDArray[np.int64], model: int) -> list[float]:
    """UA of a model with each speaker left out, by plain loops."""
    return [
        recall(sum(counts[at, model] for at in range(len(counts)) if at != gone))
        for gone in range(len(counts))
    ]


def squared_error(values: list[float]) -> float:
    """The jackknife's variance."""
    mean = sum(values) / len(values)
    return (len(values) - 1) / len(values) * sum((value - mean) ** 2 for value in values)


def of_logit(value: float) -> float:
    return math.log(value / (1 - value))


def one(scored: Target, *positions: int) -> Part:
    """Return a part of one model a seed."""
    return Part(scored, tuple((position,) for position in positions))


def test_a_cell_leaves_each_speaker_out_of_the_mean_over_its_seeds() -> None:
    """Seeds share their speakers: an interval for each, averaged, would be too narrow; and seeds
    vary beside them.
    """
    counts = models(1, [0.4, 0.6, 0.8])
    values = [recall(counts[:, model].sum(0)) for model in (0, 2)]
    mean = sum(values) / 2
    leaving_out = [(a + b) / 2 for a, b in zip(without(counts, 0), without(counts, 2), strict=True)]
    speakers = squared_error([of_logit(value) for value in leaving_out])
    seeds = np.var(values, ddof=1) / 2 / (mean * (1 - mean)) ** 2
    freedom = (speakers + seeds) ** 2 / (speakers**2 / 4 + seeds**2 / 1)
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(speakers + seeds)
    expected = [1 / (1 + math.exp(-(of_logit(mean) + sign * reach))) for sign in (-1, 1)]
    cell = figure([one(target(counts), 0, 2)], "UA")
    assert cell.value == pytest.approx(mean)
    assert cell.interval == pytest.approx(expected)


def test_a_difference_pairs_speakers_and_seeds_over_independent_targets() -> None:
    """If it were not paired, what makes a speaker hard for both would hide who is better."""
    rights = [0.5, 0.55, 0.7, 0.8]  # two seeds of one system, two of the other
    tables = [models(2, rights), models(3, rights, speakers=4)]
    scored_targets = [target(counts) for counts in tables]
    parts = [[one(scored, *pair) for scored in scored_targets] for pair in ((2, 3), (0, 1))]
    speakers, seeds = [], []

    for counts in tables:
        leaving_out = [without(counts, model) for model in range(4)]
        apart = [(c + d - a - b) / 4 for a, b, c, d in zip(*leaving_out, strict=True)]
        speakers.append((squared_error(apart), len(counts) - 1))
        values = [recall(counts[:, model].sum(0)) for model in range(4)]
        pairs = [(values[2] - values[0]) / 2, (values[3] - values[1]) / 2]
        seeds.append((np.var(pairs, ddof=1) / 2, 1))

    total = sum(value for value, _ in (*speakers, *seeds))
    freedom = total**2 / sum(value**2 / free for value, free in (*speakers, *seeds))
    computed = difference(parts[0], parts[1], "UA")
    reach = stats.t.ppf(0.975, max(freedom, 1)) * math.sqrt(total)
    assert computed.interval == pytest.approx((computed.value - reach, computed.value + reach))
    assert computed.p == pytest.approx(
        2 * stats.t.sf(abs(computed.value) / math.sqrt(total), max(freedom, 1))
    )


def test_a_model_without_seeds_is_set_against_each_seed_of_another() -> None:
    """A linear classifier is trained once; the seeds of its rival still vary."""
    scored = target(models(4, [0.5, 0.6, 0.7]))
    steady, seeds = [one(scored, 0)], [one(scored, 1, 2)]
    alone = difference([one(scored, 1)], steady, "UA")
    both = difference(seeds, steady, "UA")
    assert both.value == pytest.approx(
        sum(difference([one(scored, at)], steady, "UA").value for at in (1, 2)) / 2
    )
    assert both.interval is not None
    assert alone.interval is not None
    swapped = difference(steady, seeds, "UA")
    assert swapped.interval == pytest.approx((-both.interval[1], -both.interval[0]))
    assert swapped.p == pytest.approx(both.p)


def test_two_settings_of_one_target_share_its_speakers() -> None:
    """If they did not, an average over settings of one target would look surer than its few
    speakers allow.
    """
    scored = target(models(4, [0.6]))
    cell = one(scored, 0)
    assert figure([cell, cell], "UA").interval == pytest.approx(figure([cell], "UA").interval)
    second_cell = target(models(4, [0.6]))
    single, pair = figure([cell], "UA").interval, figure([cell, one(second_cell, 0)], "UA").interval
    assert single is not None
    assert pair is not None
    assert pair[1] - pair[0] < single[1] - single[0], "different targets have speakers of their own"


def test_a_mean_over_sources_is_one_training_a_seed() -> None:
    """Sources are no seeds: that one source teaches more than another is no error of the mean over
    them.
    """
    scored = target(models(5, [0.3, 0.9, 0.3, 0.9]))
    by_seed = figure([Part(scored, ((0, 1), (2, 3)))], "UA")
    as_seeds = figure([one(scored, 0, 1, 2, 3)], "UA")
    assert by_seed.value == pytest.approx(as_seeds.value)
    assert by_seed.interval is not None
    assert as_seeds.interval is not None
    assert by_seed.interval[1] - by_seed.interval[0] < as_seeds.interval[1] - as_seeds.interval[0]


def test_one_model_on_one_target_agrees_with_run_and_compare() -> None:
    """If tables and `mserbench run` gave different intervals for one thing, neither could be
    trusted.
    """
    counts = models(5, [0.5, 0.7])
    scored = target(counts)
    assert figure([one(scored, 0)], "MF1").interval == pytest.approx(intervals(counts[:, 0])["MF1"])
    generator = np.random.default_rng(5)
    truth = generator.choice(LABELS, 60).tolist()
    clusters = [f"s{at % 5}" for at in range(60)]
    columns = [
        np.where(generator.random(60) < r, truth, generator.choice(LABELS, 60)).tolist()
        for r in (0.5, 0.7)
    ]
    expected = compare(truth, columns[0], columns[1], LABELS, clusters)
    apart = difference([one(scored, 0)], [one(scored, 1)], "UA")
    assert apart.interval == expected.intervals["UA"]
    assert apart.p == expected.ua_p


def test_a_system_does_not_differ_from_itself() -> None:
    cell = [one(target(models(6, [0.5])), 0)]
    assert difference(cell, cell, "UA") == averages.Difference(0.0, (0.0, 0.0), 1.0)


def test_an_average_adds_up_the_speakers_and_seeds_of_its_targets() -> None:
    """If the seeds of a cell counted in full, or not at all, an average would look less sure than
    its cells, or surer than its trainings allow.
    """
    tables = [models(11, [0.3, 0.6]), models(12, [0.5, 0.9], speakers=4)]
    values = [[recall(counts[:, model].sum(0)) for model in (0, 1)] for counts in tables]
    mean = sum(map(sum, values)) / 4
    variances = []
    for counts, pair in zip(tables, values, strict=True):
        moved = [
            mean + (sum(both) / 2 - sum(pair) / 2) / 2
            for both in zip(without(counts, 0), without(counts, 1), strict=True)
        ]
        variances.append((squared_error([of_logit(value) for value in moved]), len(counts) - 1))
        of_seeds = np.var(pair, ddof=1) / 2
        variances.append((of_seeds / (2 * mean * (1 - mean)) ** 2, 1))

    total = sum(value for value, _ in variances)
    freedom = total**2 / sum(value**2 / free for value, free in variances)
    reach = stats.t.ppf(0.975, max(freedom, 1)) * math.sqrt(total)
    expected = [1 / (1 + math.exp(-(of_logit(mean) + sign * reach))) for sign in (-1, 1)]
    average = figure([one(target(counts), 0, 1) for counts in tables], "UA")
    assert average.value == pytest.approx(mean)
    assert average.interval == pytest.approx(expected)
    assert not average.by_clip


def test_four_speakers_are_enough_for_an_interval() -> None:
    scored = target(models(7, [0.5, 0.9], speakers=4))
    assert figure([one(scored, 0)], "UA").interval is not None
    apart = difference([one(scored, 1)], [one(scored, 0)], "UA")
    assert apart.interval is not None
    assert apart.p is not None


def test_unequal_numbers_of_seeds_are_not_paired() -> None:
    """Three trainings against two have no pairs: what each side varies by adds up."""
    counts = models(13, [0.3, 0.5, 0.6, 0.7, 0.9])
    left = [without(counts, model) for model in range(5)]
    apart = [sum(each[:3]) / 3 - sum(each[3:]) / 2 for each in zip(*left, strict=True)]
    values = [recall(counts[:, model].sum(0)) for model in range(5)]
    variances = [
        (squared_error(apart), 4),
        (np.var(values[:3], ddof=1) / 3, 2),
        (np.var(values[3:], ddof=1) / 2, 1),
    ]
    total = sum(value for value, _ in variances)
    freedom = total**2 / sum(value**2 / free for value, free in variances)
    reach = stats.t.ppf(0.975, max(freedom, 1)) * math.sqrt(total)
    scored = target(counts)
    result = difference([one(scored, 0, 1, 2)], [one(scored, 3, 4)], "UA")
    assert result.interval == pytest.approx((result.value - reach, result.value + reach))


def constant(right: bool, speakers: int) -> NDArray[np.int64]:
    """Return the counts of a model that answers every clip rightly, or none."""
    truth = LABELS * speakers
    shifted = truth if right else [*truth[1:], truth[0]]
    clusters = [f"s{at // len(LABELS)}" for at in range(len(truth))]
    return cluster_counts(truth, shifted, LABELS, clusters)


def test_a_difference_that_all_speakers_share_has_the_p_of_so_many_signs() -> None:
    """Without spread there is no interval to give; one of width zero would claim certainty."""
    pairs = [np.stack([constant(True, n), constant(False, n)], axis=1) for n in (5, 4)]
    scored_targets = [target(counts) for counts in pairs]
    single = [[one(scored_targets[0], model)] for model in (0, 1)]
    assert difference(*single, "UA") == averages.Difference(1.0, None, 2**-4)

    both = [[one(scored, model) for scored in scored_targets] for model in (1, 0)]
    assert difference(*both, "UA") == averages.Difference(-1.0, None, 2**-8)


def test_models_that_are_equal_in_the_mean_only_are_not_told_apart() -> None:
    """Each is right where the other is wrong: the difference is none, and it is not sure."""
    truth = LABELS * 4
    clusters = [f"s{at // 3}" for at in range(12)]
    wrong = [*LABELS[1:], LABELS[0]]
    halves = [[*LABELS, *LABELS, *wrong, *wrong], [*wrong, *wrong, *LABELS, *LABELS]]
    counts = [cluster_counts(truth, answers, LABELS, clusters) for answers in halves]
    scored = target(np.stack(counts, axis=1))
    apart = difference([one(scored, 0)], [one(scored, 1)], "UA")
    assert (apart.value, apart.p) == (0.0, 1.0)
    # Left out in turn, the speakers move it by 1/3 either way: (3 / 4) * 4 / 9 is its variance.
    reach = stats.t.ppf(0.975, 3) * math.sqrt(1 / 3)
    assert apart.interval == pytest.approx((-reach, reach))


@pytest.mark.parametrize("speakers", [1, 3])
def test_few_speakers_leave_nothing_to_say(speakers: int) -> None:
    """An interval of width zero would claim certainty where there is none; the value stands."""
    counts = models(7, [0.5, 0.9], speakers=speakers)
    scored = target(counts)
    apart = difference([one(scored, 1)], [one(scored, 0)], "UA")
    assert (apart.interval, apart.p) == (None, None)
    assert figure([one(scored, 0)], "UA").interval is None
    assert figure([one(scored, 0), one(target(models(8, [0.5])), 0)], "UA").interval is None
    assert apart.value == pytest.approx(float(np.diff(metrics(counts.sum(0))["UA"])[0]))


def test_clips_as_clusters_are_told() -> None:
    """A page shows a range over clips in another look: the figure must know."""
    over_clips = target(models(9, [0.5], speakers=60), by_clip=True)
    assert figure([one(over_clips, 0), one(target(models(9, [0.5])), 0)], "UA").by_clip
    assert difference([one(over_clips, 0)], [one(over_clips, 0)], "UA").by_clip
    assert not target(models(9, [0.5])).by_clip
    assert not averages.Target(over_clips.left_out).by_clip
    assert not averages.Figure(0.5, None).by_clip
    assert not averages.Difference(0.5, None, None).by_clip


def test_mistakes_are_named() -> None:
    scored = target(models(8, [0.5]))
    with pytest.raises(ValueError, match="metric 'UAR' is not one of UA, WA"):
        figure([one(scored, 0)], "UAR")

    for parts in ([], [Part(scored, ())], [Part(scored, ((),))]):
        with pytest.raises(ValueError, match="hold no model, or one holds none"):
            figure(parts, "UA")
        for a, b in ((parts, [one(scored, 0)]), ([one(scored, 0)], parts)):
            with pytest.raises(ValueError, match="hold no model, or one holds none"):
                difference(a, b, "UA")
