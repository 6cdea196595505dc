"""Below the tables of a task: where the weights of its systems can be had, or what trains them
again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mserbench.results.record import WeightsPart
from mserbench_leaderboard.board import Row
from mserbench_leaderboard.markdown import escape, table

LONGEST = 600  # characters of a command; a longer one is no line to be typed
HEADING = "### Weights"
_PLAIN = re.compile(r"[A-Za-z0-9 ._,=/&+-]+")  # what Markdown shows in a code span as it is


def lines(rows: Sequence[Row]) -> list[str]:
    """Return a heading and a table, a row for each system that has weights whose record says how
    they can be had.
    """
    cells = [
        [escape(row.name), escape(", ".join(row.system.trained_on)), way]
        for row in rows
        for way in _ways(row)
    ]

    return [HEADING, table(["model", "trained on", "weights"], cells)] if cells else []


def _ways(row: Row) -> list[str]:
    """Return how to come by the weights of a row, in one sentence; none where its records do not
    say.
    """
    weights = [entry.run.record.model.weights for entry in row.system.entries]
    told = [part for part in weights if part and part.shipped is not None]
    if len(told) < len(weights):
        return []

    by_seed = list(zip(row.system.seeds, told, strict=True))
    shipped = [_code(part.name) for _, part in by_seed if part.shipped]
    others = [(seed, part) for seed, part in by_seed if not part.shipped]
    with_seed = f" (seed {escape(by_seed[0][0])})" if shipped and others else ""
    ways = [f"ship as {', '.join(shipped)}{with_seed}"] if shipped else []

    return ["; ".join([*ways, *_again(others)])]


def _again(weights: Sequence[tuple[str, WeightsPart]]) -> list[str]:
    """Say what trains weights that do not ship: the first one's command, and the other seeds."""
    if not weights:
        return []

    recipes = [(seed, part.recipe) for seed, part in weights if part.recipe]
    if len(recipes) < len(weights) or any(len(recipe) > LONGEST for _, recipe in recipes):
        return ["not shipped, and no command is known that trains them again"]

    (_, first), *others = recipes
    seeds = [seed for seed, _ in others]
    more = f", and so with seed {escape(', '.join(seeds))}" if seeds else ""

    return [f"not shipped, trained again by {_code(first)}{more}"]


def _code(text: str) -> str:
    return f"`{text}`" if _PLAIN.fullmatch(text) else escape(text, LONGEST)
