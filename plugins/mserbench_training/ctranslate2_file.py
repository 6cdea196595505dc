"""Reads the variables of a CTranslate2 model file (`model.bin`), each length checked before it is
believed.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError

_DTYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")  # by their number in the file
_VERSION = 6
_MOST_DIMENSIONS = 8


def read(path: Path, specification: str) -> dict[str, NDArray[np.generic]]:
    """Return the variables of a CTranslate2 file of binary version 6 by name, as views of its
    bytes.

    `specification` is the expected kind of model, as in `WhisperSpec`. Layout: docs of CTranslate2,
    binary version 6. Raises DataError for another kind or version, a file that ends early or goes
    on after its end.
    """
    return _Reader(path).variables(specification)


class _Reader:
    """A place in the bytes of a file; every step checks that the file is long enough."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._data = np.fromfile(path, dtype=np.uint8)
        self._place = 0

    def variables(self, specification: str) -> dict[str, NDArray[np.generic]]:
        version, kind = self._number("I"), self._text()
        if (version, kind) != (_VERSION, specification):
            raise self._fault(
                f"is {kind!r} of version {version}, but {specification!r} of {_VERSION} was "
                "expected"
            )

        self._number("I")  # the revision of the specification: names of variables tell the same
        count = self._number("I")
        found = dict(self._variable() for _ in range(count))
        if len(found) != count:
            raise self._fault(f"names only {len(found)} of its {count} variables once")

        for _ in range(self._number("I")):
            alias, name = self._text(), self._text()
            if name not in found:
                raise self._fault(f"has {alias!r} stand for {name!r}, which it does not hold")

        if self._place != self._data.size:
            raise self._fault(f"goes on for {self._data.size - self._place} bytes after its end")

        return found

    def _variable(self) -> tuple[str, NDArray[np.generic]]:
        name, rank = self._text(), self._number("B")
        if rank > _MOST_DIMENSIONS:
            raise self._fault(f"gives {name!r} {rank} dimensions")

        shape = tuple(self._number("I") for _ in range(rank))
        number, size = self._number("B"), self._number("I")
        if number >= len(_DTYPES):
            raise self._fault(f"gives {name!r} the unknown type {number}")

        dtype = np.dtype(_DTYPES[number])
        elements = 1
        for length in shape:
            elements *= length

        if elements * dtype.itemsize != size:
            raise self._fault(f"gives {name!r} the shape {shape}, but {size} bytes")

        return name, self._bytes(size).view(dtype).reshape(shape)

    def _number(self, form: str) -> int:
        return int(struct.unpack(f"<{form}", self._bytes(struct.calcsize(form)).tobytes())[0])

    def _text(self) -> str:
        return self._bytes(self._number("H")).tobytes().rstrip(b"\0").decode("utf-8", "replace")

    def _bytes(self, size: int) -> NDArray[np.uint8]:
        if self._place + size > self._data.size:
            raise self._fault(f"ends at byte {self._data.size}, in the middle of a variable")

        found = self._data[self._place : self._place + size]
        self._place += size
        return found

    def _fault(self, what: str) -> DataError:
        return DataError(f"the CTranslate2 file {self._name!r} {what}: get it again")
