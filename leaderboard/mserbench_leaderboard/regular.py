"""Answers that are more regular than hearing makes them: by order, by speaker, copied; on numbers
alone.

The thresholds are of effects, not of significance: neighbours in the order of names share a speaker
and a sentence, so the answers of an honest model depend on one another too. `tests/leaderboard/
test_regular.py` simulates how often honest models reach them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ENOUGH = 30  # clips or pairs: of fewer, equal answers and patterns come by chance
REPEATED = 0.5  # agreement above chance of answers some clips apart, where the labels differ
BY_SPEAKER = 0.6  # share of the answers' variety that the speaker alone explains
"""Of the 49 runs of the board none has more than 0.11 of either."""

COPIED = 0.99  # of answers that equal those of another run
WRONG = 0.05  # of the answers that must be wrong, as right ones are alike by themselves
STUCK = 0.5  # of the clips with the same scores
FEW = 10  # answers other than the most frequent one, with fewer of which there is no pattern

_LONGEST = 24  # clips after which an order may repeat
_DRAWS = 50  # permutations
_SATURATED = 0.999  # of a row's sum; such scores are equal because they are rounded

Numbers = NDArray[np.int64]


def repeats(truth: Numbers, answers: Numbers) -> tuple[int, float]:
    """Return the distance, up to 24 clips, at which answers agree most, and how far above chance.

    `truth`, `answers`: (n,), in the order of names. Only pairs whose labels differ are looked at,
    as right answers repeat where labels do. Cohen's kappa of each answer and that before it: 1 for
    an order that repeats, about 0 for none; (0, 0.0) where there are too few pairs or answers.
    """
    best = (0, 0.0)
    if _variety(answers) < FEW:
        return best

    for distance in range(1, min(_LONGEST, len(answers) // 3) + 1):
        differing = truth[distance:] != truth[:-distance]
        if differing.sum() < ENOUGH:
            continue

        later, earlier = answers[distance:][differing], answers[:-distance][differing]
        equal = float((later == earlier).mean())
        chance = float(_shares(later) @ _shares(earlier))
        kappa = (equal - chance) / (1 - chance) if chance < 1 else 0.0
        if kappa > best[1]:
            best = (distance, kappa)

    return best


def by_speaker(truth: Numbers, answers: Numbers, speakers: Sequence[int | None] | None) -> float:
    """Return how much of the answers' variety the speaker explains, beyond what it does of labels.

    Goodman and Kruskal's lambda (JASA 49, 1954), in [0, 1], less what the same answers give when
    they are dealt to the speakers anew, as a speaker of a clip or two explains any answer.
    """
    if speakers is None or _variety(answers) < FEW or any(number is None for number in speakers):
        return 0.0

    numbers = np.asarray(speakers, dtype=np.int64)
    if len(np.unique(numbers)) < 2:
        return 0.0

    generator = np.random.default_rng(0)
    dealt = [_lambda(generator.permutation(answers), numbers) for _ in range(_DRAWS)]
    by_chance = float(np.mean(dealt))
    own = (_lambda(answers, numbers) - by_chance) / max(1 - by_chance, 1e-9)
    # Where each speaker has an emotion, right answers follow the speaker as the labels do.
    return own if own > _lambda(truth, numbers) + 0.1 else 0.0


def agreement(truth: Numbers, answers: Numbers, others: Numbers) -> float:
    """Return the share of answers that two runs have alike; 0 where too few are wrong to tell."""
    if len(answers) < ENOUGH or np.mean(answers != truth) < WRONG or _variety(answers) < FEW:
        return 0.0
    return float(np.mean(answers == others))


def stuck(scores: NDArray[np.float64]) -> float:
    """Return the share of clips, (n, K), with the most frequent scores, where these are no rounded
    certainty.
    """
    rows, counts = np.unique(scores, axis=0, return_counts=True)
    most = int(counts.argmax())
    total = float(np.abs(rows[most]).sum())
    is_certain = total > 0 and float(rows[most].max()) >= _SATURATED * total
    return 0.0 if is_certain and len(rows) > 1 else float(counts[most] / len(scores))


def _variety(answers: Numbers) -> int:
    """Return how many answers are not the most frequent one."""
    return len(answers) - int(np.bincount(answers).max())


def _shares(values: Numbers) -> NDArray[np.float64]:
    return np.bincount(values, minlength=256) / len(values)


def _lambda(values: Numbers, speakers: Numbers) -> float:
    """Return the share of errors that knowing the speaker saves when a value is guessed."""
    table = np.zeros((speakers.max() + 1, values.max() + 1), dtype=np.int64)
    np.add.at(table, (speakers, values), 1)
    blind = len(values) - int(table.sum(axis=0).max())
    informed = len(values) - int(table.max(axis=1).sum())
    return (blind - informed) / blind if blind else 0.0
