"""Formats whose header gives the bytes of the sound: wav, rf64, w64, aiff, au, caf, sphere."""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

# Bytes: some writers count their header as sound. Of 16 kHz and 16 bit this is 2 ms.
_SLACK = 64
_UNKNOWN = 0xFFFFFFFF
# What may follow sound: where this begins after a size of 0, there is no sound.
_AFTER = (b"LIST", b"fact", b"JUNK", b"PAD ", b"id3 ", b"ID3 ", b"cue ", b"bext", b"smpl", b"iXML")
_SPHERE_FIELD = re.compile(rb"^(\w+) -i (\d+)", re.MULTILINE)
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"


def riff(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a wav or an rf64 of `size` bytes, or nothing."""
    order = ">" if file.read(4) == b"RIFX" else "<"
    position, long_size = 12, None

    while chunk := _at(file, position, f"{order}4sI"):
        name, length = chunk
        position += 8
        if name == b"ds64":
            _, long_size = struct.unpack(f"{order}QQ", file.read(16))

        if name == b"data":
            promised = long_size if length == _UNKNOWN and long_size is not None else length
            return _compared(promised, size - position, file.read(4))

        position += length + length % 2

    return ""


def w64(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a Sony Wave64 of `size` bytes, or nothing."""
    position = 40
    while chunk := _at(file, position, "<16sQ"):
        name, length = chunk
        if name == _W64_DATA:
            return _compared(length - 24, size - position - 24)
        if length < 24:
            return ""

        position += (length + 7) // 8 * 8

    return ""


def aiff(file: BinaryIO, size: int) -> str:
    """Return what is wrong with an aiff or aifc of `size` bytes, or nothing."""
    position = 12
    while chunk := _at(file, position, ">4sI"):
        name, length = chunk
        if name == b"SSND":
            return _compared(length, size - position - 8)

        position += 8 + length + length % 2

    return ""


def au(file: BinaryIO, size: int) -> str:
    """Return what is wrong with an au of `size` bytes, or nothing."""
    order = "<" if file.read(4) == b"dns." else ">"
    offset, promised = struct.unpack(f"{order}II", file.read(8))
    return _compared(promised, size - offset)


def caf(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a caf of `size` bytes, or nothing; -1 means up to the end."""
    position = 8
    while chunk := _at(file, position, ">4sq"):
        name, length = chunk
        if length < 0:
            return ""
        if name == b"data":
            return _compared(length, size - position - 12)

        position += 12 + length

    return ""


def sphere(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a SPHERE file of `size` bytes, or nothing; coded ones are not
    looked at.
    """
    head = file.read(1024)
    fields = {name: int(value) for name, value in _SPHERE_FIELD.findall(head)}
    lines = head.split(b"\n")
    if b"shorten" in head or len(lines) < 2 or b"sample_count" not in fields:
        return ""

    width = fields.get(b"sample_n_bytes", 2) * fields.get(b"channel_count", 1)
    return _compared(fields[b"sample_count"] * width, size - int(lines[1]))


def _at(file: BinaryIO, position: int, form: str) -> tuple[bytes, int] | None:
    """Return the name and the length that stand at a position; None at the end of the file."""
    file.seek(position)
    head = file.read(struct.calcsize(form))
    if len(head) < struct.calcsize(form):
        return None

    name, length = struct.unpack(form, head)
    return name, length


def _compared(promised: int, held: int, beginning: bytes = b"") -> str:
    """Return how the bytes that a header promises differ from those that are there."""
    if _is_of_stream(promised):
        return ""
    if promised == 0 and held > _SLACK and beginning not in _AFTER:
        return (
            f"has a header that promises 0 bytes of sound, though {held:,} follow, as if its "
            "writer was stopped"
        )
    if promised > held + _SLACK:
        return cut_short(f"its header promises {promised:,} bytes of sound, but {held:,} are there")
    return ""


def _is_of_stream(size: int) -> bool:
    """Whether a size is what programs write that do not know it: SoX 0x7F000000 and 0x7FFFFFFF,
    arecord 0x80000000, ffmpeg 0xFFFFFFFF, each less its header.
    """
    return 0x7F000000 <= size <= 0x80000000 or 0xFFFF0000 <= size <= _UNKNOWN


def cut_short(reason: str) -> str:
    """Return the words for a file that ends too early."""
    return f"was cut short: {reason}"
