"""A library that speaks on standard error is not heard there while it decodes."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_NAMES = {"linux": "stderr", "darwin": "__stderrp"}


class _Stream:
    """The C library's own standard error, and how many decoders want it silent."""

    wanted = 0
    original: int | None = None
    nowhere: int | None = None


@contextmanager
def silent_library() -> Iterator[None]:
    """Send what C code prints to its `stderr` nowhere, in all threads, while this lasts.

    mpg123, inside libsndfile, notes every bad frame there, and has no switch that libsndfile
    hands on. Python's own standard error is another object and stays as it is.
    """
    _changed(1)
    try:
        yield
    finally:
        _changed(-1)


def _changed(step: int) -> None:
    """Count a decoder in or out; the first one silences, the last one restores."""
    stream = _pointer()
    if stream is None:
        return

    with _LOCK:
        _Stream.wanted += step
        if step > 0 and _Stream.wanted == 1:
            _Stream.original, stream.value = stream.value, _Stream.nowhere
        elif _Stream.wanted == 0:
            stream.value = _Stream.original


def _pointer() -> ctypes.c_void_p | None:
    """Return the variable `stderr` of the C library; None where it cannot be had, as on Windows."""
    name = _NAMES.get(sys.platform)
    if name is None:
        return None

    try:
        library = ctypes.CDLL(None)
        stream = ctypes.c_void_p.in_dll(library, name)
        with _LOCK:
            if _Stream.nowhere is None:
                library.fopen.restype = ctypes.c_void_p
                _Stream.nowhere = library.fopen(os.devnull.encode(), b"w")
    except (OSError, ValueError, AttributeError):
        return None

    return stream if _Stream.nowhere else None
