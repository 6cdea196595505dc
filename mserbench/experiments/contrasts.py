"""Differences between two systems that a table names beside those from its reference: what one
change alone brings.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from mserbench.experiments.figures import Figures, Test
from mserbench.experiments.markdown import table

_NOTE = (
    "Pairs of systems that differ in what the title says alone; their p values are not "
    "corrected for one another."
)


def lines(
    figures: Figures,
    kind: str,
    metric: str,
    columns: Sequence[str],
    written: Callable[[Test | None], str],
) -> list[list[str]]:
    """Return one row a pair, the first system minus the second; nothing where the table names no
    pair.
    """
    # tables made before there were any have no key
    pairs = figures.record["experiment"].get("contrasts", [])
    rows = [
        [
            pair["title"],
            *(written(_test(figures, pair, column, kind, metric)) for column in columns),
        ]
        for pair in pairs
    ]

    return [table([f"{metric}, what one change brings", *columns], rows), [_NOTE]] if rows else []


def _test(
    figures: Figures, pair: dict[str, Any], column: str, kind: str, metric: str
) -> Test | None:
    """Test one system of a pair against the other; None where either has no numbers."""
    two = copy.copy(figures)
    two.reference = pair["reference"]
    two.systems = [
        one for one in figures.systems if one["name"] in (pair["system"], pair["reference"])
    ]

    return two.tests(column, kind, metric).get(pair["system"])
