"""The rows of a corpus of one's own, from a csv, tsv or jsonl table or from file names."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mserbench import tables
from mserbench.contracts import Fault
from mserbench.data.audio import is_audio
from mserbench.data.own import pattern as own_pattern
from mserbench.data.own.paths import composed, plain
from mserbench.data.own.wording import shown
from mserbench.disk import outside
from mserbench.errors import DataError, why

PATH = "path"  # the column of the file in rows that come from file names
_DELIMITERS = (",", ";", "\t", "|")
_QUOTED = 200  # characters of a value that a sentence quotes


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One row: where it stands, for messages, and its values by column."""

    where: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The rows of a source in order, faults among them, and its columns; `what` is its name."""

    what: str
    columns: tuple[str, ...]
    rows: Iterable[OwnRow | Fault]


def read(path: Path) -> Table:
    """Read a table by the ending of its name.

    Raises DataError where it cannot be read, or its header is none.
    """
    try:
        data = outside.read(path, outside.TABLE)
    except OSError as error:
        raise DataError(
            f"label file {str(path)!r} cannot be read ({error.strerror}); its path is relative "
            "to the TOML file"
        ) from error

    return parse(path.name, data)


def parse(name: str, data: bytes) -> Table:
    """Read the bytes of a table; `name` tells its format. Raises as `read`."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".jsonl":
        return _json_lines(name, tables.text(name, data))
    if suffix == ".json":
        return _json_array(name, tables.text(name, data))
    if suffix not in (".csv", ".tsv", ".txt"):
        raise DataError(
            f"label file {name!r} is of no known kind: .csv, .tsv, .txt, .jsonl or .json was "
            "expected"
        )

    source = f"label file {name!r}"
    text = tables.text(name, data)
    line = text.split("\n", 1)[0]
    # Spreadsheets of many countries write `;` into a file that ends in .csv.
    delimiter = "\t" if suffix == ".tsv" else max(_DELIMITERS, key=line.count)
    columns = header(name, line, delimiter)
    names = {column.casefold() for column in columns}
    rows = [
        row if isinstance(row, Fault) else _row(f"{source}, line {row.line}", row.values, names)
        for row in tables.rows(name, data, (), delimiter)
    ]
    # Programs end the last line: where it is open, somebody's copy may have been cut off.
    if not text.endswith("\n"):
        rows += _cut_off(columns, rows)

    return Table(source, columns, tuple(rows))


def _row(place: str, values: Mapping[str, str], names: AbstractSet[str]) -> OwnRow | Fault:
    """Return a row, or the fault that it is the header once more, as joined tables hold it.

    `names` are those of the columns without case.
    """
    if all(column == value for column, value in values.items()):
        return Fault(f"{place}: repeats the header, and was left out", minor=True)

    # The names in another order: what follows would be read under the wrong columns.
    if names == {cell.casefold() for cell in values.values()}:
        return Fault(
            f"{place}: names the columns again, but not as line 1 does ({', '.join(values)[:200]} "
            "there): join tables of the same columns in the same order"
        )

    return OwnRow(place, values)


def _cut_off(columns: Sequence[str], rows: Sequence[OwnRow | Fault]) -> Iterator[Fault]:
    """Tell where the last value of a table without a last line end looks like half of another."""
    whole = [row for row in rows if isinstance(row, OwnRow)]
    if not whole or whole[-1] is not rows[-1]:
        return

    values = Counter(row.values[columns[-1]] for row in whole)
    last = whole[-1].values[columns[-1]]
    # A value that others have too is whole, and so is one that begins no other.
    longer = [value for value in values if value != last and last and value.startswith(last)]
    if values[last] == 1 and longer:
        yield Fault(
            f"{whole[-1].where}: is the last line and ends in {last[:_QUOTED]!r} without a line "
            f"end, where other rows have {longer[0][:_QUOTED]!r}: the table may be cut off",
            minor=True,
        )


