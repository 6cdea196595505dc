"""A split as a table of one's own: which clip is in which part; every fault is named with its
line.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from mserbench.auditing.audit import TRAIN
from mserbench.contracts import Fault, Utterance
from mserbench.data.audio import SUFFIXES
from mserbench.disk import outside
from mserbench.errors import DataError, UsageError, why
from mserbench.tables import Row, rows

NAMES = ("id", "path", "file", "filename", "id_or_path")
PARTS = ("split", "part", "fold", "split_or_fold")
NOWHERE = frozenset({"none", "unused", "not_in_emobox"})  # rows that say so are in no part

_SPELLINGS = {
    "training": TRAIN,
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
    "development": "dev",
}
_LISTED = 20  # faults that an error shows


@dataclass(frozen=True)
class Split:
    """A table of parts as read: the part of each clip by id (None: in no part), and its other
    columns.
    """

    kind: Literal["split", "folds"]
    part_of: Mapping[str, str | None]
    values: Mapping[str, Mapping[str, str]]


def read(path: Path, utterances: Iterable[Utterance] | None = None) -> Split:
    """Read a csv or tsv file (also gzipped) with a column of `NAMES` and one of `PARTS`.

    With a part `train`, the others are tested by what is trained on it; otherwise each part is a
    fold, tested once. A clip is named by its id, or by its path or the end of that, with or without
    the type of file; without `utterances` every name is an id. Raises UsageError for the columns,
    and DataError with all faults of the rows.
    """
    data = _bytes(path)
    header = data.split(b"\n", 1)[0]
    # No name of a column holds a tab.
    delimiter = "\t" if b"\t" in header else ","
    reader = _Reader(
        *_columns(path, header, delimiter), None if utterances is None else _Known(utterances)
    )
    faults = []

    # All faults are told at once: a table has thousands of rows.
    for row in rows(path.name, data, (reader.name_column, reader.part_column), delimiter):
        problem = row.sentence if isinstance(row, Fault) else reader.take(row)
        faults += [problem] if problem else []

    parts = set(reader.part_of.values()) - {None}
    if not faults and len(parts) < 2:
        listed = ", ".join(sorted(map(repr, parts))) or "none"
        faults.append(
            f"two parts at least were expected, but the column {reader.part_column!r} holds "
            f"{listed}"
        )

    if faults:
        raise DataError(_all(path, faults))

    return Split("split" if TRAIN in parts else "folds", reader.part_of, reader.values)


class _Reader:
    """Takes the rows in, one after the other."""

    def __init__(self, name_column: str, part_column: str, corpus_ids: _Known | None) -> None:
        self.name_column, self.part_column = name_column, part_column
        self._known = corpus_ids
        self._lines: dict[str, int] = {}
        self.part_of: dict[str, str | None] = {}
        self.values: dict[str, Mapping[str, str]] = {}

    def take(self, row: Row) -> str:
        """Take a row in; return a sentence on what is wrong with it, or nothing."""
        name, part = row.values[self.name_column], row.values[self.part_column]
        identity, problem = self._identity(name)
        if not problem and identity in self._lines:
            problem = (
                f"{name!r} was named before, in line {self._lines[identity]}: each clip must be "
                "named once"
            )

        if not problem:
            self._lines[identity] = row.line
            self.part_of[identity], self.values[identity] = normal(part), row.values
            problem = "" if part else f"{name!r} has no part: write one, or 'none'"

        return f"line {row.line}: {problem}" if problem else ""

    def _identity(self, name: str) -> tuple[str, str]:
        """Return the id that a name means, and what is wrong with the name."""
        if not name:
            return (
                "",
                f"the column {self.name_column!r} is empty, but the id or path of a clip was "
                "expected",
            )

        candidates = [name] if self._known is None else self._known.ids(name)
        if len(candidates) > 1:
            return (
                "",
                f"{name!r} may be {candidates[0]!r} or {candidates[1]!r}: write more of its path",
            )

        return (
            (candidates[0], "")
            if candidates
            else ("", f"{name!r} is no clip of the corpus: check the name")
        )


def normal(part: str) -> str | None:
    """Return the usual name of a part, or None for one that says that a clip is in none."""
    low = part.casefold()
    if low in NOWHERE:
        return None

    fold = re.fullmatch(r"(?:test_of_)?fold_?(\w+)", low)
    return fold[1] if fold else _SPELLINGS.get(low, low if low in (TRAIN, "test", "dev") else part)


class _Known:
    """The clips of a corpus by id, and by each end of their paths without the type of file."""

    def __init__(self, utterances: Iterable[Utterance]) -> None:
        self.by_id: set[str] = set()
        self.by_end: dict[str, list[str]] = defaultdict(list)
        for utterance in utterances:
            self.by_id.add(utterance.id)
            for end in _ends(utterance.audio):
                self.by_end[end].append(utterance.id)

    def ids(self, name: str) -> list[str]:
        """Return the ids that a name may mean: by itself, else by the longest end of it that any
        path has.

        Of several, those are meant whose own steps all stand in the name, as folders may have been
        put in between.
        """
        if name in self.by_id:
            return [name]

        ends = _ends(name)
        for end in ends:
            if end in self.by_id:
                return [end]
            if candidates := self.by_end.get(end):
                within = [
                    identity
                    for identity in candidates
                    if len(candidates) > 1 and _stands_in(identity, ends[0])
                ]
                return within or candidates

        return []


def _stands_in(identity: str, path: str) -> bool:
    """Say whether all steps of an id occur in a path, in order."""
    steps = iter(path.split("/"))
    # `in` takes from the iterator up to the step it finds, so that order counts.
    return all(step in steps for step in identity.split("/"))


def _ends(path: str) -> list[str]:
    """Return a path without its type of file, and all ends of it from the longest."""
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.suffix.lower().lstrip(".") in SUFFIXES:
        pure = pure.with_suffix("")

    steps = [step for step in pure.parts if step not in ("/", ".", "..")]
    return ["/".join(steps[i:]) for i in range(len(steps))]


def _columns(path: Path, header: bytes, delimiter: str) -> tuple[str, str]:
    columns = [
        name.strip(' "\r') for name in header.decode("utf-8-sig", "replace").split(delimiter)
    ]
    chosen = []
    for allowed in (NAMES, PARTS):
        having = [name for name in allowed if name in columns]
        if len(having) != 1:
            raise UsageError(
                f"split file {str(path)!r}: exactly one column of {', '.join(allowed)} was "
                f"expected, but its header is {', '.join(columns)[:200]!r}: name or keep one"
            )

        chosen.append(having[0])

    return chosen[0], chosen[1]


def _bytes(path: Path) -> bytes:
    try:
        data = outside.read(path, outside.TABLE, piped=True)
        return _unpacked(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or why(error)
        raise DataError(
            f"split file {str(path)!r} cannot be read ({reason}): give a csv file"
        ) from error


def _unpacked(data: bytes) -> bytes:
    """Unpack gzip. Raises OSError where that gives more bytes than a table may have: a megabyte of
    zeros packs into a kilobyte.
    """
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
        unpacked = packed.read(outside.TABLE + 1)

    if len(unpacked) > outside.TABLE:
        raise outside.Refused(f"unpacked, it has more than {outside.TABLE:,} bytes")
    return unpacked


def _all(path: Path, faults: list[str]) -> str:
    more = f"\n  - and {len(faults) - _LISTED} more" if len(faults) > _LISTED else ""
    listed = "".join(f"\n  - {fault}" for fault in faults[:_LISTED])
    return (
        f"split file {str(path)!r} has {len(faults)} fault(s); mend them and ask "
        f"again:{listed}{more}"
    )
