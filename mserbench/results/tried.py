"""How far shipped weights were tried: their runs on the board, as `weights show` tells them."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterable
from typing import Any

from mserbench.report.numbers import percent
from mserbench.results.runs import Run

FILE = "tried.json"
"""Beside this module; `mserbench leaderboard` writes it from the runs of the board."""


def text_of(runs: Iterable[Run]) -> str:
    """Return the text of the file: a row for each run of weights that ship."""
    rows = [_row(run) for run in runs if run.record.model.weights and _ships(run)]
    rows.sort(key=lambda row: (row["model"], row["weights"], row["task"], row["adapted"]))
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def sentences(weights_hash: str) -> list[str]:
    """Return what each run of some weights showed: task, UA in percent, verdict and marks."""
    text = importlib.resources.files("mserbench.results").joinpath(FILE).read_text("utf-8")
    return [_sentence(row) for row in json.loads(text) if row["hash"] == weights_hash]


def _ships(run: Run) -> bool:
    weights = run.record.model.weights
    return bool(weights and weights.shipped)


def _row(run: Run) -> dict[str, Any]:
    record, weights = run.record, run.record.model.weights
    return {
        "model": record.model.name,
        "weights": weights.name if weights else "",
        "hash": weights.hash if weights else "",
        "task": record.task.name,
        "adapted": record.adaptation.clips if record.adaptation else 0,
        "ua": run.metrics["UA"],
        "interval": run.intervals["UA"],
        "by_clip": run.by_clip,
        "verdict": run.verdict,
        "marks": run.marks,
    }


def _sentence(row: dict[str, Any]) -> str:
    ua = percent(row["ua"], row["interval"], row["by_clip"])
    return f"{row['task']} UA {ua} ({', '.join([row['verdict'], *row['marks']])})"
