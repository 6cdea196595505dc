"""Reads the variables of a CTranslate2 model file (`model.bin`), believing no length unchecked."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import DataError

_DTYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")  # by their number in the file
_VERSION = 6  # of the binary layout that CTranslate2's docs describe
_MOST_DIMENSIONS = 8  # far above those of any weight: more says that the file is no such one


def read(path: Path, specification: str) -> dict[str, NDArray[np.generic]]:
    """Return the variables of a CTranslate2 file by name, as views of its bytes.

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

        # The revision of the specification: what it decides, the names of the variables say too.
        self._number("I")
        count = self._number("I")
        variables = dict(self._variable() for _ in range(count))
        if len(variables) != count:
            raise self._fault(f"names only {len(variables)} of its {count} variables once")

        # Aliases add no variable, but they must be read to know that the file ends where it should.
        for _ in range(self._number("I")):
            alias, name = self._text(), self._text()
            if name not in variables:
                raise self._fault(f"has {alias!r} stand for {name!r}, which it does not hold")

        if self._place != self._data.size:
            raise self._fault(f"goes on for {self._data.size - self._place} bytes after its end")

        return variables

    def _variable(self) -> tuple[str, NDArray[np.generic]]:
        name, rank = self._text(), self._number("B")
        if rank > _MOST_DIMENSIONS:
            raise self._fault(f"gives {name!r} {rank} dimensions")

        shape = tuple(self._number("I") for _ in range(rank))
        number, size = self._number("B"), self._number("I")
        if number >= len(_DTYPES):
            raise self._fault(f"gives {name!r} the unknown type {number}")

        # Multiplied as Python's whole numbers: NumPy's would wrap round for a damaged shape.
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

        piece = self._data[self._place : self._place + size]
        self._place += size
        return piece

    def _fault(self, predicate: str) -> DataError:
        """Return an error whose sentence goes on from the file's name with `predicate`."""
        return DataError(f"the CTranslate2 file {self._name!r} {predicate}: get it again")