def header(name: str, line: str, delimiter: str) -> tuple[str, ...]:
    """Return the columns of a first line. Raises DataError where it names one twice, or none."""
    try:
        columns = [
            column.strip()
            for column in next(csv.reader([line], delimiter=delimiter, strict=True), [])
        ]
    except csv.Error as error:
        raise DataError(
            f"label file {name!r}, line 1: {why(error)}, in the header {line[:200]!r}"
        ) from error

    twice = sorted(column for column, n in Counter(columns).items() if n > 1)
    if twice or not any(columns):
        fault = f"names the column {twice[0][:_QUOTED]!r} twice" if twice else "names no column"
        raise DataError(f"label file {name!r}, line 1: the header {line[:200]!r} {fault}")

    return tuple(columns)


def _json_lines(name: str, text: str) -> Table:
    source = f"label file {name!r}"
    rows = [
        _json_row(f"{source}, line {number}", line)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    columns = dict.fromkeys(key for row in rows if isinstance(row, OwnRow) for key in row.values)

    return Table(source, tuple(columns), tuple(rows))


def _json_array(name: str, text: str) -> Table:
    """Read a list of objects. Raises DataError where the file is none."""
    source = f"label file {name!r}"
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{source} is no JSON: {why(error)}") from error

    if not isinstance(records, list):
        raise DataError(
            f"{source} holds no list: [{{...}}, {{...}}] with an object for each recording was "
            "expected"
        )

    rows = [_of_record(f"{source}, entry {n}", record) for n, record in enumerate(records, 1)]
    columns = dict.fromkeys(key for row in rows if isinstance(row, OwnRow) for key in row.values)

    return Table(source, tuple(columns), tuple(rows))


def _json_row(place: str, line: str) -> OwnRow | Fault:
    """Read one line: texts, numbers and true or false become texts, null an empty one."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Fault(f"{place}: is no JSON ({why(error)}), in {line[:100]!r}")

    return _of_record(place, record)


def _of_record(place: str, record: object) -> OwnRow | Fault:
    if not isinstance(record, dict):
        return Fault(f"{place}: an object was expected, but this is {shown(record)}")

    simple = {key: value for key, value in record.items() if not isinstance(value, (dict, list))}
    return OwnRow(
        place, {key: "" if value is None else str(value).strip() for key, value in simple.items()}
    )


def from_names(pattern: str, names: Iterable[str]) -> Table:
    """Match a pattern with the audio files among some paths: a row for each that it fits.

    Raises DataError where it is no regular expression, has no group `label`, or takes too long.
    """
    # Composed: a pattern in NFC must fit the names that macOS writes.
    files = {composed(name): name for name in names if is_audio(name)}
    matches = own_pattern.match(composed(pattern), tuple(files))
    source = f"the pattern {pattern!r}"
    if "label" not in matches.groups:
        raise DataError(
            f"{source} has no group 'label': write (?P<label>...) around what names the emotion"
        )
    if PATH in matches.groups:
        raise DataError(
            f"{source} has a group {PATH!r}, but the path is the whole of what it matches: name it "
            "otherwise"
        )

    rows = (
        OwnRow(f"{source}, file {name!r}", {**groups, PATH: files[name]})
        for name, groups in matches.by_name.items()
    )

    return Table(source, (*matches.groups, PATH), tuple(rows))


_FIELD = re.compile(r"\{([^{}]+)\}")


def needed(column: str) -> list[str]:
    """Return the columns of a path template: `a/{b}.wav` needs b; a text without braces itself."""
    return _FIELD.findall(column) or [column]


def filled(column: str, values: Mapping[str, str], strip: str = "") -> str:
    """Return the value of a column or template; empty where one of the columns is.

    `strip` is what a path of another machine begins with, and is left out.
    """
    if "{" not in column or not _FIELD.search(column):
        return values.get(column, "")
    if not all(values.get(name, "") for name in needed(column)):
        return ""

    if strip:
        values = {name: plain(values[name], strip) for name in needed(column)}
    return _FIELD.sub(lambda match: values[match[1]], column)


def lacking(table: Table, columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (key, column) for each column that is asked for but not in the table."""
    for key, column in columns.items():
        for name in needed(column) if key == PATH else [column]:
            if name not in table.columns:
                yield key, name
