"""Caches in SQLite files that processes share: whole transactions, remade where damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

_TIMEOUT = 60.0  # seconds to wait for another process that writes
_T = TypeVar("_T")


def transact(
    path: Path,
    table: str,
    work: Callable[[sqlite3.Connection], _T],
    damaged: Callable[[sqlite3.DatabaseError], None] = lambda error: None,
) -> _T:
    """Do some work on a file in one transaction and return its result.

    `table` is the statement that makes the table.

    A damaged file is removed and made anew, of which `damaged` is told. Raises sqlite3.Error and
    OSError where the file cannot be used: read-only, disk full, or held for a minute by another
    process.
    """
    try:
        return _once(path, table, work)
    # A subclass, for a file that is locked or cannot be written: that is no damage.
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        damaged(error)
        path.unlink(missing_ok=True)
        return _once(path, table, work)


def _once(path: Path, table: str, work: Callable[[sqlite3.Connection], _T]) -> _T:
    # A connection a call: cheap beside a batch, and safe in any thread and after a fork.
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=_TIMEOUT)) as base, base:
        base.execute(table)
        return work(base)
