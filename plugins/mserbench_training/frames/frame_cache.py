"""Frames of frozen encoders on disk: keyed by content, bounded in size, shared by processes."""

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
_QUERY = 200  # keys a query: SQLite takes only so many parameters
_log = logging.getLogger(__name__)
T = TypeVar("T")

# `used` counts writes, not seconds: the order in which arrays go must not rest on a clock. `bytes`
# stands beside the data, so that sizes are summed without reading them.
_TABLE = """
CREATE TABLE IF NOT EXISTS frames (
    key TEXT PRIMARY KEY, layers INTEGER, length INTEGER, dim INTEGER, bytes INTEGER,
    used INTEGER, data BLOB
)
"""


class FrameCache:
    """Arrays (n_layers, n_frames, dim) of one encoder and choice of layers, float16, by key.

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
            # One file an encoder and choice of layers, so that each can be deleted by hand.
            file = quote(f"{name}-{version}-d{DECODING}", safe="+ ")
            self.path = (folder or cache_dir() / "frames") / f"{file}.sqlite3"

    def get_many(self, keys: Sequence[str]) -> dict[str, NDArray[np.float16]]:
        """Return the arrays that there are, by key: float16, (n_layers, n_frames, dim).

        They must not be written to.
        """
        with self._lock:
            arrays = {key: self._memory[key] for key in keys if key in self._memory}

        nothing: dict[str, NDArray[np.float16]] = {}
        unknown = [key for key in dict.fromkeys(keys) if key not in arrays]
        for start in range(0, len(unknown), _QUERY):
            arrays |= self._on_disk(partial(_select, keys=unknown[start : start + _QUERY]), nothing)

        return arrays

    def known(self, keys: Sequence[str]) -> set[str]:
        """Return which of `keys` there are, without reading their frames."""
        none: set[str] = set()
        present = {key for key in keys if key in self._memory}
        for start in range(0, len(keys), _QUERY):
            present |= self._on_disk(partial(_present, keys=keys[start : start + _QUERY]), none)

        return present

    def put_many(self, frames: Mapping[str, NDArray[np.floating]]) -> None:
        """Keep arrays by key, as float16; all of them or, if killed, none."""
        small = {key: np.ascontiguousarray(array, dtype="<f2") for key, array in frames.items()}

        # Memory is for what could not be written; the oldest go first there too, and one stays.
        if small and not self._on_disk(lambda base: _insert(base, small, self._limit), False):
            with self._lock:
                self._memory.update(small)
                while (
                    sum(array.nbytes for array in self._memory.values()) > _MEMORY_BYTES
                    and len(self._memory) > 1
                ):
                    self._memory.pop(next(iter(self._memory)))

    def _on_disk(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do some work on the file; `otherwise` where there is none, or from now on can be none."""
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

    if not limit > 0:  # Not "limit <= 0": "nan" is a number to Python, and must not pass.
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
        # A damaged row counts as unknown and is computed again.
        if len(data) == 2 * layers * length * dim
    }


def _present(base: sqlite3.Connection, keys: Sequence[str]) -> set[str]:
    marks = ",".join("?" * len(keys))
    return {key for (key,) in base.execute(f"SELECT key FROM frames WHERE key IN ({marks})", keys)}  # noqa: S608


def _insert(
    base: sqlite3.Connection, frames: Mapping[str, NDArray[np.float16]], limit: int
) -> bool:
    """Write arrays, delete the oldest where the file outgrows `limit`; return that it is done."""
    (newest,) = base.execute("SELECT COALESCE(MAX(used), 0) FROM frames").fetchone()
    rows = [
        (key, *array.shape, array.nbytes, newest + 1, array.tobytes())
        for key, array in frames.items()
    ]
    base.executemany("INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    (total,) = base.execute("SELECT SUM(bytes) FROM frames").fetchone()

    for key, size in (
        base.execute("SELECT key, bytes FROM frames ORDER BY used, key").fetchall()
        if total > limit
        else ()
    ):
        if total <= limit:
            break

        # The file keeps its size, and its pages are used again.
        base.execute("DELETE FROM frames WHERE key = ?", (key,))
        total -= size

    return True
