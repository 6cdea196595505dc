"""Simulated corpora whose truth is known, to see how often intervals and tests hold what they say.

A speaker s is right on label k with probability logistic(mu_k + a_s + b_sk), where mu_k runs from
-1 to 2, and a_s and b_sk are normal: speakers have a level of their own, and one for each label.
The truth of a metric is its value over the whole population of speakers. Two systems share the
speaker's level and how hard each clip is, and differ from speaker to speaker by an effect of their
own whose mean is 0, so that neither is better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mserbench.statistics.metrics import metrics

POPULATION = 100_000  # speakers that stand for all


@dataclass(frozen=True)
class Design:
    """How many speakers and labels a corpus has, and how many clips of each label a speaker."""

    name: str
    speakers: int
    labels: int
    clips: int
    uneven: bool = False


DESIGNS = (
    Design("5 speakers", 5, 5, 20),
    Design("6 speakers", 6, 5, 20),
    Design("10 speakers", 10, 7, 7),
    Design("10 uneven speakers", 10, 7, 11, uneven=True),
    Design("24 speakers", 24, 7, 7),
    Design("87 uneven speakers", 87, 6, 6, uneven=True),
)
SPREADS = ((0.3, 0.4), (0.8, 0.8))  # standard deviations of a_s and of b_sk


def clips_of(design: Design, corpora: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return how many clips of each label each speaker has, at least one: (corpora, S, K)."""
    shape = (corpora, design.speakers, design.labels)
    if not design.uneven:
        return np.full(shape, design.clips)

    talkative = generator.gamma(2, 0.5, (*shape[:2], 1))
    clips = np.round(design.clips * talkative * generator.gamma(4, 0.25, shape)).astype(np.int64)
    clips[clips.sum(-1) == 0, 0] = 1

    return clips


def one_system(
    design: Design, spread: tuple[float, float], corpora: int, seed: int
) -> tuple[NDArray[np.int64], dict[str, float]]:
    """Return counts, int64 (corpora, S, K, K + 1), and the true value of each metric."""
    generator = np.random.default_rng(seed)
    population = _answers((POPULATION,), design.labels, spread, generator).mean(0)
    # As counts of a billion clips, since the metrics are those of counts.
    truth = metrics(_with_unparsed(np.round(population * 1e9).astype(np.int64)))
    clips = clips_of(design, corpora, generator)
    chances = _answers((corpora, design.speakers), design.labels, spread, generator)

    return _with_unparsed(generator.multinomial(clips, chances)), truth


def equal_systems(
    design: Design, systems: int, own: float, corpora: int, seed: int
) -> NDArray[np.int64]:
    """Return counts of systems of equal UA: int64, (corpora, M, S, K, K + 1).

    Wrong answers count as unparsed: which wrong label was given is nothing to UA.
    `own` is the standard deviation of what a system has of its own on a speaker, half of it for
    each label beside.
    """
    generator = np.random.default_rng(seed)
    clips = clips_of(design, corpora, generator)
    speakers = generator.normal(0, 0.5, (corpora, 1, design.speakers, 1))
    each = generator.normal(0, own, (corpora, systems, design.speakers, 1))
    each_label = generator.normal(0, own / 2, (corpora, systems, design.speakers, design.labels))
    level = np.linspace(-1, 2, design.labels) + speakers + each + each_label

    hits = np.zeros(level.shape, dtype=np.int64)
    for number in range(int(clips.max())):
        hard = generator.normal(0, 1, (corpora, 1, *level.shape[2:]))  # for all systems alike
        hits += (generator.random(level.shape) < _logistic(level + hard)) & (
            clips[:, np.newaxis] > number
        )

    counts = np.zeros((*level.shape, design.labels + 1), dtype=np.int64)
    diagonal = np.arange(design.labels)
    counts[..., diagonal, diagonal] = hits
    counts[..., -1] = clips[:, np.newaxis] - hits

    return counts


def _answers(
    shape: tuple[int, ...], labels: int, spread: tuple[float, float], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return the probability of each answer to each label for each speaker: (*shape, K, K)."""
    level = np.linspace(-1, 2, labels) + generator.normal(0, spread[0], (*shape, 1))
    right = _logistic(level + generator.normal(0, spread[1], (*shape, labels)))

    # Some mistakes are usual, whoever speaks; each speaker has others beside.
    usual = 0.5 * np.sin(np.arange(labels**2)).reshape(labels, labels)
    wrong = np.exp(usual + generator.normal(0, 0.7, (*shape, labels, labels))) * (
        1 - np.eye(labels)
    )
    chances = wrong / wrong.sum(-1, keepdims=True) * (1 - right[..., np.newaxis])
    diagonal = np.arange(labels)
    chances[..., diagonal, diagonal] = right

    return chances


def _with_unparsed(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([counts, np.zeros((*counts.shape[:-1], 1), dtype=np.int64)], axis=-1)


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))
