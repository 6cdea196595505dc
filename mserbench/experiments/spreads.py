"""How far apart the averages of some systems lie: what a choice between them, such as the prompt,
is worth.
"""

from __future__ import annotations

import statistics
from typing import Any

from mserbench.experiments.figures import Figures
from mserbench.experiments.shapes import AVERAGE

_NOTE = (
    "Percent, of the averages of UA; the deviation is that of a sample (n - 1). A spread "
    "is no interval: it is that of "
    "the systems named, and says nothing of other speakers, seeds or systems."
)


def lines(figures: Figures) -> list[list[str]]:
    """Return one line a spread and what it means; nothing where the table has none."""
    # tables made before there were any have no key
    wanted = figures.record["experiment"].get("spreads", [])
    return [[_line(figures, one) for one in wanted], [_NOTE]] if wanted else []


def _line(figures: Figures, spread: dict[str, Any]) -> str:
    """Return mean, deviation, least and largest over the systems that have an average, and how many
    those are.
    """
    found = {name: figures.figure(name, AVERAGE, "test", "UA") for name in spread["systems"]}
    values = {name: one.value for name, one in found.items() if one}
    over = f"over {len(values)}{'' if len(values) == len(found) else f' of {len(found)}'} systems"
    title = " ".join(spread["title"].split())

    if len(values) < 2:
        return f"- {title}: no spread, as {len(values)} of {len(found)} systems has an average."

    titles = {one["name"]: " ".join(one["title"].split()) for one in figures.systems}
    least, largest = (f"{100 * values[name]:.1f} ({titles[name]})" for name in _ends(values))
    mean, deviation = (
        100 * measure(values.values()) for measure in (statistics.fmean, statistics.stdev)
    )

    return (
        f"- {title}, {over}: mean {mean:.1f}, standard deviation {deviation:.1f}, least "
        f"{least}, largest {largest}."
    )


def _ends(values: dict[str, float]) -> tuple[str, str]:
    return min(values, key=values.__getitem__), max(values, key=values.__getitem__)
