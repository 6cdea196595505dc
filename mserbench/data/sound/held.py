"""Where the bytes of a recording lie: in a file of its own, or held in memory out of another."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class Held:
    """A recording out of a larger file; `name` is what errors call it."""

    name: str
    data: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.name


Place = Path | Held


def opened(place: Place) -> BinaryIO:
    """Open the bytes of a recording, to be read from their beginning. Raises OSError."""
    return io.BytesIO(place.data) if isinstance(place, Held) else open(place, "rb")


def size_of(place: Place) -> int | None:
    """Return how many bytes a recording has, None where there is no file. Raises OSError."""
    if isinstance(place, Held):
        return len(place.data)

    # Not Path.is_file, which raises for a name longer than any file's, as a table may hold it.
    return place.stat().st_size if os.path.isfile(place) else None
