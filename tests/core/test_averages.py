"""Means over seeds and targets against plain loops: one resample for all models of a target, none between targets."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mserbench import averages
from mserbench.averages import Part, difference, figure, resample
from mserbench.compare import compare
from mserbench.intervals import bootstrap, cluster_counts
from mserbench.metrics import metrics

LABELS = ["happy", "sad", "angry"]


def models(seed: int, rights: list[float], n: int = 60, speakers: int = 5) -> NDArray[np.int64]:
    """Return counts (S, M, K, K + 1) of models that are right with the given probabilities."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(LABELS, n).tolist()
    clusters = [f"s{at % speakers}" for at in range(n)]
    said = [np.where(generator.random(n) < right, truth, generator.choice(LABELS, n)).tolist() for right in rights]
    return np.stack([cluster_counts(truth, one, LABELS, clusters) for one in said], axis=1)


def recall(counts: NDArray[np.int64]) -> float:
    """UA by plain loops."""
    recalls = [counts[label, label] / sum(counts[label]) for label in range(len(LABELS)) if sum(counts[label])]
    return sum(recalls) / len(recalls)


def drawn_speakers(counts: NDArray[np.int64], number: int, resamples: int) -> list[list[int]]:
    """The speakers of each resample, as the documented generator draws them: speakers sorted by their counts."""
    order = sorted(range(len(counts)), key=lambda at: counts[at].reshape(-1).tolist())
    generator = np.random.Generator(np.random.PCG64(number))
    return [[order[at] for at in row] for row in generator.integers(len(counts), size=(resamples, len(counts)))]


def test_a_cell_is_the_mean_over_seeds_in_each_resample() -> None:
    """If each seed had resamples of its own, the interval of a mean would be too narrow."""
    counts = models(1, [0.4, 0.6, 0.8])
    target = resample(counts, 3, resamples=200)
    means = [
        sum(recall(sum(counts[at, model] for at in speakers)) for model in (0, 2)) / 2
        for speakers in drawn_speakers(counts, 3, 200)
    ]
    found = figure([Part(target, (0, 2))], "UA")
    assert found.value == pytest.approx((recall(counts[:, 0].sum(0)) + recall(counts[:, 2].sum(0))) / 2)
    assert found.interval == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_an_average_takes_targets_as_independent_and_its_difference_pairs_models() -> None:
    """If the difference were not paired, what makes a speaker hard for both would hide who is better."""
    one, two = models(2, [0.5, 0.7]), models(3, [0.5, 0.7], speakers=4)
    targets = [resample(one, 0, resamples=200), resample(two, 1, resamples=200)]
    apart = [
        (sum(recall(sum(counts[at, 1] for at in drawn)) for counts, drawn in pair)
         - sum(recall(sum(counts[at, 0] for at in drawn)) for counts, drawn in pair)) / 2
        for pair in (
            ((one, first), (two, second))
            for first, second in zip(drawn_speakers(one, 0, 200), drawn_speakers(two, 1, 200), strict=True)
        )
    ]  # fmt: skip
    found = difference([Part(t, (1,)) for t in targets], [Part(t, (0,)) for t in targets], "UA")
    assert found.interval == pytest.approx(tuple(np.quantile(apart, [0.025, 0.975])))
    smaller = min(sum(one <= 0 for one in np.round(apart, 12)), sum(one >= 0 for one in np.round(apart, 12)))
    assert found.p == pytest.approx(min(1.0, 2 * (smaller + 1) / 201))


def test_two_settings_of_one_target_share_their_resamples() -> None:
    """If they did not, an average over settings of one target would look surer than the target's few speakers allow."""
    target = resample(models(4, [0.6]), 0, resamples=500)
    cell = Part(target, (0,))
    assert figure([cell, cell], "UA") == figure([cell], "UA")
    other = resample(models(4, [0.6]), 1, resamples=500)
    one, both = figure([cell], "UA").interval, figure([cell, Part(other, (0,))], "UA").interval
    assert one is not None
    assert both is not None
    assert both[1] - both[0] < one[1] - one[0], "different targets are drawn independently"


def test_one_model_on_one_target_agrees_with_run_and_compare() -> None:
    """If tables and `mserbench run` gave different intervals for one thing, neither could be trusted."""
    counts = models(5, [0.5, 0.7])
    target = resample(counts, 0)
    assert figure([Part(target, (0,))], "MF1").interval == bootstrap(counts[:, 0])["MF1"]
    generator = np.random.default_rng(5)
    truth = generator.choice(LABELS, 60).tolist()
    clusters = [f"s{at % 5}" for at in range(60)]
    said = [np.where(generator.random(60) < r, truth, generator.choice(LABELS, 60)).tolist() for r in (0.5, 0.7)]
    expected = compare(truth, said[0], said[1], LABELS, clusters)
    found = difference([Part(target, (0,))], [Part(target, (1,))], "UA")
    assert found.interval == expected.intervals["UA"]
    assert expected.ua_p is not None
    assert found.p == max(expected.ua_p, 2**-4)


def test_a_system_does_not_differ_from_itself() -> None:
    cell = [Part(resample(models(6, [0.5]), 0, resamples=50), (0,))]
    assert difference(cell, cell, "UA") == averages.Difference(0.0, (0.0, 0.0), 1.0)


def test_one_speaker_leaves_nothing_to_resample() -> None:
    """An interval of width zero would claim certainty where there is none."""
    counts = models(7, [0.5, 0.9], speakers=1)
    target = resample(counts)
    found = difference([Part(target, (1,))], [Part(target, (0,))], "UA")
    assert (found.interval, found.p) == (None, None)
    assert figure([Part(target, (0,))], "UA").interval is None
    assert found.value == pytest.approx(float(np.diff(metrics(counts.sum(0))["UA"])[0]))


def test_mistakes_are_named() -> None:
    target = resample(models(8, [0.5]), 0, resamples=50)
    with pytest.raises(ValueError, match="metric 'UAR' is not one of UA, WA"):
        figure([Part(target, (0,))], "UAR")
    for parts in ([], [Part(target, ())]):
        with pytest.raises(ValueError, match="hold no model, or one holds none"):
            figure(parts, "UA")


def test_few_speakers_cannot_give_a_small_p() -> None:
    """Two speakers who agree would otherwise have p near 0, which is no evidence at all."""
    counts = models(9, [0.2, 1.0], n=200, speakers=2)
    target = resample(counts, 0)
    one, other = [Part(target, (1,))], [Part(target, (0,))]
    assert difference(one, other, "UA").p == 0.5
    second = Part(resample(models(10, [0.2, 1.0], n=200, speakers=3), 1), (1,))
    assert difference([*one, second], [*other, Part(second.target, (0,))], "UA").p == 2**-4
