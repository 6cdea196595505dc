"""Writing a file so that a crash leaves the old one or the new one, and the place of caches."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from mserbench.disk import claims

_TOKEN = re.compile(r"[0-9a-f]{8}|[a-z0-9_]{8}")  # ends a temporary name, ours or mkstemp's
_RENAMES_OPEN_FILES = os.name == "posix"
_LONGEST = 60  # characters of a file's name that its temporary one repeats


def cache_dir() -> Path:
    """Return the folder of all that can be remade: `$MSERBENCH_CACHE`, else the user's cache."""
    chosen = os.environ.get("MSERBENCH_CACHE")
    if chosen:
        return Path(chosen)

    import platformdirs

    return Path(platformdirs.user_cache_dir("mserbench"))


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a file by a temporary one beside it: write, fsync, rename, fsync the folder.

    Who may read it is what the umask says. A process that is killed leaves the temporary file, and
    the next one that writes `path` takes it away. Raises OSError that names `path`.
    """
    if isinstance(data, str):
        data = data.encode("utf-8")

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(path)
        _write(path, data)
        sync_folder(path.parent)
    except OSError as error:
        # A user knows the file that was asked for, not the temporary one.
        error.filename, error.filename2 = str(path), None
        raise


def _write(path: Path, data: bytes) -> None:
    handle, temporary = _temporary(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # Before the claim ends: nobody may take the file for a leftover.
            if _RENAMES_OPEN_FILES:
                os.replace(temporary, path)

        if not _RENAMES_OPEN_FILES:
            os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _temporary(path: Path) -> tuple[int, Path]:
    """Make an empty file beside `path`, on the same disk, and claim it for this process."""
    while True:
        temporary = path.parent / f"{_prefix(path)}{secrets.token_hex(4)}"
        # The system takes the umask off the mode, which mkstemp would not.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        handle = os.open(temporary, flags, 0o666)
        # Between these lines it was nobody's, and somebody may have cleared it away.
        if claims.claim(handle) and temporary.exists():
            return handle, temporary

        os.close(handle)


def clear_leftovers(path: Path) -> None:
    """Remove what killed processes left of writing `path`."""
    for name in os.listdir(path.parent):
        leftover = path.parent / name
        if not is_temporary(name, path) or not leftover.is_file():
            continue

        with claims.left(leftover) as is_left:
            if is_left:
                leftover.unlink(missing_ok=True)


def is_temporary(name: str, path: Path) -> bool:
    """Say whether a name is one that a file has while `path` is being written."""
    prefix = _prefix(path)
    return name.startswith(prefix) and bool(_TOKEN.fullmatch(name.removeprefix(prefix)))


def _prefix(path: Path) -> str:
    # Of a name as long as names may be, a temporary one must not be longer.
    return f".{path.name[:_LONGEST]}."


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the platform allows to open folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
