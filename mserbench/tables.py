"""Label files of publishers to text and rows; what cannot be read is named, never skipped."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mserbench.contracts import Fault
from mserbench.errors import DataError

_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `line` counts from 1 with the header, `values` by column, no outer blanks."""

    line: int
    values: Mapping[str, str]


def text(name: str, data: bytes) -> str:
    """Return the text of a label file: by its byte order mark, else UTF-8, else Windows-1252.

    Line ends become line feeds. Raises DataError for NUL characters and bytes that are none of
    these.
    """
    encodings = next(
        ([encoding] for mark, encoding in _MARKS.items() if data.startswith(mark)),
        ["utf-8", "cp1252"],
    )
    # Windows-1252 comes last: nearly any bytes pass for it.
    for encoding in encodings:
        try:
            content = data.decode(encoding)
        except UnicodeError:
            continue

        if "\0" in content:
            break
        return content.replace("\r\n", "\n").replace("\r", "\n")

    raise DataError(
        f"label file {name!r} is not text (UTF-8, UTF-16 or Windows-1252): get it from the "
        "publisher again"
    )


def rows(
    name: str, data: bytes, required: Sequence[str], delimiter: str = ","
) -> Iterator[Row | Fault]:
    """Yield the rows of a table with a header, or a Fault for a bad line; blank lines are none.

    A row is one line: publishers' tables hold no line breaks inside quotes, and a quote left open
    must not swallow the rows below. Raises DataError where the text cannot be read or the header
    lacks a column of `required`.
    """
    lines = text(name, data).split("\n")
    header = _fields(lines[0], delimiter)
    columns = [column.strip() for column in header] if isinstance(header, list) else []
    lacking = [column for column in required if column not in columns]

    if lacking or len(set(columns)) < len(columns):
        raise DataError(
            f"label file {name!r}, line 1: the columns {list(required)} were expected, each once, "
            f"but the header is {lines[0][:200]!r}: get it from the publisher again"
        )

    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue

        fields = _fields(line, delimiter)
        if isinstance(fields, str):
            yield Fault(f"label file {name!r}, line {number}: {fields}, in {line[:100]!r}")
        elif len(fields) != len(columns):
            yield Fault(
                f"label file {name!r}, line {number}: {len(fields)} fields were found, "
                f"{len(columns)} expected, in {line[:100]!r}"
            )
        else:
            yield Row(
                number,
                {column: field.strip() for column, field in zip(columns, fields, strict=True)},
            )


def _fields(line: str, delimiter: str) -> list[str] | str:
    """Split a line into its fields, or say why that fails."""
    if '"' not in line:  # as csv does it, in a fifth of the time
        return line.split(delimiter)

    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        # What csv calls the end of its data is the end of the line here.
        unclosed = "a quote is open at the end of the line, and a row is one line"
        return unclosed if str(error) == "unexpected end of data" else str(error)
