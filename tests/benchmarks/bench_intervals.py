"""10,000 speaker-clustered resamples against a loop over scikit-learn, both timed in this run."""

from __future__ import annotations

import time

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture
from sklearn.metrics import accuracy_score, f1_score, recall_score

from mserbench.intervals import bootstrap, cluster_counts
from mserbench.metrics import METRICS

UTTERANCES, SPEAKERS, RESAMPLES = 3000, 87, 10_000
LABELS = ["neutral", "happy", "sad", "angry", "surprise", "disgust", "fear"]
LOOPED = 40  # resamples of the reference; each costs the same, so the rest is extrapolated


def simulate() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the true label, the answer and the speaker of each utterance as integers; half are right."""
    generator = np.random.default_rng(0)
    truth = generator.integers(len(LABELS), size=UTTERANCES)
    answers = np.where(generator.random(UTTERANCES) < 0.5, truth, generator.integers(len(LABELS), size=UTTERANCES))
    return truth, answers, np.arange(UTTERANCES) % SPEAKERS


def loop_over_scikit_learn(truth: np.ndarray, answers: np.ndarray, speakers: np.ndarray) -> np.ndarray:
    """Return UA, WA, WF1 and MF1 of each resample: (LOOPED, 4); integers, as strings would be slower."""
    generator = np.random.default_rng(0)
    of_speaker = [np.flatnonzero(speakers == speaker) for speaker in range(SPEAKERS)]
    scores = []
    for _ in range(LOOPED):
        chosen = np.concatenate([of_speaker[speaker] for speaker in generator.integers(SPEAKERS, size=SPEAKERS)])
        true, said = truth[chosen], answers[chosen]
        scores.append(
            (
                recall_score(true, said, average="macro"),
                accuracy_score(true, said),
                f1_score(true, said, average="weighted"),
                f1_score(true, said, average="macro"),
            )
        )
    return np.array(scores)


def bench_bootstrap_of_all_metrics(benchmark: BenchmarkFixture) -> None:
    """From labels to the intervals of all six metrics: under 0.2 s and 1,000 times the loop."""
    truth, answers, speakers = simulate()
    loop_over_scikit_learn(truth[:200], answers[:200], speakers[:200])  # the first calls are slower
    started = time.perf_counter()
    looped = loop_over_scikit_learn(truth, answers, speakers)
    reference = (time.perf_counter() - started) / LOOPED * RESAMPLES
    names = [str(speaker) for speaker in speakers]
    columns = [[LABELS[number] for number in numbers] for numbers in (truth, answers)]

    found = benchmark(lambda: bootstrap(cluster_counts(*columns, LABELS, names), resamples=RESAMPLES))

    seconds = benchmark.stats.stats.median
    benchmark.extra_info.update(reference_seconds=reference, ratio=reference / seconds)
    print(f"\nbootstrap {seconds:.3f} s, loop {reference:.0f} s, ratio {reference / seconds:.0f}")
    for column, name in enumerate(METRICS[:4]):  # both must measure the same thing
        lower, upper = found[name]
        assert lower < np.median(looped[:, column]) < upper
    assert seconds < 0.2
    assert reference / seconds >= 1000
