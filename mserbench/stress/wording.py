"""How alterations and what they cost are written for a person."""

from __future__ import annotations

from typing import Any

from mserbench.stress.alteration import Alteration
from mserbench.stress.numbers import Cost


def change(cost: Cost, by_clip: bool = False) -> str:
    """Write a difference in points with its sign and its interval: `-3.2 [-6.0, -0.4]`."""
    text = f"{100 * cost.difference:+.1f}"
    if cost.difference_interval is None:
        return text

    lower, upper = (f"{100 * end:+.1f}" for end in cost.difference_interval)
    return f"{text} (clips: {lower} to {upper})" if by_clip else f"{text} [{lower}, {upper}]"


def described(alteration: Alteration) -> dict[str, Any]:
    """Return an alteration as JSON has it."""
    return {
        "name": alteration.name,
        "title": alteration.title,
        "severities": list(alteration.severities),
        "why": alteration.why,
        "limits": alteration.limits,
        "version": alteration.version,
    }
