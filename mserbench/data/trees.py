"""A corpus folder as its parser sees it, on disk or as the list of its expected names."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mserbench.errors import DataError

_JUNK = frozenset({"Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Folder:
    """A corpus folder as a parser sees it (`mserbench.contracts.Tree`)."""

    root: Path
    skipped: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All file paths below the root: POSIX, sorted; junk and the card's skipped files left out.

        Links to folders are followed, but never into a folder that was seen: a loop of links ends.
        """
        names = []
        visited: set[tuple[int, int]] = set()
        for folder, folders, files in os.walk(self.root, followlinks=True):
            status = os.stat(folder)
            # Device and inode name a folder whatever path led to it.
            if (status.st_dev, status.st_ino) in visited:
                folders.clear()
                continue

            visited.add((status.st_dev, status.st_ino))
            folders[:] = sorted(
                name for name in folders if name != "__MACOSX" and not name.startswith(".")
            )
            prefix = Path(folder).relative_to(self.root).as_posix()
            start = "" if prefix == "." else f"{prefix}/"

            # `._*` are the shadows that macOS adds.
            names += [
                f"{start}{name}" for name in files if not name.startswith(".") and name not in _JUNK
            ]

        if self.skipped:
            skipped = _any_of(self.skipped)
            names = [name for name in names if not skipped.match(name)]

        return tuple(sorted(names))

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of the files with one of `suffixes` (no dot) or `flac`, in order."""
        return audio_names(self.names, suffixes)

    def read(self, name: str) -> bytes:
        """Return the bytes of a label file. Raises DataError where it cannot be read."""
        try:
            return (self.root / name).read_bytes()
        except OSError as error:
            raise DataError(
                f"label file {str(self.root / name)!r} cannot be read: {error.strerror}"
            ) from error


@dataclass(frozen=True)
class Inventory:
    """A tree of the expected names only, for work on a corpus whose audio is not here."""

    names: Sequence[str]

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of every expected file."""
        for name in self.names:
            # Any suffix will do, as no file is opened.
            yield f"{name}.{suffixes[0]}", name

    def read(self, name: str) -> bytes:
        """Raise DataError: an inventory holds no label files."""
        raise DataError(f"label file {name!r} is only in the corpus itself: give --data")


def audio_names(names: Sequence[str], suffixes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, stem) of the paths with one of `suffixes` (no dot, any case) or `flac`."""
    accepted = {*suffixes, "flac"}
    for name in names:
        stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
        if stem and dot and suffix.lower() in accepted:
            yield name, stem


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Return one expression for any of some shell patterns."""
    return re.compile("|".join(map(fnmatch.translate, patterns)))
