"""How far scores moved between two runs of the same clips, and whether answers got worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scale: TypeAlias = Literal["probabilities", "softmax"]
"""How scores become log-probabilities: their logarithm, or the logarithm of their softmax."""

Scores: TypeAlias = NDArray[np.float64]
"""Scores of clips, shape (n clips, K labels)."""

FLOOR = 1e-6
"""The smallest probability that is told apart: files of predictions hold six digits, and where a
model is sure the others underflow differently on each machine, though nobody was misled.
"""

_SUMS_TO_ONE = 1e-4  # sums of probabilities that were rounded to six digits


@dataclass(frozen=True)
class Drift:
    """The largest change of a log-probability, and the position of the clip that it is of."""

    value: float
    at: int


def scale(scores: Scores) -> Scale:
    """Return how scores are read: as probabilities where all rows are, else by their softmax.

    >>> scale(np.array([[0.25, 0.75]])), scale(np.array([[0.5, 0.75]]))
    ('probabilities', 'softmax')
    """
    sums_to_one = bool((np.abs(scores.sum(axis=1) - 1) <= _SUMS_TO_ONE).all())
    return "probabilities" if sums_to_one and bool((scores >= 0).all()) else "softmax"


def log_probabilities(scores: Scores, how: Scale) -> Scores:
    """Return the log-probability of each label, at least log `FLOOR`, shape as `scores`.

    Raises ValueError where a score is NaN or infinite.

    >>> log_probabilities(np.array([[1.0, 0.0]]), "probabilities").round(2).tolist()
    [[0.0, -13.82]]
    """
    if not np.isfinite(scores).all():
        raise ValueError("a score is NaN or infinite: finite numbers were expected")

    if how == "softmax":
        shifted = scores - scores.max(axis=1, keepdims=True)
        scores = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)

    logarithms: Scores = np.log(np.maximum(scores, FLOOR))
    return logarithms


def drift(before: Scores, after: Scores) -> Drift:
    """Return the largest change between log-probabilities of the same clips, both (n >= 1, K).

    >>> drift(np.array([[0.0, -1.0], [0.0, -2.0]]), np.array([[0.0, -1.0], [0.0, -2.5]]))
    Drift(value=0.5, at=1)
    """
    moved = np.abs(after - before).max(axis=1)
    at = int(moved.argmax())
    return Drift(float(moved[at]), at)


def one_sided_mcnemar(lost: int, gained: int) -> float:
    """Return how likely at least `lost` losses are if losses and gains are equally likely.

    `lost` clips were right before and are wrong now, `gained` the reverse: the exact one-sided test
    of McNemar (Psychometrika 12, 1947), 1 where nothing changed.

    >>> one_sided_mcnemar(5, 1)  # (6 + 1) / 2**6
    0.109375
    """
    from scipy.stats import binom  # slow to import, and wanted here alone

    return float(binom.sf(lost - 1, lost + gained, 0.5)) if lost + gained else 1.0


def as_array(rows: Sequence[Sequence[float]]) -> Scores:
    """Return rows of scores as an array, (n, K)."""
    return np.asarray(rows, dtype=np.float64)
