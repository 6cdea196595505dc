"""Runs with known truth, for tests of the check: a model's scores, noise of a machine, real losses.

A model is a table of logits: what is right leads by a random margin. Noise of a machine moves each
logit by a small random amount; ten such runs give the envelope, as `mserbench baseline add` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mserbench.checking import gates
from mserbench.checking.comparing import Comparison, compare
from mserbench.checking.envelope import epsilon_of
from mserbench.checking.gates import Measured, parse
from mserbench.results.predictions import Prediction
from mserbench.statistics import changes

LABELS = ("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise")
REFERENCES = 10  # runs that an envelope is taken from
JITTER = 1e-4  # of a logit: what other threads, batches and processors do to float32, or more
Tail = Literal["normal", "heavy"]


@dataclass(frozen=True)
class Simulated:
    """A model on a task: logits (n, K) and the true label of each clip, by position."""

    logits: NDArray[np.float64]
    truth: NDArray[np.int64]

    def rows(self, logits: NDArray[np.float64] | None = None) -> list[Prediction]:
        """Return what a file of predictions would hold, scores in six digits."""
        values = self.logits if logits is None else logits
        scores = np.exp(changes.log_probabilities(values, "softmax"))
        scores /= scores.sum(axis=1, keepdims=True)
        answers = values.argmax(axis=1)
        return [
            Prediction(
                f"clip-{at:05}",
                LABELS[self.truth[at]],
                LABELS[answers[at]],
                tuple(float(f"{score:.6g}") for score in scores[at]),
            )
            for at in range(len(values))
        ]


def model(rng: np.random.Generator, clips: int, ties: float = 0.01) -> Simulated:
    """Return a model that is right in about 60 % of clips; of a share of `ties` the two likeliest
    labels lie so near that noise decides.
    """
    truth = rng.integers(len(LABELS), size=clips)
    logits = rng.normal(size=(clips, len(LABELS)))
    logits[np.arange(clips), truth] += 1.8
    at = np.flatnonzero(rng.random(clips) < ties)
    order = logits[at].argsort(axis=1)
    logits[at, order[:, -2]] = logits[at, order[:, -1]] - rng.random(len(at)) * JITTER
    return Simulated(logits, truth)


def noisy(rng: np.random.Generator, simulated: Simulated, tail: Tail) -> list[Prediction]:
    """Return the same model run on a machine with another noise; `heavy`: t with 3 degrees."""
    shape = simulated.logits.shape
    moved = rng.normal(size=shape) if tail == "normal" else rng.standard_t(3, size=shape)
    return simulated.rows(simulated.logits + JITTER * moved)


def epsilon(before: Sequence[Prediction], references: Sequence[Sequence[Prediction]]) -> float:
    """Return the epsilon of an envelope of reference runs."""
    return epsilon_of([compare(before, run, LABELS, 0.0).drift for run in references])


def worse(
    rng: np.random.Generator, simulated: Simulated, drop: float, churn: float
) -> list[Prediction]:
    """Return a model that answers a share of `churn` of clips otherwise, and loses `drop` of WA.

    Clips are drawn among those that were right or wrong, so that losses less gains are the drop.
    """
    clips = len(simulated.truth)
    is_right = simulated.logits.argmax(axis=1) == simulated.truth
    lost = rng.random(clips) < (churn + drop) / 2 / is_right.mean()
    gained = rng.random(clips) < (churn - drop) / 2 / (~is_right).mean()
    logits = simulated.logits.copy()

    for at in np.flatnonzero(is_right & lost):
        others = np.delete(np.arange(len(LABELS)), simulated.truth[at])
        logits[at, rng.choice(others)] = logits[at].max() + 1.0

    at = np.flatnonzero(~is_right & gained)
    logits[at, simulated.truth[at]] = logits[at].max(axis=1) + 1.0
    return simulated.rows(logits)


def fails(comparisons: Sequence[Comparison], *conditions: str) -> list[bool]:
    """Return which runs of one check fail."""
    runs = [Measured(comparison) for comparison in comparisons]
    named = parse(conditions)
    return [
        any(finding.fails for finding in gates.judge(run, p, named))
        for run, p in zip(runs, gates.adjusted(runs), strict=True)
    ]
