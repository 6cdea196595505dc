"""Zip and tar archives of strangers into a stage: regular files only, counted as they come out."""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from mserbench.errors import DataError, why
from mserbench.fetching.staging import Stage, relative

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

Report = Callable[[int, int], None]  # bytes done and bytes in all

_MOST = 200 * 2**30  # bytes that any archive may hold
_LEAST = 100 * 2**20  # bytes that every archive may hold: silence packs well
_RATIO = 20  # more than this many times its size, no archive of audio holds
_PIECE = 2**20
_ENCRYPTED = 0x1
_DAMAGED = (
    EOFError, lzma.LZMAError, zlib.error, tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile,
    NotImplementedError, RuntimeError, ValueError, OSError,
)  # fmt: skip


@dataclass(frozen=True)
class _Member:
    """One entry of an archive; `fault` says why it is not taken, `open` is None for a folder."""

    name: str
    fault: str
    open: Callable[[], IO[bytes] | None] | None


def bound(size: int) -> int:
    """Return how many bytes archives of `size` bytes may hold at most."""
    return min(max(_RATIO * size, _LEAST), _MOST)


def is_archive(name: str) -> bool:
    """Say whether a file of this name is one that `unpack` opens."""
    return name.lower().endswith(SUFFIXES)


def unpack(archive: Path, stage: Stage, report: Report = lambda done, total: None) -> None:
    """Unpack an archive into a stage, and archives inside it, once, each where it lies.

    Shadow files of macOS are left out. Raises DataError, which names the member, for one that leads
    out of the folder, is a link or a device, is encrypted, comes twice or is too much, and for a
    damaged archive.
    """
    first = len(stage.names)
    _unpack(archive, stage, "", report)
    # A list of its own, as unpacking adds names; archives found in these stay as they are.
    for name in [name for name in stage.names[first:] if is_archive(name)]:
        above = str(PurePosixPath(name).parent)
        _unpack(stage.folder / name, stage, "" if above == "." else f"{above}/", report)
        stage.remove(name)


def _unpack(archive: Path, stage: Stage, above: str, report: Report) -> None:
    """Write the members of one archive below `above`; refuse the first that is not safe."""
    size = archive.stat().st_size
    with archive.open("rb") as file, _damage(archive.name):
        for member in _members(file):
            if relative(member.name) is None and not _is_root(member):
                raise stage.refusal(member.name, "is no path inside its folder")
            if _is_junk(member.name):
                continue
            if member.fault:
                raise stage.refusal(member.name, f"is {member.fault}")

            if member.open is not None:
                stage.write(above + member.name, _pieces(archive.name, member))

            report(min(file.tell(), size), size)

    report(size, size)


def _members(file: IO[bytes]) -> Iterator[_Member]:
    start = file.read(4)
    file.seek(0)
    yield from _of_zip(file) if start in (b"PK\x03\x04", b"PK\x05\x06") else _of_tar(file)


def _of_zip(file: IO[bytes]) -> Iterator[_Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            fault = "" if kind in (0, stat.S_IFREG, stat.S_IFDIR) else "a link or a device"
            if info.flag_bits & _ENCRYPTED:
                fault = "encrypted"

            # The original name: the other one ends where this one holds a NUL.
            yield _Member(
                info.orig_filename, fault, None if info.is_dir() else partial(archive.open, info)
            )


def _of_tar(file: IO[bytes]) -> Iterator[_Member]:
    with tarfile.open(fileobj=file, mode="r:*", tarinfo=_Header) as archive:
        for info in archive:
            fault = "" if info.isreg() or info.isdir() else "a link or a device"
            if not fault:
                fault = _second_opinion(info)

            yield _Member(
                info.name, fault, None if info.isdir() else partial(archive.extractfile, info)
            )


def _second_opinion(info: tarfile.TarInfo) -> str:
    """Ask the library's own filter, where this Python has it (3.11.4)."""
    if hasattr(tarfile, "data_filter"):
        try:
            tarfile.data_filter(info, "/nowhere")
        except tarfile.FilterError as error:
            return f"refused ({type(error).__name__})"

    return ""


class _Header(tarfile.TarInfo):
    """A header that does not pass for the end of the archive when it is damaged or cut off."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


def _pieces(archive: str, member: _Member) -> Iterator[bytes]:
    """Yield the bytes of a member; damage of the archive shows only here."""
    assert member.open is not None
    with _damage(archive, member.name):
        file = member.open()

    if file is None:
        return

    with file:
        while True:
            with _damage(archive, member.name):
                piece = file.read(_PIECE)

            if not piece:
                return

            yield piece


@contextmanager
def _damage(archive: str, member: str = "") -> Iterator[None]:
    """Turn what libraries raise for damaged archives into one sentence, unlike write errors."""
    try:
        yield
    except _DAMAGED as error:
        # A full disk is no damage of the archive.
        if isinstance(error, OSError) and error.errno is not None:
            raise

        place = f", member {member[:200]!r}" if member else ""
        reason = why(error).rstrip(":")
        raise DataError(
            f"archive {archive!r}{place} is damaged or of a kind that cannot be read ({reason}): "
            "nothing of it was kept, get it from its publisher again"
        ) from error


def _is_root(member: _Member) -> bool:
    """Say whether a member is the folder itself, as `tar` writes it for `.`."""
    return member.open is None and member.name.rstrip("/") == "."


def _is_junk(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(
        part.startswith("._") or part == ".DS_Store" for part in parts
    )
