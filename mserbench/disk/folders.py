"""Folders that appear whole or not at all, and locks that one process holds at a time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mserbench.disk.files import sync_folder

_PART = ".part"  # ends the name of a folder that is being filled
_ASIDE = ".aside"  # ends the name of an old folder while a new one takes its place
_MANY = 100  # files; an fsync takes milliseconds


class Busy(Exception):
    """Another process holds the lock."""


@contextmanager
def held(lock: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock file; its folder is made. The lock of a process that was killed is free.

    Where another process holds it, `waiting` is called once and the lock waited for; without
    `waiting` Busy is raised. Raises OSError where the file cannot be written.
    """
    import filelock  # slow to import, and listings need no lock

    lock.parent.mkdir(parents=True, exist_ok=True)
    file = filelock.FileLock(lock)
    try:
        file.acquire(timeout=0)
    except filelock.Timeout:
        if waiting is None:
            raise Busy(str(lock)) from None

        waiting()
        file.acquire()

    try:
        yield
    finally:
        file.release()


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """Give an empty folder beside `place`, on the same disk, that goes away in the end.

    Its name is random: two processes do not mix. A process that is killed leaves it for
    `clear_leftovers`.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.", suffix=_PART))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def whole(place: Path, replace: bool = True) -> Iterator[Path]:
    """Give an empty folder that becomes `place` if all goes well, and goes away if not.

    With `replace` an old folder gives way to it: only for who holds the lock of the place or works
    alone. Without `replace` nothing that is there gives way: OSError is raised unless `place` is
    missing or an empty folder.
    """
    if replace:
        _bring_back(place)

    with scratch(place) as work:
        work.chmod(0o755)  # others may read what is published
        yield work
        put_in_place(work, place, replace)


def put_in_place(ready: Path, place: Path, replace: bool = True) -> None:
    """Make the files of a folder durable and rename it; an old one goes away in the end.

    `ready` lies on the same disk. An old folder is missing at `place` for the moment between two
    renames; of a process that is killed there, `clear_leftovers` and the next `whole` bring it
    back. Raises OSError as `whole` does.
    """
    _make_durable(ready)

    if replace and place.exists():
        _exchange(ready, place)
    else:
        os.replace(ready, place)
        sync_folder(place.parent)


def _exchange(ready: Path, place: Path) -> None:
    """Put a folder in the place of an old one, so that a kill at any point loses neither."""
    # No call of Python swaps two folders at once, so the old one steps aside under a name from
    # which it can be brought back.
    _bring_back(place)
    aside = _aside(place)
    os.replace(place, aside)
    try:
        os.replace(ready, place)
    except OSError:
        os.replace(aside, place)
        raise

    # Durable before the old one is deleted: a power cut must not lose both.
    sync_folder(place.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _aside(place: Path) -> Path:
    return place.parent / f".{place.name}{_ASIDE}"


def _bring_back(place: Path) -> None:
    """Undo a replacement that was killed half-way, or remove what it left behind when done."""
    aside = _aside(place)
    if not aside.exists():
        return

    if place.exists():
        shutil.rmtree(aside)
    else:
        os.replace(aside, place)
        sync_folder(place.parent)


def _make_durable(folder: Path) -> None:
    """Write out every file below a folder, so that a rename never comes before its contents."""
    paths = list(folder.rglob("*"))
    # A corpus has thousands of files: there, all that the system holds back at once is faster.
    if len(paths) > _MANY and hasattr(os, "sync"):
        os.sync()
        return

    for path in paths:
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())

    sync_folder(folder)


def clear_leftovers(folder: Path, name: str = "*") -> None:
    """Remove what killed processes left half made of `folder`/`name`, and bring back what gave way.

    Only for who holds the lock of that place, and before they look whether it is there.
    """
    for aside in folder.glob(f".{name}{_ASIDE}"):
        _bring_back(folder / aside.name.removeprefix(".").removesuffix(_ASIDE))

    for half_made in folder.glob(f".{name}.*{_PART}"):
        shutil.rmtree(half_made, ignore_errors=True)
