"""Where two runs answer the same clips differently: by label, by speaker, clip by clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mserbench.results.predictions import Prediction
from mserbench.results.record import Interval
from mserbench.statistics import agreement
from mserbench.statistics.compare import compare
from mserbench.statistics.metrics import confusion, metrics

Key = TypeVar("Key", str, "int | None")


@dataclass(frozen=True, slots=True)
class Pair:
    """The rows of A and of B of one clip, and the number of its speaker, None where unknown."""

    a: Prediction
    b: Prediction
    speaker: int | None = None

    @property
    def right(self) -> tuple[bool, bool]:
        """Whether A is right, and whether B is."""
        return self.a.prediction == self.a.label, self.b.prediction == self.b.label


@dataclass(frozen=True, slots=True)
class Flips:
    """A part of the clips - a label, a speaker - and who is right on them.

    `a` and `b` are the UA of each on the part, which of one label is its recall, and `difference`
    A - B with its 95 % interval over speakers, as fractions of 1; `interval` is None for a speaker,
    with too few of them, and where all show the same difference. The last four count clips and add
    up to `clips`.
    """

    name: str
    clips: int
    a: float
    b: float
    difference: float
    interval: Interval
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A clip that the two answer differently; an answer of "" could not be read.

    Scores are what each system gave the answer of A and that of B, in this order: None where it
    gave no scores, or the answer is no label. `rank`: how sure both are, in [0, 1], as
    `disagreements` has it; None where neither gave scores.
    """

    id: str
    label: str
    answer_a: str
    answer_b: str
    scores_a: tuple[float | None, float | None]
    scores_b: tuple[float | None, float | None]
    rank: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two runs answer: shares of clips as fractions of 1, and kappas in [-1, 1].

    `same`: the share of equal answers. `kappa`: Cohen's, of the answers. `errors`: Cohen's of right
    and wrong, the consistency of their errors. Both are None where `agreement.kappa` is. `either`:
    the share of clips that at least one has right, which is WA if the better answer were always
    chosen.
    """

    same: float
    kappa: float | None
    errors: float | None
    either: float


def crossed(pairs: Sequence[Pair], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return clips by the answer of A and that of B, (K + 1, K + 1), as `agreement.crossed`."""
    answers_a, answers_b = _answers(pairs)
    return agreement.crossed(answers_a, answers_b, labels)


def alike(pairs: Sequence[Pair], labels: Sequence[str]) -> Agreement:
    """Return how alike the two answer these clips, of which there is at least one."""
    counts = crossed(pairs, labels)
    both_right, only_a, only_b, both_wrong = _outcomes(pairs)
    outcomes = np.array([[both_right, only_a], [only_b, both_wrong]])

    return Agreement(
        same=int(np.trace(counts)) / len(pairs),
        kappa=agreement.kappa(counts),
        errors=agreement.kappa(outcomes),
        either=1 - both_wrong / len(pairs),
    )


def by_label(pairs: Sequence[Pair], labels: Sequence[str], by_clip: bool) -> list[Flips]:
    """Return the flips of each label that these clips have, in the order of `labels`.

    `by_clip`: no speaker is known, so that no interval says anything of other speakers.
    """
    parts = _grouped(pairs, [pair.a.label for pair in pairs])
    return [
        _with_interval(label, parts[label], labels, by_clip) for label in labels if label in parts
    ]


def by_speaker(pairs: Sequence[Pair], labels: Sequence[str]) -> list[Flips]:
    """Return the flips of each speaker, named by the number; clips without a speaker are none's."""
    parts = _grouped(pairs, [pair.speaker for pair in pairs])
    numbers = sorted(number for number in parts if number is not None)
    return [_flips(str(number), parts[number], labels) for number in numbers]


