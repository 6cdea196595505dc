"""From answers to the numbers of a curve: UA of each adaptation, means over draws, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.experiments.adaptation.curve import Point
from mserbench.experiments.adaptation.letters import answers_of
from mserbench.statistics import averages
from mserbench.statistics.averages import Difference, Part
from mserbench.statistics.intervals import cluster_counts


@dataclass(frozen=True)
class Clips:
    """The clips of a task in the order of the letters; `speakers` is None where none is known."""

    ids: tuple[str, ...]
    truth: tuple[str, ...]
    speakers: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Spread:
    """UA over draws, as fractions of 1: mean, standard deviation (n - 1; 0 of one), least, most."""

    mean: float
    deviation: float
    least: float
    most: float


class Figures:
    """The numbers of a curve, by model, task and number of clips heard."""

    def __init__(
        self,
        record: Mapping[str, Any],
        clips: Mapping[str, Clips],
        answers: Mapping[tuple[str, str], Mapping[Point, str]],
    ) -> None:
        self.record = record
        self.clips = clips
        self._answers = answers
        self._part = cache(self._part_of)

    @property
    def models(self) -> list[str]:
        """The models, in the order of the record."""
        return list(dict.fromkeys(row["model"] for row in self.record["rows"]))

    @property
    def tasks(self) -> list[str]:
        """The tasks, in the order of the record."""
        return list(self.record["tasks"])

    @property
    def numbers(self) -> list[int]:
        """How many clips are heard, from 0 on."""
        return list(self.record["clips"])

    def row(self, model: str, task: str) -> Mapping[str, Any]:
        """Return what the record tells of a model on a task."""
        return next(
            row for row in self.record["rows"] if (row["model"], row["task"]) == (model, task)
        )

    def spread(self, model: str, task: str, clips: int) -> Spread | None:
        """Return UA over the draws of a task; None where there is no number."""
        values = self._values(model, task, clips)
        return None if values is None else _spread(values)

    def mean(self, model: str, clips: int, tasks: Sequence[str] = ()) -> Spread | None:
        """Return the mean UA over tasks, over the draws; None where a task has no number."""
        columns = [self._values(model, task, clips) for task in tasks or self.tasks]
        present = [values for values in columns if values is not None]
        if len(present) < len(columns):
            return None

        # A draw of one task has nothing to do with that of another: paired by their numbers.
        return _spread(np.mean(present, axis=0))

    def gain(self, model: str, task: str, clips: int) -> Difference | None:
        """Return UA after so many clips less UA after none, with its interval over speakers and
        draws.
        """
        if (model, task) not in self._answers:
            return None

        part, positions = self._part(model, task)
        if clips not in positions or 0 not in positions:
            return None

        heard, none = (
            [Part(part, tuple((at,) for at in positions[number]))] for number in (clips, 0)
        )
        return averages.difference(heard, none, "UA")

    def _values(self, model: str, task: str, clips: int) -> NDArray[np.float64] | None:
        if (model, task) not in self._answers:
            return None

        part, positions = self._part(model, task)
        if clips not in positions:
            return None
        return np.asarray(part.left_out.point["UA"][positions[clips]])

    def _part_of(self, model: str, task: str) -> tuple[averages.Target, dict[int, list[int]]]:
        """Return the scored answers of a model to a task, and the positions of each number of
        clips.
        """
        clips, labels = self.clips[task], self.record["tasks"][task]["labels"]
        points = self._answers[model, task]
        counts = np.stack(
            [
                cluster_counts(clips.truth, answers_of(text, labels), labels, clips.speakers)
                for text in points.values()
            ],
            axis=1,
        )
        positions: dict[int, list[int]] = {}
        for at, point in enumerate(points):
            positions.setdefault(point.clips, []).append(at)

        return averages.target(counts, by_clip=clips.speakers is None), positions


def _spread(values: NDArray[np.float64]) -> Spread:
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(np.mean(values)), deviation, float(values.min()), float(values.max()))
