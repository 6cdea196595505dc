"""Frames of frozen encoders on disk, as float16: computed once, keyed by content, bounded, shared
by processes.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from mserbench.disk.files import cache_dir
from mserbench.disk.stores import transact
from mserbench.errors import UsageError
from mserbench.features import DECODING, OFF

LIMIT = "MSERBENCH_FRAME_CACHE_GB"  # environment: how large the file of one encoder may grow
DEFAULT_GB = 20.0
_MEMORY_BYTES = 2**30  # kept in memory where there is no disk
_QUERY = 200  # keys a query
_log = logging.getLogger(__name__)
T = TypeVar("T")

_TABLE = """
CREATE TABLE IF NOT EXISTS frames (
    key TEXT PRIMARY KEY, layers INTEGER, length INTEGER, dim INTEGER, bytes INTEGER,
    used INTEGER, data BLOB
)
"""


class FrameCache:
    """Arrays (n_layers, n_frames, dim) of one encoder and choice of layers, by key: float16 on
    disk.

    Writes are transactions: a process killed at any moment leaves whole arrays. When the file
    outgrows its bound (`$MSERBENCH_FRAME_CACHE_GB`, 20 if not set) the arrays written longest ago
    go. A damaged file is made anew; where there can be none, arrays stay in memory, up to 1 GiB.
    """

    def __init__(
        self, name: str, version: str, folder: Path | None = None, limit: float | None = None
    ) -> None:
        self._memory: dict[str, NDArray[np.float16]] = {}
        self._lock = threading.Lock()
        self._limit = int((_limit() if limit is None else limit) * 1e9)
        self.path: Path | None = None

        if not os.environ.get(OFF):
            file = quote(f"{name}-{version}-d{DECODING}", safe="+ ")
            self.path = (folder or cache_dir() / "frames") / f"{file}.sqlite3"

    def get_many(self, keys: Sequence[str]) -> dict[str, NDArray[np.float16]]:
        """Return the known ones among `keys`: float16, (n_layers, n_frames, dim); they must not be
        written to.
        """
        with self._lock:
            found = {key: self._memory[key] for key in keys if key in self._memory}

        nothing: dict[str, NDArray[np.float16]] = {}
        unknown = [key for key in dict.fromkeys(keys) if key not in found]
        for start in range(0, len(unknown), _QUERY):
            found |= self._on_disk(partial(_select, keys=unknown[start : start + _QUERY]), nothing)

        return found

    def known(self, keys: Sequence[str]) -> set[str]:
        """Return which of `keys` there are, without reading their frames."""
        none: set[str] = set()
        found = {key for key in keys if key in self._memory}
        for start in range(0, len(keys), _QUERY):
            found |= self._on_disk(partial(_present, keys=keys[start : start + _QUERY]), none)

        return found

    def put_many(self, frames: Mapping[str, NDArray[np.floating]]) -> None:
        """Keep arrays by key, as float16; all of them or, if killed, none."""
        small = {key: np.ascontiguousarray(one, dtype="<f2") for key, one in frames.items()}
        if small and not self._on_disk(lambda base: _insert(base, small, self._limit), False):
            with self._lock:
                self._memory.update(small)
                while (
                    sum(one.nbytes for one in self._memory.values()) > _MEMORY_BYTES
                    and len(self._memory) > 1
                ):
                    self._memory.pop(next(iter(self._memory)))

    def _on_disk(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        if self.path is None:
            return otherwise

        try:
            return transact(self.path, _TABLE, work, self._say_damaged)
        except (sqlite3.Error, OSError) as error:
            _log.warning(
                "frame cache '%s' cannot be used (%s): frames are kept in memory", self.path, error
            )
            self.path = None
            return otherwise

    def _say_damaged(self, error: sqlite3.DatabaseError) -> None:
        _log.warning("frame cache '%s' is damaged (%s): it is made anew", self.path, error)


def _limit() -> float:
    text = os.environ.get(LIMIT, str(DEFAULT_GB))
    try:
        limit = float(text)
    except ValueError:
        limit = -1.0

    if not limit > 0:
        raise UsageError(
            f"${LIMIT} is {text!r}, but a number of gigabytes above 0 was expected: mend or unset "
            "it"
        )

    return limit


def _select(base: sqlite3.Connection, keys: Sequence[str]) -> dict[str, NDArray[np.float16]]:
    marks = ",".join("?" * len(keys))
    query = f"SELECT key, layers, length, dim, data FROM frames WHERE key IN ({marks})"  # noqa: S608
    rows = base.execute(query, keys)

    return {
        key: np.frombuffer(data, "<f2").reshape(layers, length, dim)
        for key, layers, length, dim, data in rows
        if len(data) == 2 * layers * length * dim
    }


def _present(base: sqlite3.Connection, keys: Sequence[str]) -> set[str]:
    marks = ",".join("?" * len(keys))
    return {key for (key,) in base.execute(f"SELECT key FROM frames WHERE key IN ({marks})", keys)}  # noqa: S608


def _insert(
    base: sqlite3.Connection, frames: Mapping[str, NDArray[np.float16]], limit: int
) -> bool:
    (newest,) = base.execute("SELECT COALESCE(MAX(used), 0) FROM frames").fetchone()
    rows = [(key, *one.shape, one.nbytes, newest + 1, one.tobytes()) for key, one in frames.items()]
    base.executemany("INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    (total,) = base.execute("SELECT SUM(bytes) FROM frames").fetchone()

    for key, size in (
        base.execute("SELECT key, bytes FROM frames ORDER BY used, key").fetchall()
        if total > limit
        else ()
    ):
        if total <= limit:
            break

        # its pages are used again: the file stays as it is
        base.execute("DELETE FROM frames WHERE key = ?", (key,))
        total -= size

    return True
