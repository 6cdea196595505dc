"""Files that others made, read with care: plain files of bounded size, inside their corpus."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

# Bytes of a file, by kind: ten times and more of what the largest known corpora and boards need.
# Beyond them a file is not what its name says, and reading it would only fill the memory.
SETTINGS = 8_000_000  # TOML and YAML, which are slow to parse
CARD = 16_000_000
RECORD = 64_000_000
MANIFEST = 500_000_000  # of weights: a key a clip that they were trained on
TABLE = 500_000_000  # labels, splits, predictions

WAIT = 5.0  # seconds for somebody to begin to write into a pipe
_PAUSE = 0.05  # seconds between two looks at a pipe into which nobody writes yet
_BLOCK = 1 << 20  # bytes taken from a pipe at once

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Refused(OSError):
    """A file that is not read; its `strerror` and its text say why, to stand behind its name."""

    def __init__(self, reason: str, number: int = errno.EINVAL) -> None:
        super().__init__(number, reason)

    def __str__(self) -> str:
        return str(self.strerror)


def read(path: Path, most: int, inside: Path | None = None, piped: bool = False) -> bytes:
    """Return the bytes of a plain file.

    Args:
        path: the file; links are followed.
        most: how many bytes it may have, one of the constants above.
        inside: the folder that no link may lead out of, if any.
        piped: whether it may be a pipe, as for what a user names on the command line:
            `score <(zcat p.csv.gz)`. A pipe that somebody writes into is read to its end, however
            long that takes, as the writer may compute; one that nobody writes into is given up
            after `WAIT` seconds.

    Raises OSError where it cannot be read; of that Refused where it is no plain file, is too large,
    leads out of `inside`, or has a name that no system allows.
    """
    try:
        if inside is not None and leads_out(path, inside):
            raise Refused(f"it is a link that leads out of {str(inside)!r}: copy the file there")

        # A look before it is opened: opening alone rewinds a tape and starts a watchdog.
        _require_kind(os.stat(path).st_mode, piped)
        # Without O_NONBLOCK a pipe that nobody writes into would hold the program here.
        handle = os.open(path, os.O_RDONLY | _flag("O_NONBLOCK") | _flag("O_BINARY"))
    except ValueError as error:  # a NUL, or half a character
        raise Refused("its name is none that a file can have") from error

    try:
        status = os.fstat(handle)
        _require_kind(status.st_mode, piped)
        if stat.S_ISFIFO(status.st_mode):
            return _of_pipe(handle, most)

        if status.st_size > most:
            raise _too_large(f"it has {status.st_size:,} bytes", most)

        return _of_file(handle, most)
    finally:
        os.close(handle)


def leads_out(path: Path, folder: Path) -> bool:
    """Say whether the file behind a path lies elsewhere than in a folder or below it."""
    real = os.path.realpath(path)
    # The folder may be a link itself: whoever names it wants what is behind it.
    above = os.path.realpath(folder)
    return os.path.commonpath([real, above]) != above


def _require_kind(mode: int, piped: bool) -> None:
    if stat.S_ISREG(mode) or (piped and stat.S_ISFIFO(mode)):
        return

    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    raise Refused(f"it is {kind}, but a plain file was expected")


def _of_file(handle: int, most: int) -> bytes:
    # One byte more than allowed: the file may grow, and those of /proc say that they are empty.
    with os.fdopen(os.dup(handle), "rb") as file:
        data = file.read(most + 1)

    if len(data) > most:
        raise _too_large("it grew while it was read", most)

    return data


def _of_pipe(handle: int, most: int) -> bytes:
    """Read a pipe to its end; Refused where nobody writes, or writes more than `most` bytes."""
    blocks: list[bytes] = []
    size = 0
    patience = time.monotonic() + WAIT

    while True:
        try:
            block = os.read(handle, _BLOCK)
        except BlockingIOError:
            # Somebody holds the other end and has not written yet: that is no silence.
            select.select([handle], [], [])
            continue

        blocks.append(block)
        size += len(block)
        if size > most:
            raise _too_large("what came out of the pipe is longer", most)

        if block:
            continue
        if size:
            return b"".join(blocks)
        # No end, but a beginning that did not come yet: a shell starts the writer a moment later.
        if time.monotonic() > patience:
            raise Refused(f"it is a pipe, and nobody wrote anything into it for {WAIT:.0f} s")

        time.sleep(_PAUSE)


def _too_large(what: str, most: int) -> Refused:
    return Refused(f"{what}, but {most:,} bytes at most were expected", errno.EFBIG)


def _flag(name: str) -> int:
    """Return a flag of `os.open` where the system has it."""
    return int(getattr(os, name, 0))
