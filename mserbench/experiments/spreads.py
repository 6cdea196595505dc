"""How far apart the averages of some systems lie: what a choice between them, such as the prompt,
is worth.
"""

from __future__ import annotations

import statistics
from typing import Any

from mserbench.experiments.figures import Figures
from mserbench.experiments.shapes import AVERAGE
from mserbench.report.blocks import Block, Bullets, Paragraph, Written

_NOTE = (
    "Percent, of the averages of UA; the deviation is that of a sample (n - 1). "
    "A spread is no interval: it is that of the systems named, "
    "and says nothing of other speakers, seeds or systems."
)


def blocks(figures: Figures) -> list[Block]:
    """Return one line a spread and what it means; nothing where the table has none."""
    # Tables made before there were any have no key.
    spreads = figures.record["experiment"].get("spreads", [])
    if not spreads:
        return []

    return [Bullets([_line(figures, spread) for spread in spreads]), Paragraph(Written(_NOTE))]


def _line(figures: Figures, spread: dict[str, Any]) -> Written:
    """Return mean, deviation, least and largest over the systems that have an average, and how many
    those are.
    """
    named = {name: figures.figure(name, AVERAGE, "test", "UA") for name in spread["systems"]}
    values = {name: figure.value for name, figure in named.items() if figure}
    over = f"over {len(values)}{'' if len(values) == len(named) else f' of {len(named)}'} systems"
    title = " ".join(spread["title"].split())

    if len(values) < 2:
        return Written(
            f"{title}: no spread, as {len(values)} of {len(named)} systems has an average."
        )

    titles = {system["name"]: " ".join(system["title"].split()) for system in figures.systems}
    least, largest = (f"{100 * values[name]:.1f} ({titles[name]})" for name in _ends(values))
    mean, deviation = (
        100 * measure(values.values()) for measure in (statistics.fmean, statistics.stdev)
    )

    return Written(
        f"{title}, {over}: mean {mean:.1f}, standard deviation {deviation:.1f}, "
        f"least {least}, largest {largest}."
    )


def _ends(values: dict[str, float]) -> tuple[str, str]:
    return min(values, key=values.__getitem__), max(values, key=values.__getitem__)
