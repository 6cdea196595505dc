"""Folders that appear whole or not at all, and locks that one process holds at a time."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mserbench.disk import claims
from mserbench.disk.files import sync_folder

_PART = ".part"  # ends the name of a folder that is being filled
_ASIDE = ".aside"  # ends the name of an old folder while a new one takes its place
_LONGEST = 60  # characters of a name that a half-made folder repeats
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
def alone_in(folder: Path) -> Iterator[None]:
    """Claim a folder that is there, without any file in it. Raises Busy where another process does.

    For folders that people look at or commit, where a lock file would be litter.
    """
    if os.name != "posix":  # folders cannot be opened
        yield
        return

    handle = os.open(folder, os.O_RDONLY)
    try:
        if not claims.claim(handle):
            raise Busy(str(folder))

        yield
    finally:
        os.close(handle)


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """Give an empty folder beside `place`, on the same disk, that goes away in the end.

    Its name is random: two processes do not mix. What a killed process left of the same place goes
    away first; who may read the folder is what the umask says.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    _clear_parts(place.parent, place.name)
    work, handle = _claimed(place)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if handle is not None:
            os.close(handle)


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

    Only for who holds the lock of that place, and before they look whether it is there. Half-made
    folders of processes that live are left to them.
    """
    for aside in folder.glob(f".{name}{_ASIDE}"):
        _bring_back(folder / aside.name.removeprefix(".").removesuffix(_ASIDE))

    _clear_parts(folder, name)


def is_half_made(name: str) -> bool:
    """Say whether a folder of this name is one that is being filled, or gives way to another."""
    return name.startswith(".") and name.endswith((_PART, _ASIDE))


def _claimed(place: Path) -> tuple[Path, int | None]:
    """Make a folder of a random name, and claim it; no handle where folders cannot be opened."""
    while True:
        work = place.parent / f".{place.name[:_LONGEST]}.{secrets.token_hex(4)}{_PART}"
        work.mkdir()
        if os.name != "posix":
            return work, None

        try:
            handle = os.open(work, os.O_RDONLY)
        except FileNotFoundError:  # cleared away before it was claimed
            continue

        if claims.claim(handle) and work.exists():
            return work, handle

        os.close(handle)


def _clear_parts(folder: Path, name: str) -> None:
    """Remove the half-made folders that no living process claims."""
    if not folder.is_dir():
        return

    start, any_name = f".{name[:_LONGEST]}.", name == "*"
    for path in list(folder.iterdir()):
        if not path.name.startswith("." if any_name else start) or not path.name.endswith(_PART):
            continue
        if path.is_symlink() or not path.is_dir():
            continue

        with claims.left(path) as is_left:
            if is_left:
                shutil.rmtree(path, ignore_errors=True)
