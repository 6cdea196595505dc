"""A folder of files that appears whole or not at all, and takes no name that leads out of it."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mserbench.disk import folders
from mserbench.errors import DataError

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PIECE = 2**20  # bytes


@dataclass
class Stage:
    """Files on their way into a folder: names are checked, bytes and files are counted.

    `source` names where they come from, as an error says it. `most_bytes` and `most_files` bound
    what is taken.
    """

    folder: Path
    source: str
    most_bytes: int
    most_files: int = 1_000_000
    written: int = 0
    names: list[str] = field(default_factory=list)
    # The name of each file, by how a folder that ignores case sees it.
    _file_names: dict[str, str] = field(default_factory=dict)
    # The same of the folders above the files, each with a file that lies below it.
    _folder_names: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, pieces: Iterable[bytes]) -> Path:
        """Write one file and return its path. Raises DataError for what is not taken."""
        path = self.folder / self._accepted_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for piece in pieces:
                self.written += len(piece)
                if self.written > self.most_bytes:
                    raise self.refusal(
                        name, f"is beyond the bound of {self.most_bytes} bytes in all"
                    )

                file.write(piece)

        return path

    def copy(self, name: str, path: Path) -> Path:
        """Write a copy of a file under `name`. Raises DataError as `write` does."""
        with path.open("rb") as file:
            return self.write(name, iter(lambda: file.read(_PIECE), b""))

    def remove(self, name: str) -> None:
        """Take a file back that was written; its name stays taken."""
        (self.folder / name).unlink()
        self.names.remove(name)

    def refusal(self, name: str, why: str) -> DataError:
        """Return the error for a file that is not taken."""
        return DataError(
            f"{self.source} holds {name[:200]!r}, which {why}: nothing of it was kept, get it from "
            "its publisher again and report it there if this stays"
        )

    def _accepted_name(self, name: str) -> str:
        """Check a name and note it, or raise for one that no folder can take beside the others."""
        path = relative(name)
        if path is None:
            raise self.refusal(name, "is no path inside its folder")
        if len(self.names) >= self.most_files:
            raise self.refusal(name, f"is beyond the bound of {self.most_files} files")

        # Two names that differ by case only would be one file on macOS and Windows.
        key = _folded(path)
        above = [_folded(parent) for parent in path.parents][:-1]
        clash = (
            self._file_names.get(key)
            or self._folder_names.get(key)
            or next(filter(None, map(self._file_names.get, above)), None)
        )
        if clash is not None:
            raise self.refusal(
                name, f"is in the way of {clash[:200]!r}, or differs from it by case only"
            )

        self._file_names[key] = name
        self._folder_names.update(dict.fromkeys(above, name))
        self.names.append(str(path))

        return str(path)


def relative(name: str) -> PurePosixPath | None:
    """Return a stranger's path if it stays inside its folder on every system, else None.

    Absolute paths, `..`, drive letters, backslashes and control characters do not.
    """
    if (
        not name
        or name.startswith("/")
        or "\\" in name
        or _DRIVE.match(name)
        or _CONTROL.search(name)
    ):
        return None

    path = PurePosixPath(name)
    return path if path.parts and ".." not in path.parts else None


@contextmanager
def staging(target: Path, source: str, most_bytes: int) -> Iterator[Stage]:
    """Give a stage beside `target`, and put its files into `target` at the end.

    Where something fails, or the process is killed, `target` is as it was; what a killed one left
    is removed by the next. A file that is there already with the same bytes stays. Raises DataError
    where a file of another content is there, and where the disk is full or may not be written.
    """
    place = target.resolve().parent / target.name
    try:
        folders.clear_leftovers(place.parent, place.name)
        with folders.scratch(place) as work:
            (work / "new").mkdir()
            stage = Stage(work / "new", source, most_bytes)
            yield stage
            _publish(stage, target)
    except OSError as error:
        raise DataError(
            f"{source} cannot be written into {str(target)!r} ({error.strerror or error}): make "
            "room or choose another folder, then start the same command again"
        ) from error


def _publish(stage: Stage, target: Path) -> None:
    """Move the files into their place: by one rename where there is nothing yet."""
    if not target.exists():
        folders.put_in_place(stage.folder, target, replace=False)
        return

    # All is compared before anything is moved: nothing is half merged.
    wrong = [name for name in stage.names if not _fits(stage.folder / name, target / name)]
    if wrong:
        raise DataError(
            f"folder {str(target)!r} holds {len(wrong)} file(s) that differ from those of "
            f"{stage.source}, the first {wrong[0]!r}: move that folder away or give another, "
            "nothing was overwritten"
        )

    for name in stage.names:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            os.replace(stage.folder / name, place)


def _fits(new: Path, place: Path) -> bool:
    """Whether a file can be put in a place: nothing is there, or the same bytes."""
    import filecmp

    if place.exists() or place.is_symlink():
        return place.is_file() and filecmp.cmp(new, place, shallow=False)
    return next((above for above in place.parents if above.exists()), place).is_dir()


def _folded(path: PurePosixPath) -> str:
    # macOS composes letters and accents otherwise than the archives of other systems.
    return unicodedata.normalize("NFC", str(path)).casefold()