def disagreements(pairs: Sequence[Pair], labels: Sequence[str]) -> list[Disagreement]:
    """Return the clips that the two answer differently, those of which both are surest first.

    A system is as sure as its score of its own answer lies above that of the other's answer. The
    scores of two systems have no common scale, so each clip has its rank among all disagreements
    for each, from 0 to 1, equal ones the mean of theirs; the lower of the two counts, and where one
    system has no score, the other's. Without any, the order is that of the ids.
    """
    differing = [pair for pair in pairs if pair.a.prediction != pair.b.prediction]
    ranks_a = _ranks([_margin(pair.a, pair.b, labels) for pair in differing])
    ranks_b = _ranks([_margin(pair.b, pair.a, labels) for pair in differing])

    ranked = []
    for pair, *both in zip(differing, ranks_a, ranks_b, strict=True):
        ranks = [rank for rank in both if rank is not None]
        ranked.append((min(ranks, default=None), sum(ranks), pair))

    # Where the lower ranks are equal the higher ones decide; a sort keeps the order of ids.
    ranked.sort(key=lambda entry: (-1 if entry[0] is None else entry[0], entry[1]), reverse=True)
    return [_disagreement(pair, rank, labels) for rank, _, pair in ranked]


def _grouped(pairs: Sequence[Pair], keys: Iterable[Key]) -> dict[Key, list[Pair]]:
    groups: dict[Key, list[Pair]] = {}
    for pair, key in zip(pairs, keys, strict=True):
        groups.setdefault(key, []).append(pair)

    return groups


def _with_interval(name: str, pairs: Sequence[Pair], labels: Sequence[str], by_clip: bool) -> Flips:
    answers_a, answers_b = _answers(pairs)
    speakers = None if by_clip else [pair.speaker for pair in pairs]
    # With one label in the truth UA is its recall, and its interval that of a comparison.
    tested = compare([pair.a.label for pair in pairs], answers_a, answers_b, labels, speakers)
    flips, interval = _flips(name, pairs, labels), tested.intervals["UA"]
    if by_clip or interval is None:
        return flips

    # Where all speakers show the same difference there is nothing to measure its error by.
    low, high = interval
    if high - low < 1e-9:
        return flips

    # Of few speakers t reaches beyond what a difference of recalls can be.
    return replace(flips, interval=(max(-1.0, low), min(1.0, high)))


def _flips(name: str, pairs: Sequence[Pair], labels: Sequence[str]) -> Flips:
    truth = [pair.a.label for pair in pairs]
    a, b = (float(metrics(confusion(truth, answers, labels))["UA"]) for answers in _answers(pairs))
    return Flips(name, len(pairs), a, b, a - b, None, *_outcomes(pairs))


def _answers(pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    return [pair.a.prediction for pair in pairs], [pair.b.prediction for pair in pairs]


def _outcomes(pairs: Iterable[Pair]) -> tuple[int, int, int, int]:
    """Return how many clips both have right, A alone, B alone, and neither."""
    right = [pair.right for pair in pairs]
    return (
        right.count((True, True)),
        right.count((True, False)),
        right.count((False, True)),
        right.count((False, False)),
    )


def _margin(own: Prediction, rival: Prediction, labels: Sequence[str]) -> float | None:
    """Return the score of the own answer above that of the rival's; None without both."""
    score, of_rival = (_score(own, row.prediction, labels) for row in (own, rival))
    return None if score is None or of_rival is None else score - of_rival


def _score(row: Prediction, answer: str, labels: Sequence[str]) -> float | None:
    return row.scores[labels.index(answer)] if row.scores and answer else None


def _ranks(margins: Sequence[float | None]) -> list[float | None]:
    """Return the rank of each margin among all that are there, in [0, 1]."""
    ordered = np.sort([margin for margin in margins if margin is not None])

    def rank(margin: float) -> float:
        below, up_to = (np.searchsorted(ordered, margin, side) for side in ("left", "right"))
        return float(below + up_to) / (2 * len(ordered))

    return [None if margin is None else rank(margin) for margin in margins]


def _disagreement(pair: Pair, rank: float | None, labels: Sequence[str]) -> Disagreement:
    answer_a, answer_b = pair.a.prediction, pair.b.prediction
    scores_a, scores_b = (
        (_score(row, answer_a, labels), _score(row, answer_b, labels)) for row in (pair.a, pair.b)
    )
    return Disagreement(pair.a.id, pair.a.label, answer_a, answer_b, scores_a, scores_b, rank)
