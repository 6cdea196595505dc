"""Below the tables of a task: where the weights of its systems can be had, or what trains them
again.
"""

from __future__ import annotations

from collections.abc import Sequence

from mserbench.report.blocks import Block, Cell, Code, Column, Heading, Inline, Table
from mserbench.results.record import WeightsPart
from mserbench_leaderboard.board import Row

# Characters of a command. A longer one is no line to be typed, and its record is a stranger's.
LONGEST = 600
HEADING = "Weights"
_UNTOLD = ("not shipped, and no command is known that trains them again",)


def blocks(rows: Sequence[Row]) -> list[Block]:
    """Return a heading and a table, a row for each system that has weights whose record says how
    they can be had.
    """
    cells: list[list[Cell]] = [
        [row.name, ", ".join(row.system.trained_on), way] for row in rows if (way := way_of(row))
    ]
    columns = [Column(name) for name in ("model", "trained on", "weights")]

    return [Heading(HEADING, 3), Table(columns, cells)] if cells else []


def way_of(row: Row) -> tuple[Inline, ...]:
    """Return how to come by the weights of a row, in one sentence; nothing where its records do not
    say.
    """
    recipe = row.system.recipe
    if recipe:
        is_typed = len(recipe) <= LONGEST
        return ("not shipped, made again by ", _code(recipe)) if is_typed else _UNTOLD

    weights = [entry.run.record.model.weights for entry in row.system.entries]
    stated = [part for part in weights if part and part.shipped is not None]
    if len(stated) < len(weights):
        return ()

    by_seed = list(zip(row.system.seeds, stated, strict=True))
    shipped = [part.name for _, part in by_seed if part.shipped]
    absent = [(seed, part) for seed, part in by_seed if not part.shipped]
    if not shipped:
        return _again(absent)

    names = [piece for name in shipped for piece in (_code(name), ", ")][:-1]
    if not absent:
        return ("ship as ", *names)

    # Which seed ships must be said where not all do: the row is the mean over all of them.
    return ("ship as ", *names, f" (seed {by_seed[0][0]}); ", *_again(absent))


def _again(weights: Sequence[tuple[str, WeightsPart]]) -> tuple[Inline, ...]:
    """Say what trains weights that do not ship: the first one's command, and the other seeds."""
    recipes = [(seed, part.recipe) for seed, part in weights if part.recipe]
    if len(recipes) < len(weights) or any(len(recipe) > LONGEST for _, recipe in recipes):
        return _UNTOLD

    # Seeds differ in the seed alone, so one command tells a reader all of them.
    (_, first), *further = recipes
    seeds = [seed for seed, _ in further]
    more = (f", and so with seed {', '.join(seeds)}",) if seeds else ()

    return ("not shipped, trained again by ", _code(first), *more)


def _code(text: str) -> Code:
    return Code(text, LONGEST)
