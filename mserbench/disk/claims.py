"""Claims on what is being made: the system drops them when a process ends, however it ends."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


def _locks() -> ModuleType | None:
    """Return the module that locks files, where the system has it: Windows does not."""
    try:
        return importlib.import_module("fcntl")
    except ImportError:
        return None


def claim(handle: int) -> bool:
    """Claim an open file or folder; False where another process holds it.

    The claim ends with the process, or when the handle is closed. True also where the system or
    the disk knows no such locks.
    """
    locks = _locks()
    if locks is None:
        return True

    try:
        locks.flock(handle, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk of the network that cannot lock
        return True

    return True


@contextmanager
def left(path: Path) -> Iterator[bool]:
    """Say whether a half-made file or folder belongs to nobody any more, so that it may go.

    Nobody can claim it while the body runs. False where it cannot be found out.
    """
    locks = _locks()
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        yield False
        return

    try:
        yield locks is not None and _is_locked(locks, handle)
    finally:
        os.close(handle)


def _is_locked(locks: ModuleType, handle: int) -> bool:
    try:
        locks.flock(handle, locks.LOCK_EX | locks.LOCK_NB)
    except OSError:
        return False

    return True
