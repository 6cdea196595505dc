"""Writing a file so that a crash leaves the old one or the new one, and the place of caches."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_dir() -> Path:
    """Return the folder of all that can be remade: `$MSERBENCH_CACHE`, else the user's cache."""
    chosen = os.environ.get("MSERBENCH_CACHE")
    if chosen:
        return Path(chosen)

    import platformdirs

    return Path(platformdirs.user_cache_dir("mserbench"))


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a file by a temporary one beside it: write, fsync, rename, fsync the folder."""
    if isinstance(data, str):
        data = data.encode("utf-8")

    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, as a rename must not cross disks.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

        # mkstemp makes files that only their owner may read.
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the platform allows to open folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
