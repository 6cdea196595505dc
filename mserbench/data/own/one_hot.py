"""Labels that stand in a column each, 1 in the one that holds: joined into one column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mserbench.contracts import Fault
from mserbench.data.own.table import OwnRow, Table

YES = frozenset({"1", "1.0", "true", "yes", "x"})
NO = frozenset({"0", "0.0", "false", "no", ""})


def column(labels: Sequence[str]) -> str:
    """Return the name of the joined column, for messages."""
    return f"one of {', '.join(labels)}"


def join(table: Table, labels: Sequence[str]) -> Table:
    """Add the joined column: the name of the column that holds 1, blank where none does.

    A row with several 1 or with other values becomes a fault: which label was meant is not known.
    """
    joined = column(labels)
    rows = [row if isinstance(row, Fault) else _row(row, labels, joined) for row in table.rows]
    return replace(table, columns=(*table.columns, joined), rows=tuple(rows))


def _row(row: OwnRow, labels: Sequence[str], joined: str) -> OwnRow | Fault:
    cells = {label: row.values.get(label, "").casefold() for label in labels}
    strange = next((label for label, cell in cells.items() if cell not in YES | NO), None)
    if strange is not None:
        return Fault(
            f"{row.where}: column {strange!r} is {cells[strange][:100]!r}, but 1 or 0 was "
            "expected, as the labels stand in a column each"
        )

    chosen = [label for label, cell in cells.items() if cell in YES]
    if len(chosen) > 1:
        return Fault(
            f"{row.where}: {' and '.join(map(repr, chosen))} are 1, but a recording has one label"
        )

    return OwnRow(row.where, {**row.values, joined: chosen[0] if chosen else ""})
