"""Below the tables of a task: where the weights of its systems can be had, or what trains them again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mserbench_leaderboard.board import Row
from mserbench_leaderboard.markdown import escape, table

LONGEST = 600  # characters of a command; a longer one is no line to be typed
HEADING = "### Weights"
_PLAIN = re.compile(r"[A-Za-z0-9 ._,=/&+-]+")  # what Markdown shows in a code span as it is


def lines(rows: Sequence[Row]) -> list[str]:
    """Return a heading and a table, a row for each system that has weights whose record says how they can be had."""
    cells = [[escape(row.name), escape(", ".join(row.system.trained_on)), way] for row in rows for way in _ways(row)]
    return [HEADING, table(["model", "trained on", "weights"], cells)] if cells else []


def _ways(row: Row) -> list[str]:
    """Return how to come by the weights of a row, in one sentence; none where its records do not say."""
    weights = [entry.run.record["model"]["weights"] for entry in row.system.entries]
    if not all(record and "shipped" in record for record in weights):
        return []
    by_seed = list(zip(row.system.seeds, weights, strict=True))
    shipped = [_code(record["name"]) for _, record in by_seed if record["shipped"]]
    others = [(seed, record) for seed, record in by_seed if not record["shipped"]]
    with_seed = f" (seed {escape(by_seed[0][0])})" if shipped and others else ""
    ways = [f"ship as {', '.join(shipped)}{with_seed}"] if shipped else []
    return ["; ".join([*ways, *_again(others)])]


def _again(weights: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Say what trains weights that do not ship: the first one's command, and the other seeds."""
    if not weights:
        return []
    recipes = [(seed, record["recipe"]) for seed, record in weights if record.get("recipe")]
    if len(recipes) < len(weights) or any(len(recipe) > LONGEST for _, recipe in recipes):
        return ["not shipped, and no command is known that trains them again"]
    (_, first), *others = recipes
    seeds = [seed for seed, _ in others]
    more = f", and so with seed {escape(', '.join(seeds))}" if seeds else ""
    return [f"not shipped, trained again by {_code(first)}{more}"]


def _code(text: str) -> str:
    return f"`{text}`" if _PLAIN.fullmatch(text) else escape(text, LONGEST)
