"""Values as the page has them: texts of bounded length, numbers as README.md writes them."""

from __future__ import annotations

LONGEST = 300  # characters of a text of a record: a name of 5,000 is no name, and fills a page
FLOOR, APART = "floor", "apart"
"""Kinds of what is ranked with nothing."""


def cut(text: str, longest: int = LONGEST) -> str:
    """Return at most `longest` characters of a text, with a sign where some are missing."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def percent(value: float) -> float:
    """Return a fraction as percent with one digit, the digit that `report.numbers` writes."""
    return float(f"{100 * value:.1f}")
