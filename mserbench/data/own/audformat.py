"""An audformat database as rows: header by safe loading, tables of csv or parquet, no pickle."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.contracts import Fault
from mserbench.data.own import table as own_table
from mserbench.data.own import yaml_header
from mserbench.data.own.table import OwnRow, Table
from mserbench.errors import DataError, MissingExtra, why

HEADER = "db.yaml"
FILE, START, END = "file", "start", "end"
SEX = "sex of the speaker"  # columns that rows get from the header
SPLIT = "split of the table"
_SEXES = ("sex", "gender")


@dataclass(frozen=True)
class Database:
    """The folder of a database and its header, a mapping as YAML gives it."""

    root: Path
    header: Mapping[str, Any]

    def part(self, *keys: str) -> Mapping[str, Any]:
        """Return a mapping inside the header; an empty one where there is none."""
        value: Any = self.header
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None

        return value if isinstance(value, dict) else {}

    @property
    def tables(self) -> list[str]:
        """The names of its tables of files and segments."""
        return [str(name) for name in self.part("tables")]

    def columns(self, table: str) -> list[str]:
        """The names of the columns of a table."""
        return [str(name) for name in self.part("tables", table, "columns")]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the header in their shortest codes: `deu` is `de`."""
        import langcodes

        listed = self.header.get("languages")
        codes = (
            [code for code in listed if isinstance(code, str)] if isinstance(listed, list) else []
        )
        valid = [code for code in codes if 2 <= len(code) <= 3 and langcodes.tag_is_valid(code)]

        return tuple(dict.fromkeys(langcodes.standardize_tag(code) for code in valid))

    @property
    def licence(self) -> str:
        """The licence that the header names."""
        return str(self.header.get("license") or "unknown")


def open_database(root: Path) -> Database:
    """Read the header of a database.

    Raises DataError, and MissingExtra without the extra `audformat`.
    `audformat.Database.load` is not used: it reads YAML with a loader that may run code, and
    prefers pickled tables.
    """
    for package in ("yaml", "pyarrow"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"the audformat database {str(root)!r}", package, "audformat")

    path = root / HEADER
    try:
        header = yaml_header.load(path)
    except OSError as error:
        raise DataError(
            f"audformat database {str(root)!r} has no readable {HEADER} ({error.strerror})"
        ) from error

    if not isinstance(header, dict) or not isinstance(header.get("tables"), dict):
        raise DataError(
            f"the header {str(path)!r} names no tables, but that of an audformat database was "
            "expected"
        )

    return Database(root, header)


def read(database: Database, tables: Sequence[str], columns: Mapping[str, str]) -> Table:
    """Return the rows of tables, joined with what other tables say of the same files.

    A column of another table is called `TABLE.COLUMN`.

    Besides their own columns, rows have `file`, `start` and `end` in seconds, and where the header
    knows them `SPLIT` and `SEX`. Raises DataError where a table cannot be read.
    """
    joined = {
        column: _by_file(database, table, name)
        for column in columns.values()
        for table, name in [_elsewhere(database, column)]
        if table
    }
    sexes = _sexes(database, columns.get("speaker", ""), tables)
    rows: list[OwnRow | Fault] = []
    all_columns: dict[str, None] = dict.fromkeys(
        [FILE, START, END, *joined, *([SEX] if sexes else [])]
    )

    for name in tables:
        table = _table(database, "tables", name)
        split = database.part("tables", name).get("split_id")
        all_columns |= dict.fromkeys([*table.columns, *([SPLIT] if split else [])])
        kind = str(database.part("splits", str(split)).get("type") or split) if split else ""
        rows += [_row(row, joined, sexes, columns.get("speaker", ""), kind) for row in table.rows]

    return Table(
        f"audformat table {' and '.join(map(repr, tables))}", tuple(all_columns), tuple(rows)
    )


def _row(
    row: OwnRow | Fault,
    joined: Mapping[str, Mapping[str, str]],
    sexes: Mapping[str, str],
    speaker: str,
    split: str,
) -> OwnRow | Fault:
    """Add split, sex and joined columns to a row, and turn its times into seconds."""
    if isinstance(row, Fault):
        return row

    values = {**row.values, SPLIT: split}
    values |= {column: by_file.get(values.get(FILE, ""), "") for column, by_file in joined.items()}
    for key in (START, END):
        seconds = _seconds(values.get(key, ""))
        if seconds is None:
            return Fault(
                f"{row.where}: {key} is {values[key]!r}, but a time such as '0 days 00:00:01.5' "
                "was expected"
            )

        values[key] = seconds

    values[SEX] = sexes.get(values.get(speaker, ""), "")
    return OwnRow(row.where, values)


def _elsewhere(database: Database, column: str) -> tuple[str, str]:
    """Take `TABLE.COLUMN` apart, where that is another table of files."""
    # From the right: names of tables may hold dots themselves.
    table, _, name = column.rpartition(".")
    return (table, name) if name in database.columns(table) else ("", "")


