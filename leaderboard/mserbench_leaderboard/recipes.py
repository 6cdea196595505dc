"""Below the tables of a task: where the weights of its systems can be had, or what trains them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mserbench_leaderboard.board import Row
from mserbench_leaderboard.markdown import escape

LONGEST = 600  # characters of a command; a longer one is no line to be typed
HEADING = "### Weights"


def lines(rows: Sequence[Row]) -> list[str]:
    """Return a heading and a list, one item for each system that has weights whose record says how they can be had."""
    items = [text for row in rows for text in _items(row)]
    return [HEADING, "\n".join(f"- {text}" for text in dict.fromkeys(items))] if items else []


def _items(row: Row) -> list[str]:
    weights = [entry.run.record["model"]["weights"] for entry in row.system.entries]
    if not all(record and "shipped" in record for record in weights):
        return []
    sources = ", ".join(row.system.trained_on)
    name = f"{escape(row.name)}, trained on {escape(sources)}" if sources else escape(row.name)
    by_seed = list(zip(row.system.seeds, weights, strict=True))
    shipped = [escape(record["name"]) for _, record in by_seed if record["shipped"]]
    others = [(seed, record) for seed, record in by_seed if not record["shipped"]]
    ways = [f"ship as {', '.join(shipped)}"] if shipped else []
    return [f"{name}: {'; '.join([*ways, *_again(others)])}"]


def _again(weights: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Say what trains weights that do not ship: the first one's command, and the other seeds."""
    if not weights:
        return []
    recipes = [(seed, record["recipe"]) for seed, record in weights if record.get("recipe")]
    if len(recipes) < len(weights) or any(len(recipe) > LONGEST for _, recipe in recipes):
        return ["not shipped, and no command is known that trains them again"]
    (_, first), *others = recipes
    seeds = [seed for seed, _ in others]
    more = f" (and so with the seeds {escape(', '.join(seeds))})" if seeds else ""
    return [f"not shipped, trained again by {escape(first, LONGEST)}{more}"]
