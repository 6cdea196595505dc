"""What a run could have reached: the labels its model knows, floors, and what its clips can show.

All of it follows from the predictions, the speakers, and the labels of which the model tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mserbench.results import scoring
from mserbench.results.doubts import LEAST
from mserbench.statistics import metrics
from mserbench.statistics.intervals import cluster_counts
from mserbench.statistics.power import detectable_difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mserbench.results.predictions import Prediction
    from mserbench.results.runs import Run
    from mserbench.results.scoring import Scores

# So many standard errors to either side hold 19 of 20 random answerers.
_NINETEEN_OF_TWENTY = 1.96


@dataclass(frozen=True)
class Coverage:
    """The labels of the task that a model can give, and those that it cannot.

    `by_answers`: the model does not tell, so these are those that occur among its answers, which is
    no proof that it knows no others. `ceiling`: the most that UA and WA can be, fractions of 1.
    `shared`: the numbers of the clips whose label it can give, None where that is all of them or
    only one label.
    """

    labels: tuple[str, ...]
    lacking: tuple[str, ...]
    by_answers: bool
    ceiling: Mapping[str, float]
    shared: Scores | None
    is_scant: bool = False  # too few answers, or all of one label: what lacks there says nothing

    @property
    def is_told(self) -> bool:
        """Whether there is anything to say: labels that the model cannot give, or, where it does
        not tell, that do not occur among enough answers, of more than one label.
        """
        return bool(self.lacking) and not (self.by_answers and self.is_scant)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        shared = self.shared
        return {
            "labels": list(self.labels),
            "lacking": list(self.lacking),
            "answers_only": self.by_answers,
            "ceiling": dict(self.ceiling),
            "shared": None
            if shared is None
            else {"n": shared.n, "metrics": shared.metrics, "intervals": shared.intervals},
        }


@dataclass(frozen=True)
class Floors:
    """What anyone reaches: the best constant answer with its metrics, and answers drawn at random.

    `chance` is the UA, and the WA, that these have on average, `range` that of 19 of 20 such
    answerers on these clips; fractions of 1.
    """

    label: str
    constant: Mapping[str, float]
    chance: float
    range: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {
            "constant": {"label": self.label, "metrics": dict(self.constant)},
            "random": {"UA": self.chance, "WA": self.chance, "range": list(self.range)},
        }


def known_labels(
    rows: Sequence[Prediction], labels: Sequence[str], own: Sequence[str]
) -> tuple[str, ...] | None:
    """Return those of the task's `labels` that a model with labels of its `own` can give.

    None where it has none of its own, and so does not tell. A language model learns from some
    labels and can be asked for any: one that it weighs differently from clip to clip, or answers,
    is among them.
    """
    if not own:
        return None

    answers = {row.prediction for row in rows}
    varying = {
        label
        for column, label in enumerate(labels)
        if len({row.scores[column] for row in rows if row.scores}) > 1
    }
    return tuple(label for label in labels if label in {*own, *answers, *varying})


def coverage(run: Run) -> Coverage:
    """Return which labels of the task the model of a run can give.

    Raises DataError where its predictions cannot be read.
    """
    rows, task_labels, told_labels = run.rows, run.labels, run.record.knows
    answers = {row.prediction for row in rows}
    labels = tuple(
        label for label in task_labels if label in (answers if told_labels is None else told_labels)
    )
    in_truth = {row.label for row in rows}
    n_right = sum(row.label in labels for row in rows)
    ceiling = {
        "UA": len(in_truth & set(labels)) / len(in_truth),
        "WA": n_right / len(rows),
    }
    is_part = 1 < len(labels) < len(task_labels) and n_right > 0

    return Coverage(
        labels,
        tuple(label for label in task_labels if label not in labels),
        told_labels is None,
        ceiling,
        scoring.among(rows, task_labels, labels, run.record.clusters) if is_part else None,
        is_scant=len(rows) < LEAST or len(labels) < 2,
    )


def floors(truth: Sequence[str], labels: Sequence[str]) -> Floors:
    """Return what a constant and random answers reach on clips of these true labels.

    Raises ValueError where there is no clip.
    """
    label, constant = metrics.best_constant(truth, labels)
    chance = 1 / len(labels)

    # The mean over labels of independent binomial shares.
    support = metrics.confusion(truth, truth, labels).sum(axis=-1)
    support = support[support > 0]
    error = float(np.sqrt((chance * (1 - chance) / support).sum()) / len(support))
    reach = _NINETEEN_OF_TWENTY * error

    return Floors(label, constant, chance, (max(0.0, chance - reach), min(1.0, chance + reach)))


def smallest_difference(run: Run) -> float | None:
    """Return the difference of UA between two usual systems that the clips of a run can show.

    None where no speaker is known, or too few are: see `statistics.power`.
    """
    if run.by_clip:
        return None

    return smallest_shown([row.label for row in run.rows], run.labels, run.record.clusters)


def smallest_shown(
    truth: Sequence[str], labels: Sequence[str], speakers: Sequence[int | None] | None
) -> float | None:
    """Return the same for clips of these true labels and speakers."""
    counts = cluster_counts(truth, truth, labels, speakers)
    return detectable_difference(counts.sum(axis=-1))