def _by_file(database: Database, name: str, column: str) -> dict[str, str]:
    """Return a column of another table by file."""
    table = _table(database, "tables", name)
    return {
        row.values.get(FILE, ""): row.values.get(column, "")
        for row in table.rows
        if isinstance(row, OwnRow)
    }


def _sexes(database: Database, speaker: str, tables: Sequence[str]) -> dict[str, str]:
    """Return the sex of each speaker, where the scheme of the speaker's column knows it."""
    elsewhere, name = _elsewhere(database, speaker)
    table = elsewhere or (tables[0] if tables else "")
    labels = _declared(database, table, name or speaker)

    # A scheme may name a table of speakers instead of listing them.
    if isinstance(labels, str) and labels in database.part("misc_tables"):
        labels = dict(_misc(database, labels))

    sexes: dict[str, str] = {}
    for key, facts in labels.items() if isinstance(labels, dict) else ():
        if isinstance(facts, dict):
            sex = next((facts[field] for field in _SEXES if facts.get(field)), None)
            sexes |= {str(key): str(sex)} if sex else {}

    return sexes


def _declared(database: Database, table: str, column: str) -> Any:
    """Return the labels that a column's scheme declares: a list, a mapping, or a table's name."""
    scheme = database.part("tables", table, "columns", column).get("scheme_id")
    return database.part("schemes", str(scheme)).get("labels")


def _misc(database: Database, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a table of things by their key, its first level."""
    levels = database.part("misc_tables", name, "levels")
    for row in _table(database, "misc_tables", name).rows:
        if isinstance(row, OwnRow):
            yield row.values.get(str(next(iter(levels), "")), ""), dict(row.values)


def scheme_labels(database: Database, table: str, column: str) -> dict[str, str]:
    """Return the raw labels that a column's scheme declares, with what each stands for."""
    labels = _declared(database, table, column)
    if isinstance(labels, list):
        return {str(label): str(label) for label in labels}
    if isinstance(labels, str):
        return (
            {key: key for key, _ in _misc(database, labels)}
            if labels in database.part("misc_tables")
            else {}
        )

    named = labels if isinstance(labels, dict) else {}
    return {
        str(key): meaning if isinstance(meaning, str) else str(key)
        for key, meaning in named.items()
    }


def _table(database: Database, kind: str, name: str) -> Table:
    """Read the file of a table of the header, parquet before csv as audformat does."""
    if name not in database.part(kind):
        names = ", ".join(map(repr, database.part(kind)))
        raise DataError(
            f"audformat database {str(database.root)!r} has no table {name!r}: known are {names}"
        )

    stem = f"{HEADER.removesuffix('.yaml')}.{name}"
    # The name becomes that of a file: it must not lead out of the database.
    if "/" in name or "\\" in name:
        raise DataError(
            f"audformat table {name!r} has a name that leads to another folder: it is not read"
        )
    # Not Path.is_file, which raises for a name longer than any file's.
    if os.path.isfile(database.root / f"{stem}.parquet"):
        return _parquet(database.root / f"{stem}.parquet")
    if os.path.isfile(database.root / f"{stem}.csv"):
        return own_table.read(database.root / f"{stem}.csv")
    if os.path.isfile(database.root / f"{stem}.pkl"):
        raise DataError(
            f"audformat table {name!r} is only there as {stem}.pkl, a pickle, which may run code "
            "and is not read; if you trust it: audformat.Database.load(ROOT, "
            "load_data=True).save(ROOT, storage_format='csv')"
        )

    quoted = name[:200]
    raise DataError(
        f"audformat table {quoted!r} has no file db.{quoted}.csv or db.{quoted}.parquet in "
        f"{str(database.root)!r}"
    )


def _parquet(path: Path) -> Table:
    import pyarrow
    from pyarrow import parquet

    try:
        records = parquet.read_table(path).to_pylist()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = why(error, 200)
        raise DataError(
            f"audformat table {path.name!r} cannot be read as parquet: {reason}"
        ) from error

    columns = tuple(records[0]) if records else ()
    rows = (
        OwnRow(
            f"audformat table {path.name!r}, row {number}",
            {key: _text(value) for key, value in record.items()},
        )
        for number, record in enumerate(records, 1)
    )

    return Table(f"audformat table {path.name!r}", columns, tuple(rows))


def _text(value: Any) -> str:
    # NaN and NaT differ from themselves.
    return "" if value is None or value != value else str(value).strip()


def _seconds(text: str) -> str | None:
    """Return a length of time in seconds as a text; empty for none, None where it is not one."""
    if text in ("", "NaT"):
        return ""
    if text.replace(".", "", 1).isdigit():  # pandas would take a bare number for nanoseconds
        return None

    import pandas as pd

    try:
        seconds = pd.to_timedelta(text).total_seconds()
    except (ValueError, OverflowError):
        return None

    return str(seconds) if math.isfinite(seconds) else ""
