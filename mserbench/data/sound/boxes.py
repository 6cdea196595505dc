"""Formats that nest boxes, each with its size: mp4, Matroska and webm, wma."""

from __future__ import annotations

import struct
from typing import BinaryIO

from mserbench.data.sound.chunks import cut_short

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675  # ids of elements of Matroska


def mp4(file: BinaryIO, size: int) -> str:
    """Return what is wrong with an mp4 of `size` bytes, or nothing (ISO/IEC 14496-12)."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        # 0: up to the end of the file; 1: a longer number follows.
        if length == 0:
            return ""
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length < 8:
            return ""

        position += length
        if position > size:
            return _overrun(name.decode("latin-1"), position, size)

    return ""


def matroska(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a Matroska file of `size` bytes, or nothing (RFC 8794)."""
    position = 0
    while position < size:
        file.seek(position)
        identity, _ = _number(file, marked=True)
        length, is_unknown = _number(file, marked=False)
        inside = file.tell()
        # Of a live recording neither the whole nor its parts have a size: its parts may have.
        if is_unknown and identity in (_SEGMENT, _CLUSTER):
            position = inside
            continue
        if is_unknown:
            return ""

        position = inside + length
        if position > size:
            return _overrun(f"{identity:X}", position, size)

    return ""


def asf(file: BinaryIO, size: int) -> str:
    """Return what is wrong with a wma of `size` bytes, or nothing: an object beyond its end."""
    position = 0
    while position + 24 <= size:
        file.seek(position + 16)
        (length,) = struct.unpack("<Q", file.read(8))
        if length < 24:
            return ""

        position += length
        if position > size:
            return _overrun("of the sound", position, size)

    return ""


def _number(file: BinaryIO, marked: bool) -> tuple[int, bool]:
    """Read a number of one to eight bytes, and whether it stands for 'unknown'; with the bit that
    marks its width if `marked`.

    Raises ValueError at the end of the file.
    """
    first = file.read(1)
    if not first or not first[0]:
        raise ValueError("no number of Matroska")

    width = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(width - 1), "big")
    mark = 1 << 7 * width
    return (value if marked else value - mark), value == 2 * mark - 1


def _overrun(box: str, end: int, size: int) -> str:
    return cut_short(f"its part {box!r} reaches to byte {end:,}, but the file holds {size:,}")
