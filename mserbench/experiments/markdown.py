"""Tables in Markdown: cells escaped, columns of numbers to the right, all others to the left."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    ruler = ["---:" if _is_number(column) else "---" for column in zip(*rows, strict=True)] or [
        "---"
    ] * len(head)
    lines = [head, ruler, *rows]
    return [f"| {' | '.join(_escaped(cell) for cell in line)} |" for line in lines]


def _is_number(column: Sequence[str]) -> bool:
    # "" is in every string
    return any(column) and all(cell[:1] in "+-0123456789" for cell in column)


def _escaped(cell: str) -> str:
    return " ".join(cell.replace("|", "\\|").split())
