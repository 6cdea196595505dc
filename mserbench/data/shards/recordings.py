"""The bytes of recordings in Parquet shards: whole row groups, the last ones used kept."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.data.shards import names
from mserbench.data.shards.names import Row
from mserbench.data.shards.shard import BYTES, MOST_GROUP, Shard, open_shard, reading
from mserbench.data.sound.held import Held
from mserbench.errors import DataError

# Bytes kept. Ids in order go round through the shards of a set's languages, each at its own row
# group of some 10 MB, so that several are in use at once.
BUDGET = 96 << 20
_MOST_OPEN = 32  # shards whose footers are kept
_BATCH = 16  # recordings unpacked at once

_MOST_FAILED = 1_000

_Stamp = tuple[int, int, int]
_Key = tuple[str, _Stamp, str, int]  # a shard, its state, a column and the row group


@dataclass(frozen=True)
class _Group:
    """The recordings of a row group as Arrow arrays, each beginning at its row of the group."""

    arrays: tuple[tuple[int, Any], ...]
    size: int

    def value(self, place: int) -> bytes | None:
        start, array = next(
            (start, array) for start, array in reversed(self.arrays) if start <= place
        )
        data: bytes | None = array[place - start].as_py()
        return data


class _Kept:
    """Open shards and row groups, shared by the threads of a process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as in a child process: a thread that it lacks may hold its parent's lock."""
        self.lock = threading.Lock()
        self.shards: OrderedDict[tuple[str, _Stamp], Shard] = OrderedDict()
        self.groups: OrderedDict[_Key, _Group] = OrderedDict()
        # Why row groups cannot be read: each of their rows would try anew, for seconds.
        self.failed: dict[_Key, str] = {}
        self.size = 0

    def group(self, row: Row) -> tuple[_Group, int]:
        """Return the row group that a row lies in, and its place there. Raises DataError."""
        stamp = _stamp(row.shard)
        with self.lock:
            shard = self._shard(row.shard, stamp)
            number, place = shard.group_of(row.number)
            key = (row.shard, stamp, row.column, number)
            if key in self.failed:
                raise DataError(self.failed[key])
            if key not in self.groups:
                self._read(key, shard)

            self.groups.move_to_end(key)
            return self.groups[key], place

    def _shard(self, path: str, stamp: _Stamp) -> Shard:
        # By size and time too: a shard that was written anew is another one.
        key = (path, stamp)
        if key not in self.shards:
            self.shards[key] = open_shard(Path(path))
            while len(self.shards) > _MOST_OPEN:
                self.shards.popitem(last=False)[1].file.close()

        self.shards.move_to_end(key)
        return self.shards[key]

    def _read(self, key: _Key, shard: Shard) -> None:
        try:
            self._keep(key, _read(shard, key[2], key[3]))
        except DataError as error:
            if len(self.failed) < _MOST_FAILED:
                self.failed[key] = str(error)

            raise

    def _keep(self, key: _Key, group: _Group) -> None:
        self.groups[key] = group
        self.size += group.size
        # The one just read always stays, however large it is.
        while self.size > BUDGET and len(self.groups) > 1:
            self.size -= self.groups.popitem(last=False)[1].size


_kept = _Kept()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.forget)


def held(path: Path) -> Held | None:
    """Return the recording that a path `SHARD.parquet#ROW` names, None where it names a file.

    Raises DataError where it cannot be read or holds no bytes.
    """
    row = names.row_of(str(path))
    if row is None:
        return None

    group, place = _kept.group(row)
    data = group.value(place)
    if not data:
        raise DataError(
            f"row {row.number} of parquet shard {row.shard!r} holds no bytes of a recording in "
            f"column {row.column!r}: write the set anew with the recordings inside"
        )

    return Held(str(path), data)


def _stamp(path: str) -> _Stamp:
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"parquet shard {path!r} does not exist: get it or build it again"
        ) from error

    return status.st_size, status.st_mtime_ns, status.st_ino


def _read(shard: Shard, column: str, group: int) -> _Group:
    """Read the recordings of a row group. Raises DataError where it is damaged or too large."""
    if column not in shard.recordings:
        raise DataError(
            f"parquet shard {str(shard.path)!r} has no column {column!r} with recordings: it was "
            "changed while it was in use"
        )

    is_bare = not _is_struct(shard, column)
    leaf = column if is_bare else f"{column}.{BYTES}"
    claimed = shard.group_bytes(group, leaf)
    if claimed > MOST_GROUP:
        raise _too_large(shard, group, claimed)

    arrays, start, size = [], 0, 0
    # Of equal recordings a row group may hold one, which each row then unpacks: fewer at once.
    most = max(1, min(_BATCH, MOST_GROUP // max(1, claimed)))
    with reading(shard.path):
        for batch in shard.file.iter_batches(
            most, row_groups=[group], columns=[leaf], use_threads=False
        ):
            array = batch.column(0) if is_bare else batch.column(0).field(BYTES)
            arrays.append((start, array))
            start += len(array)
            size += array.nbytes
            if size > MOST_GROUP:
                raise _too_large(shard, group, size)

    return _Group(tuple(arrays), size)


def _is_struct(shard: Shard, column: str) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_struct(shard.schema.field(column).type))


def _too_large(shard: Shard, group: int, size: int) -> DataError:
    return DataError(
        f"parquet shard {str(shard.path)!r} holds {size:,} bytes of recordings in row group "
        f"{group}, but at most {MOST_GROUP:,} were expected: write it with row_group_size=100"
    )
