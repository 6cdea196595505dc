"""The rows that a TOML file asks for: of a table, of names of files, of an audformat database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mserbench.data.own import audformat as own_audformat
from mserbench.data.own import one_hot
from mserbench.data.own import settings as own_settings
from mserbench.data.own import table as own_table
from mserbench.data.own.settings import Settings
from mserbench.data.own.table import Table
from mserbench.data.own.wording import nearest, shown
from mserbench.data.trees import Folder
from mserbench.errors import DataError


def read(settings: Settings) -> tuple[Settings, Table]:
    """Read the rows; return them with settings in which all columns are named.

    Raises DataError with file, line and key of what is wrong.
    """
    if settings.pattern:
        try:
            table = own_table.from_names(settings.pattern, Folder(settings.audio).names)
        except DataError as error:
            raise DataError(settings.error(("pattern",), str(error))) from error

        return replace(settings, columns={group: group for group in table.columns}), table
    if settings.audformat:
        return _audformat(settings)
    if settings.parquet:
        return _parquet(settings)

    try:
        table = own_table.read(settings.path.parent / settings.tables[0])
    except DataError as error:
        raise DataError(settings.error(("table",), str(error))) from error

    if settings.one_hot:
        labels = [("label", name) for name in settings.one_hot]
        own_settings.raise_all(settings.path, lacking(settings, table, labels))
        table = one_hot.join(table, settings.one_hot)

    return settings, table


def _parquet(settings: Settings) -> tuple[Settings, Table]:
    """Read the labels of a Parquet set."""
    from mserbench.data.own import parquet as own_parquet

    try:
        return own_parquet.read(settings)
    except DataError as error:
        # What is wrong with a shard is told at the key that names the set.
        is_placed = str(error).startswith(str(settings.path))
        raise error if is_placed else DataError(settings.error(("parquet",), str(error))) from error


def _audformat(settings: Settings) -> tuple[Settings, Table]:
    """Read an audformat database, and fill in what its header knows."""
    try:
        database = own_audformat.open_database(settings.path.parent / settings.audformat)
    except DataError as error:
        raise DataError(settings.error(("audformat",), str(error))) from error

    having = [
        name for name in database.tables if settings.columns["label"] in database.columns(name)
    ]
    # Several tables may hold a column of that name: a guess would decide what is scored.
    if not settings.tables and len(having) != 1:
        names = having or database.tables
        raise DataError(
            settings.error(("table",), f"is missing, but one or several of {names} were expected")
        )

    try:
        table = own_audformat.read(database, settings.tables or having, settings.columns)
    except DataError as error:
        raise DataError(settings.error(("table",), str(error))) from error

    columns = {
        "path": own_audformat.FILE,
        "start": own_audformat.START,
        "end": own_audformat.END,
        **settings.columns,
    }
    for key, column in (("split", own_audformat.SPLIT), ("sex", own_audformat.SEX)):
        if key not in columns and column in table.columns:
            columns[key] = column

    if "language" in columns:
        return replace(settings, columns=columns), table

    languages = settings.languages or database.languages
    if len(languages) != 1:
        named = languages or "none"
        raise DataError(
            settings.error(
                ("language",), f"is missing, and the header of the database names {named}"
            )
        )

    return replace(settings, columns=columns, languages=languages), table


def lacking(settings: Settings, table: Table, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return a problem for each pair of key and column whose column the table lacks."""
    return [
        settings.error(
            ("columns", key),
            f"{table.what} has no column {shown(column)}; {nearest(column, table.columns)}",
        )
        for key, column in pairs
        if column not in table.columns
    ]
