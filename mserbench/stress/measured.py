"""What shipped weights lost under stress, as their model's card tells it: generated from the
board.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterable
from typing import Any

from mserbench.report.numbers import percent
from mserbench.stress.record import Stressed

FILE = "measured.json"
"""Beside this module; `mserbench leaderboard` writes it from the records of the board."""


def text_of(stresses: Iterable[Stressed]) -> str:
    """Return the text of the file for some records."""
    rows = [_row(stressed) for stressed in stresses]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def lines(model: str) -> list[str]:
    """Return a sentence for each record of a model: UA clean, in the mean and at its worst."""
    return [f"stress, {_sentence(row)}" for row in _rows() if row["model"] == model]


def of_weights(weights_hash: str) -> list[str]:
    """Return the same of some weights, by the hash that their manifest has."""
    return [_sentence(row) for row in _rows() if row["hash"] == weights_hash]


def _rows() -> list[dict[str, Any]]:
    text = importlib.resources.files("mserbench.stress").joinpath(FILE).read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def _row(stressed: Stressed) -> dict[str, Any]:
    costs, record = stressed.costs, stressed.record
    return {
        "model": record.model.name,
        "name": stressed.name,
        "hash": record.model.weights.hash if record.model.weights else "",
        "task": record.task.name,
        "clean": costs.clean.ua,
        "mean": costs.mean.ua,
        "mean_change": costs.mean.difference,
        "mean_change_interval": costs.mean.difference_interval,
        "worst": costs.worst.name,
        "worst_done": record.done.get(costs.worst.name, ""),
        "worst_ua": costs.worst.ua,
        "verdict": record.verdict.verdict,
    }


def _sentence(row: dict[str, Any]) -> str:
    change, ends = f"{100 * row['mean_change']:+.1f}", row["mean_change_interval"]
    if ends:
        change += f" [{100 * ends[0]:+.1f}, {100 * ends[1]:+.1f}]"

    return (
        f"{row['name']} on {row['task']} ({row['verdict']}): UA {percent(row['clean'])} "
        f"clean, {percent(row['mean'])} in the mean ({change}), {percent(row['worst_ua'])} at its "
        f"worst ({row['worst']}, {row['worst_done']})"
    )
