"""Differences between two systems that a table names beside those from its reference: what one
change alone brings.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from mserbench.experiments.figures import Figures, Test
from mserbench.report.blocks import Block, Paragraph, Written, written_table

_NOTE = (
    "Pairs of systems that differ in what the title says alone; "
    "their p values are not corrected for one another."
)


def blocks(
    figures: Figures,
    kind: str,
    metric: str,
    columns: Sequence[str],
    written: Callable[[Test | None], str],
) -> list[Block]:
    """Return one row a pair, the first system minus the second; nothing where the table names no
    pair.
    """
    # Tables made before there were any have no key.
    pairs = figures.record["experiment"].get("contrasts", [])
    rows = [
        [
            pair["title"],
            *(written(_test(figures, pair, column, kind, metric)) for column in columns),
        ]
        for pair in pairs
    ]

    if not rows:
        return []

    return [
        written_table([f"{metric}, what one change brings", *columns], rows),
        Paragraph(Written(_NOTE)),
    ]


def _test(
    figures: Figures, pair: dict[str, Any], column: str, kind: str, metric: str
) -> Test | None:
    """Test one system of a pair against the other; None where either has no numbers."""
    # Holm's correction is over the systems of a table, so a table of these two alone corrects
    # nothing.
    of_pair = copy.copy(figures)
    of_pair.reference = pair["reference"]
    of_pair.systems = [
        system
        for system in figures.systems
        if system["name"] in (pair["system"], pair["reference"])
    ]

    return of_pair.tests(column, kind, metric).get(pair["system"])
