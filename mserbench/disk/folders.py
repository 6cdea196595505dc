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

    Its name is its own: two processes do not mix. A process that is killed leaves it for
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

    Without `replace` nothing that is there gives way: OSError is raised unless `place` is missing
    or an empty folder.
    """
    with scratch(place) as work:
        work.chmod(0o755)  # others may read what is published
        yield work
        put_in_place(work, place, replace)


def put_in_place(ready: Path, place: Path, replace: bool = True) -> None:
    """Make the files of a folder durable and rename it; an old one goes away only when the new one
    is whole.

    `ready` lies on the same disk. Raises OSError as `whole` does.
    """
    _make_durable(ready)

    if replace and place.exists():
        with scratch(place) as aside:
            os.replace(place, aside / "old")
            os.replace(ready, place)
    else:
        os.replace(ready, place)

    sync_folder(place.parent)


def _make_durable(folder: Path) -> None:
    """Write out every file below a folder; of a corpus, which has thousands, all that the system
    holds back at once.
    """
    paths = list(folder.rglob("*"))
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
    """Remove what killed processes left half made of `folder`/`name`; only for who holds the lock
    of that place.
    """
    for left in folder.glob(f".{name}.*{_PART}"):
        shutil.rmtree(left, ignore_errors=True)
