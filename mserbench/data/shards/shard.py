"""One Parquet shard: opened with bounds, its columns of labels read without its recordings."""

from __future__ import annotations

import json
import os
import stat
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench.data import trees
from mserbench.disk import outside
from mserbench.errors import DataError, why
from mserbench.plugins import misfits

if TYPE_CHECKING:
    from pyarrow import Schema
    from pyarrow.parquet import ParquetFile

# Bounds: ten times and more of what `datasets` and the built sets write.
MOST_COLUMNS = 1_000
MOST_GROUP = 1 << 30  # bytes of the recordings of one row group, which are held at once
_MOST_TEXT = outside.TABLE  # bytes of the columns of labels of one shard
_LONGEST = 100_000  # characters of one text
# Of the lists and texts of a footer: a schema nested deeper than that would overflow the stack.
_MOST_LISTED, _MOST_FOOTER = 20_000, 1 << 25
_BATCH = 4_096  # rows whose labels are read at once
_POINTER = b"version https://git-lfs"
_NO_CLASS = -1  # what `datasets` writes for a ClassLabel that is not known
_LONGEST_REASON = 200  # characters of what pyarrow says
BYTES, PATH = "bytes", "path"  # the parts of a recording as `datasets.Audio` stores it


@dataclass(frozen=True)
class Shard:
    """An open shard: `path` is what errors call it, `file` what pyarrow reads it by."""

    path: Path
    file: ParquetFile
    schema: Schema

    @property
    def rows(self) -> int:
        """How many rows the footer tells."""
        return int(self.file.metadata.num_rows)

    @cached_property
    def simple(self) -> tuple[str, ...]:
        """The columns that hold a text or a number in each row."""
        return tuple(field.name for field in self.schema if _is_simple(field.type))

    @cached_property
    def recordings(self) -> tuple[str, ...]:
        """The columns that hold bytes: as `datasets.Audio` stores them (a struct of `bytes` and
        `path`), or bare.
        """
        return tuple(field.name for field in self.schema if _holds_bytes(field.type))

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths beside the bytes of recordings, as `COLUMN.path`."""
        kinds = {field.name: field.type for field in self.schema}
        return tuple(
            f"{name}.{PATH}"
            for name in self.recordings
            if _part(kinds[name], PATH) is not None and _is_text(_part(kinds[name], PATH))
        )

    @cached_property
    def class_names(self) -> dict[str, tuple[str, ...]]:
        """The names of a `datasets.ClassLabel` by column: number 0 means the first one."""
        metadata = self.schema.metadata or {}
        try:
            features = json.loads(metadata[b"huggingface"])["info"]["features"]
            return {
                column: tuple(map(str, feature["names"]))
                for column, feature in features.items()
                if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
            }
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return {}  # written by something else than datasets

    @cached_property
    def _starts(self) -> list[int]:
        groups = range(self.file.num_row_groups)
        return [0, *accumulate(self.file.metadata.row_group(i).num_rows for i in groups)]

    def group_of(self, row: int) -> tuple[int, int]:
        """Return the row group that a row lies in, and its place there. Raises DataError where
        there is no such row.
        """
        if not 0 <= row < self._starts[-1]:
            raise DataError(
                f"parquet shard {str(self.path)!r} has no row {row}, but {self._starts[-1]:,} rows"
            )

        group = bisect_right(self._starts, row) - 1
        return group, row - self._starts[group]

    def group_bytes(self, group: int, leaf: str) -> int:
        """Return the bytes that a column has in a row group, unpacked, as the footer tells."""
        return sum(
            chunk.total_uncompressed_size
            for chunk in self._chunks(group)
            if chunk.path_in_schema == leaf
        )

    def texts(self, columns: Sequence[str]) -> Iterator[dict[str, str]]:
        """Yield the values of each row as texts, empty where there is none; no other column is
        read. `COLUMN.path` is the path beside the bytes of a recording.

        Raises DataError where the shard is damaged or a text is out of bounds.
        """
        wanted = list(dict.fromkeys(columns))
        size = sum(
            chunk.total_uncompressed_size
            for group in range(self.file.num_row_groups)
            for chunk in self._chunks(group)
            if chunk.path_in_schema in wanted
        )
        if size > _MOST_TEXT:
            raise DataError(
                f"parquet shard {str(self.path)!r} holds {size:,} bytes of labels, but at most "
                f"{_MOST_TEXT:,} were expected: write it as several shards"
            )
        if not wanted:
            yield from ({} for _ in range(self.rows))
            return

        with reading(self.path):
            batches = self.file.iter_batches(_BATCH, columns=wanted, use_threads=False)
            for batch in batches:
                values = [self._column(batch, column) for column in wanted]
                for row in zip(*values, strict=True):
                    yield dict(zip(wanted, row, strict=True))

    def _chunks(self, group: int) -> Iterator[Any]:
        row_group = self.file.metadata.row_group(group)
        return (row_group.column(i) for i in range(row_group.num_columns))

    def _column(self, batch: Any, name: str) -> list[str]:
        """Return a column of a batch as texts; equal ones are one object."""
        import pyarrow.types as kinds

        outer, _, inner = name.rpartition(".")
        is_inside = bool(outer) and name not in batch.schema.names
        array = batch.column(outer).field(inner) if is_inside else batch.column(name)
        if not kinds.is_dictionary(array.type):
            return [_text(value, self.class_names.get(name, ())) for value in array.to_pylist()]

        # Texts lie apart from their rows: a long one that many rows share is unpacked once.
        texts = [_text(value, ()) for value in array.dictionary.to_pylist()]
        if max(map(len, texts), default=0) > _LONGEST:
            raise ValueError(f"a text of more than {_LONGEST:,} characters in column {name!r}")

        return ["" if code is None else texts[code] for code in array.indices.to_pylist()]


def open_shard(path: Path) -> Shard:
    """Open a shard by its footer; no row is read.

    Raises DataError where it is no plain Parquet file or out of bounds.
    """
    from pyarrow import parquet

    _require_plain(path)
    with reading(path):
        limits = {
            "thrift_string_size_limit": _MOST_FOOTER,
            "thrift_container_size_limit": _MOST_LISTED,
        }
        with parquet.ParquetFile(path, **limits) as plain:
            schema, metadata = plain.schema_arrow, plain.metadata

        texts = [field.name for field in schema if _is_text(field.type)]
        file = parquet.ParquetFile(path, metadata=metadata, read_dictionary=texts, **limits)

    if metadata.num_columns > MOST_COLUMNS:
        raise DataError(
            f"parquet shard {str(path)!r} has {metadata.num_columns:,} columns, but at most "
            f"{MOST_COLUMNS:,} were expected: keep those that are needed"
        )
    if metadata.num_rows > trees.MOST:
        raise DataError(
            f"parquet shard {str(path)!r} tells of {metadata.num_rows:,} rows, but at most "
            f"{trees.MOST:,} were expected: give the set of one corpus"
        )

    return Shard(path, file, schema)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what pyarrow raises over a damaged shard into a DataError that names it."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, MemoryError) as error:
        misfits.refuse(error)
        if _is_pointer(path):
            raise DataError(
                f"parquet shard {str(path)!r} is a pointer of Git's large-file storage: run "
                "'git lfs pull' where it was cloned"
            ) from error

        reason = why(error, _LONGEST_REASON)
        raise DataError(
            f"parquet shard {str(path)!r} cannot be read ({reason}): get it or build it again"
        ) from error


def _require_plain(path: Path) -> None:
    try:
        is_plain = stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError) as error:
        raise DataError(
            f"parquet shard {str(path)!r} does not exist: get it or build it again"
        ) from error

    if not is_plain:
        raise DataError(f"parquet shard {str(path)!r} is no plain file: copy the shard there")


def _is_pointer(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(_POINTER)) == _POINTER
    except OSError:
        return False


def _is_text(kind: Any) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_string(kind) or kinds.is_large_string(kind))


def _is_simple(kind: Any) -> bool:
    """Whether a column holds a text, a number, true or false, or a date in each row."""
    import pyarrow.types as kinds

    value = kind.value_type if kinds.is_dictionary(kind) else kind
    return bool(
        _is_text(value)
        or kinds.is_integer(value)
        or kinds.is_floating(value)
        or kinds.is_boolean(value)
        or kinds.is_temporal(value)
    )


def _holds_bytes(kind: Any) -> bool:
    import pyarrow.types as kinds

    inner = _part(kind, BYTES) if kinds.is_struct(kind) else kind
    return inner is not None and bool(kinds.is_binary(inner) or kinds.is_large_binary(inner))


def _part(kind: Any, name: str) -> Any:
    """Return the type of a part of a struct; None where there is no such part, or not one."""
    import pyarrow.types as kinds

    if not kinds.is_struct(kind):
        return None

    places = [i for i in range(kind.num_fields) if kind.field(i).name == name]
    return kind.field(places[0]).type if len(places) == 1 else None


def _text(value: object, names: Sequence[str]) -> str:
    """Return a value as a text; the number of a class as its name."""
    if value is None or value != value:  # NaN differs from itself
        return ""
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    if names and value == _NO_CLASS:
        return ""

    return str(value).strip()
