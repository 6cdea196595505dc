"""The table of an audformat database that holds emotions, and its columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mserbench.contracts import Fault
from mserbench.data.own import audformat as own_audformat
from mserbench.data.own import words as own_words
from mserbench.data.own.findings import Findings
from mserbench.data.own.proposed_toml import label_of
from mserbench.data.own.table import OwnRow
from mserbench.data.own.wording import listed
from mserbench.errors import DataError


def find(folder: Path) -> Findings:
    """Return the table of an audformat database that has most emotion words, and its columns.

    Raises DataError with the reason where none has any.
    """
    database = own_audformat.open_database(folder)
    best: tuple[float, Findings] | None = None
    unread = []

    for name in database.tables:
        try:
            table = own_audformat.read(database, [name], {})
        except DataError as error:
            unread.append(str(error))
            continue

        rows = [row for row in table.rows if isinstance(row, OwnRow)]
        faults = [row.sentence for row in table.rows if isinstance(row, Fault)]
        if faults:
            unread.append(f"{len(faults)} rows of {name!r} cannot be read, such as: {faults[0]}")

        for column in database.columns(name):
            candidate = _of_column(database, name, column, rows)
            emotions = sum(
                n
                for raw, n in candidate.labels.items()
                if label_of(raw, candidate.meanings)[0] != "DROP"
                and label_of(raw, candidate.meanings)[1]
            )
            # A column that is called so wins where two have as many known words.
            share = emotions + (0.5 if own_words.column(column) == "label" else 0.0)
            if share >= 0.5 and len(candidate.labels) > 1 and (best is None or share > best[0]):
                best = share, candidate

    if best is None:
        reason = unread[0] if unread else f"no column of {listed(database.tables)} holds emotions"
        raise DataError(f"audformat database {str(folder)!r}: {reason}")

    # What could not be read is told beside the table that was taken.
    best[1].doubts += unread
    return best[1]


def _of_column(
    database: own_audformat.Database, table: str, column: str, rows: Sequence[OwnRow]
) -> Findings:
    """Return the findings with this column as the label, and others by their names."""
    counts: dict[str, int] = {}
    for row in rows:
        raw = row.values.get(column, "")
        counts[raw] = counts.get(raw, 0) + 1

    columns: dict[str, str | list[str]] = {"label": column}
    places = [(table, name, name) for name in database.columns(table) if name != column]
    places += [
        (other_table, name, f"{other_table}.{name}")
        for other_table in database.tables
        if other_table != table
        for name in database.columns(other_table)
    ]

    for _, name, full in places:
        role = own_words.column(name)
        if role in ("speaker", "sex", "session", "text", "dialogue") and role not in columns:
            columns[role] = full

    proposed = Findings(
        {"audformat": ".", "table": table},
        columns,
        counts,
        meanings=own_audformat.scheme_labels(database, table, column),
        languages=database.languages,
        licence=database.licence,
    )
    proposed.sentences.append(
        f"an audformat database: table {table!r}, {len(rows)} rows, column {column!r}"
    )
    proposed.sentences += [
        f"{role}: column {name!r}" for role, name in columns.items() if role != "label"
    ]
    if len(database.tables) > 1:
        left_out = ", ".join(name for name in database.tables if name != table)
        proposed.doubts.append(
            f"other tables of the database were left out as lists of clips: {left_out}"
        )

    return proposed
