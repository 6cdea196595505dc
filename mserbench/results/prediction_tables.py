"""Tables of predictions to rows, whatever program wrote them: separators, encodings, JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench import tables
from mserbench.disk import outside
from mserbench.errors import DataError, escaped, why

_SEPARATORS = (",", ";", "\t", "|")
_HINT = "sep="  # the first line that spreadsheets write or read to name the separator
_MOST = 1_000  # columns: tasks have some ten labels, and each column costs a look at every row
_HALF = re.compile("[\ud800-\udfff]")
_SCORES = "scores"  # in JSON: an object of scores by label
_ABOVE = 20  # lines that may stand above a header, as titles and dates of exports do
_ZIP = b"PK\x03\x04"  # what workbooks of spreadsheets begin with


@dataclass(frozen=True)
class PredictionTable:
    """The rows of a file in order: `rows` are (line number, value by column).

    Column names have no outer blanks. `separator` stands between the fields; "" for JSON. `above`
    are the lines over the header that are no part of the table.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    separator: str
    above: int = 0


def read(path: Path, piped: bool = False, identity: str = "") -> PredictionTable:
    """Read a table with a header, separated by comma, semicolon, tab or bar, or objects in JSON.

    With `piped` it may be what another program is printing: a user named it. `identity` is the
    column of ids where it has another name than `id`.
    Bytes become text as those of the tables of corpora do. Raises DataError where the file cannot
    be read, has no header, or has rows of other lengths than that.
    """
    name = f"predictions file {str(path)!r}"
    try:
        data = outside.read(path, outside.TABLE, piped=piped)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error

    if data.startswith(_ZIP):
        raise DataError(f"{name} is a workbook or an archive, and no text: save it as CSV UTF-8")

    try:
        text = tables.text(path.name, data)
    except DataError as error:
        raise DataError(
            f"{name} is not text in UTF-8, in UTF-16 with its mark, or in Windows-1252: save it as "
            f"CSV UTF-8"
        ) from error

    if text.lstrip()[:1] in ("{", "["):
        return _json_objects(name, text)
    return _fields(name, text, identity or "id")


def _fields(name: str, text: str, identity: str) -> PredictionTable:
    """Split a table at its separator; a field in quotes may hold line breaks, as answers do."""
    above = _lines_above(text, identity)
    body = text.split("\n", above)[-1]
    head = next((line for line in body.split("\n") if line.strip()), "")
    named = head.lower() in {f"{_HINT}{separator}" for separator in _SEPARATORS}
    separator = head[-1] if named else separator_of(head, identity)

    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    try:
        # Spreadsheets write a row of separators for a blank one.
        lines = [(above + reader.line_num, fields) for fields in reader if any(fields)]
    except csv.Error as error:
        place = f"{name}, line {above + reader.line_num}"
        raise DataError(f"{place} is no valid csv: {why(error)}") from error

    lines = lines[1:] if named else lines
    columns = tuple(column.strip() for column in lines[0][1]) if lines else ()
    if len(set(columns)) < max(1, len(columns)):
        raise DataError(f"{name} is empty or repeats a column: a header row was expected")
    _require_few(name, columns)

    _require_equal_lengths(name, columns, lines[1:], separator)
    rows = ((number, dict(zip(columns, fields, strict=True))) for number, fields in lines[1:])
    return PredictionTable(columns, tuple(rows), separator, above)


def _lines_above(text: str, identity: str) -> int:
    """Return how many lines stand above the first that names the column of ids; 0 where none of
    the first lines does, as then the first is the header, and where they are blank.
    """
    heads = text.split("\n", _ABOVE)[:_ABOVE]
    for number, head in enumerate(heads):
        names = {field.strip().strip('"').casefold() for field in re.split(r"[,;\t|]", head)}
        if identity.casefold() in names:
            # What names the separator is read with the header.
            has_hint = number > 0 and heads[number - 1].strip().lower()[:-1] == _HINT
            above = number - has_hint
            return above if any(line.strip() for line in heads[:above]) else 0

    return 0


