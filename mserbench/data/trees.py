"""A corpus folder as its parser sees it, on disk or as the list of its expected names."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mserbench.disk import outside
from mserbench.errors import DataError

MOST = 2_000_000  # files of a corpus; the largest labelled ones known have a tenth
_SYSTEM = ("/proc", "/sys", "/dev")
_JUNK = frozenset({"Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Folder:
    """A corpus folder as a parser sees it (`mserbench.contracts.Tree`)."""

    root: Path
    skipped: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All file paths below the root: POSIX, sorted; junk and the card's skipped files left out.

        Links to folders are followed, but never into a folder that was seen, to one above the root,
        or into the system's own: a walk ends. Raises DataError for more than `MOST` files.
        """
        skipped = _any_of(self.skipped) if self.skipped else None
        names = self._walked[0]
        return tuple(sorted(name for name in names if not (skipped and skipped.match(name))))

    @cached_property
    def links_out(self) -> tuple[str, ...]:
        """The links that lead out of the root, sorted: what they lead to is none of the corpus."""
        return tuple(sorted(self._walked[1]))

    @cached_property
    def _walked(self) -> tuple[list[str], list[str]]:
        """All file paths, and the links that lead out."""
        names: list[str] = []
        links_out: list[str] = []
        visited: set[tuple[int, int]] = set()
        above = _never_entered(self.root)
        # A stack of our own: folders may be nested deeper than functions may.
        waiting = [] if _is_of_the_system(self.root) else [""]

        while waiting:
            start = waiting.pop()
            folders = []
            for entry in _listed(f"{self.root}/{start}", visited, above):
                name = f"{start}{entry.name}"
                if entry.is_symlink() and outside.leads_out(Path(entry.path), self.root):
                    links_out.append(name)

                if not _is_folder(entry):
                    names += [] if entry.name in _JUNK else [name]
                elif not (entry.is_symlink() and _is_of_the_system(entry.path)):
                    folders.append(f"{name}/")

            # The first in order comes off the stack first, as links lead where others lead too.
            waiting += sorted(folders, reverse=True)
            if len(names) > MOST:
                raise DataError(
                    f"folder {str(self.root)!r} holds more than {MOST:,} files: give the folder of "
                    "one corpus"
                )

        return names, links_out

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of the files with one of `suffixes` (no dot) or `flac`, in order."""
        return audio_names(self.names, suffixes)

    def read(self, name: str) -> bytes:
        """Return the bytes of a label file. Raises DataError where it cannot be read."""
        try:
            return outside.read(self.root / name, outside.TABLE, inside=self.root)
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


def _listed(
    folder: str, visited: set[tuple[int, int]], never: frozenset[tuple[int, int]]
) -> list[os.DirEntry[str]]:
    """Return what a folder holds but hidden things; nothing where it was seen or is not entered."""
    try:
        status = os.stat(folder)
        # Device and inode name a folder whatever path led to it.
        inode = (status.st_dev, status.st_ino)
        if inode in visited or inode in never:
            return []

        visited.add(inode)
        with os.scandir(folder) as entries:
            # `._*` are the shadows that macOS adds.
            return [
                entry
                for entry in entries
                if not entry.name.startswith(".") and entry.name != "__MACOSX"
            ]
    # It went away meanwhile, is nested deeper than a path may be long, or is not ours to read.
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _never_entered(root: Path) -> frozenset[tuple[int, int]]:
    """Return device and inode of the folders above a root, as a link to one leads to everything,
    and of the system's own.
    """
    inodes = set()
    for folder in (*Path(os.path.realpath(root)).parents, *map(Path, _SYSTEM)):
        try:
            status = os.stat(folder)
        except OSError:
            continue

        inodes.add((status.st_dev, status.st_ino))

    return frozenset(inodes)


def _is_of_the_system(path: str | Path) -> bool:
    """Say whether a path leads into what the system makes up, such as /proc: it changes as it is
    walked, and reading its files waits for something.
    """
    return f"{os.path.realpath(path)}/".startswith(tuple(f"{folder}/" for folder in _SYSTEM))


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Return one expression for any of some shell patterns."""
    return re.compile("|".join(map(fnmatch.translate, patterns)))
