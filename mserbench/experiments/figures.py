"""The numbers of a table from its record and its answers: cells, averages, differences from the
reference, tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mserbench.experiments.answers import Answers
from mserbench.experiments.shapes import AVERAGE
from mserbench.statistics import averages
from mserbench.statistics.averages import Difference, Figure, Part
from mserbench.statistics.compare import holm, mcnemar
from mserbench.statistics.intervals import cluster_counts


@dataclass(frozen=True)
class Test:
    """A system against the reference: the difference, its p value after Holm's correction, and
    McNemar's, which there is where both cells come from one model each.
    """

    difference: Difference
    adjusted: float | None
    mcnemar: float | None


class Figures:
    """All numbers of a table; `kind` is "test" or "whole", a column a setting or `average`."""

    def __init__(self, record: Mapping[str, Any], answers: Mapping[str, Answers]) -> None:
        self.record = record
        self._answers = answers
        self.systems: list[dict[str, Any]] = record["experiment"]["systems"]
        self.settings: list[str] = [setting["name"] for setting in record["experiment"]["settings"]]
        self.reference: str = record["experiment"]["reference"]
        self._cells = {
            (cell["system"], cell["setting"], cell["kind"]): cell for cell in record["cells"]
        }
        self._position = {
            task: {column: at for at, column in enumerate(sorted(answers_of.columns))}
            for task, answers_of in answers.items()
        }

        # Counted once for all models of a task: each figure takes its columns out of the counts.
        self._targets = {
            task: averages.target(
                _counts(answers_of, record["tasks"][task]["labels"]),
                by_clip=answers_of.speakers is None,
            )
            for task, answers_of in sorted(answers.items())
        }

    def cell(self, system: str, setting: str, kind: str) -> dict[str, Any] | None:
        """Return the record of a cell; None where there is none."""
        return self._cells.get((system, setting, kind))

    def has(self, kind: str) -> bool:
        """Whether the table has cells of this kind."""
        return any(key[2] == kind for key in self._cells)

    def figure(self, system: str, column: str, kind: str, metric: str) -> Figure | None:
        """Return the value of a cell or an average; None where a cell is absent or failed."""
        parts = self._parts(system, column, kind)
        return averages.figure(parts, metric) if parts else None

    def each(self, system: str, setting: str, kind: str, metric: str) -> list[tuple[str, float]]:
        """Return the source and the value of each model behind a cell, in order."""
        cell = self.cell(system, setting, kind)
        if cell is None or cell["failure"]:
            return []

        task, columns = cell["task"], cell["columns"]
        point = self._targets[task].left_out.point[metric]
        return [
            (column["source"], float(point[self._position[task][column["name"]]]))
            for column in columns
        ]

    def tests(self, column: str, kind: str, metric: str = "UA") -> dict[str, Test]:
        """Return each other system against the reference in a column; empty where that has no value
        there.
        """
        reference = self._parts(self.reference, column, kind)
        names = [system["name"] for system in self.systems if system["name"] != self.reference]
        if not reference:
            return {}

        differences = {
            name: averages.difference(parts, reference, metric)
            for name in names
            if (parts := self._parts(name, column, kind))
        }

        # Only tests that were made count in the correction: a cell without a p costs nobody power.
        tested = [name for name, difference in differences.items() if difference.p is not None]
        adjusted = dict(
            zip(tested, holm([differences[name].p or 0.0 for name in tested]), strict=True)
        )

        return {
            name: Test(difference, adjusted.get(name), self._mcnemar(name, column, kind))
            for name, difference in differences.items()
        }

    def _parts(self, system: str, column: str, kind: str) -> list[Part]:
        parts = []
        for setting in self.settings if column == AVERAGE else [column]:
            cell = self.cell(system, setting, kind)
            # An average over fewer settings than its neighbours' could not be compared with them.
            if cell is None or cell["failure"]:
                return []

            task = cell["task"]
            models: dict[int, list[int]] = {}
            for column_of_cell in cell["columns"]:
                position = self._position[task][column_of_cell["name"]]
                models.setdefault(column_of_cell["seed"], []).append(position)

            parts.append(Part(self._targets[task], tuple(map(tuple, models.values()))))

        return parts

    def _mcnemar(self, system: str, setting: str, kind: str) -> float | None:
        cells = [
            cell for name in (system, self.reference) if (cell := self.cell(name, setting, kind))
        ]
        if [len(cell["columns"]) for cell in cells] != [1, 1]:
            return None

        answers = self._answers[cells[0]["task"]]
        a, b = (answers.columns[cell["columns"][0]["name"]] for cell in cells)
        right = [
            (answer_a == label, answer_b == label)
            for answer_a, answer_b, label in zip(a, b, answers.truth, strict=True)
        ]

        return mcnemar(right.count((True, False)), right.count((False, True)))


def _counts(answers: Answers, labels: Sequence[str]) -> Any:
    """Return int64, (S, M, K, K + 1), the models in the order of their sorted names."""
    tables = [
        cluster_counts(answers.truth, answers.columns[name], labels, answers.speakers)
        for name in sorted(answers.columns)
    ]

    return np.stack(tables, axis=1)