def _require_few(name: str, columns: Sequence[str]) -> None:
    if len(columns) > _MOST:
        raise DataError(
            f"{name} has {len(columns):,} columns, but {_MOST:,} at most were expected: keep id, "
            f"prediction, answer and one score for each label"
        )


def separator_of(head: str, identity: str = "id") -> str:
    """Return what separates the columns of a header: so that one is of ids, else into the most."""
    # By the header alone: in rows a comma may as well be a decimal one, or stand in an answer.
    columns = {separator: head.split(separator) for separator in _SEPARATORS}
    for separator, names in columns.items():
        if identity in (name.strip().strip('"') for name in names):
            return separator

    return max(_SEPARATORS, key=lambda separator: len(columns[separator]))


def _require_equal_lengths(
    name: str, columns: Sequence[str], lines: Sequence[tuple[int, list[str]]], separator: str
) -> None:
    uneven = [(number, len(fields)) for number, fields in lines if len(fields) != len(columns)]
    if not uneven:
        return

    # The first one tells how; a separator that is also a decimal comma makes all of them so.
    number, length = uneven[0]
    more = f" (and so in {len(uneven) - 1} more lines)" if len(uneven) > 1 else ""
    in_words = {"\t": "a tab", ",": "a comma"}.get(separator, repr(separator))
    raise DataError(
        f"{name}, line {number}: {length} fields, but the header has {len(columns)}{more}: quote "
        f"fields that hold {in_words}"
    )


def _json_objects(name: str, text: str) -> PredictionTable:
    """Read an object a line, or one list of objects (each then counts as a line)."""
    rows = [
        (number, _plain(f"{name}, line {number}", content))
        for number, content in _parsed(name, text)
    ]
    columns = tuple(dict.fromkeys(key for _, row in rows for key in row))
    _require_few(name, columns)
    # A key that an object lacks is an empty field, as it would be in a table.
    blank = dict.fromkeys(columns, "")
    return PredictionTable(columns, tuple((number, {**blank, **row}) for number, row in rows), "")


def _parsed(name: str, text: str) -> Iterator[tuple[int, object]]:
    whole = text.lstrip().startswith("[")
    lines = [text] if whole else text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue

        try:
            content = json.loads(line, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{name}, line {number} is no JSON ({why(error)}): an object a line was expected"
            ) from error

        yield from enumerate(content, start=1) if whole else [(number, content)]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two values JSON readers keep the last one, unsaid.
    content = dict(pairs)
    if len(content) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise ValueError(f"the key {max(counts, key=counts.__getitem__)[:100]!r} is given twice")

    return content


def _plain(place: str, content: object) -> dict[str, str]:
    """Return the values of an object as texts, `scores` as a column for each label."""
    if not isinstance(content, dict):
        raise DataError(f"{place}: an object with 'id' was expected, not {str(content)[:100]!r}")

    scores = content.get(_SCORES)
    if isinstance(scores, dict):
        content = {key: value for key, value in content.items() if key != _SCORES}
        content |= {f"score_{label}": value for label, value in scores.items()}

    nested = [key for key, value in content.items() if isinstance(value, dict | list)]
    if nested:
        raise DataError(
            f"{place}: {nested[0][:100]!r} is a list or an object, but a text or a number was "
            f"expected: give scores as 'scores', an object of numbers by label"
        )

    texts = {str(key): "" if value is None else str(value) for key, value in content.items()}
    # JSON can hold half a character (\ud800), which no file can.
    halves = [key for pair in texts.items() for key in pair if _HALF.search(key)]
    if halves:
        raise DataError(
            f"{place}: {escaped(halves[0])[:100]!r} holds half a character, which cannot be "
            f"written: leave it out"
        )

    return texts
