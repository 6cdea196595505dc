"""Formats that are a chain of pages or frames: ogg, mp3, aac."""

from __future__ import annotations

import struct
from typing import BinaryIO

from mserbench.data.sound.chunks import cut_short
from mserbench.data.sound.formats import tag_length

_PAGE = 27  # bytes of the header of a page of ogg
_BEGINS, _ENDS = 2, 4  # flags of a page
_MPEG_1, _LAYER_1, _LAYER_3 = 3, 3, 1
# kbit/s by layer, MPEG 1 before MPEG 2; the first is of a rate not told, and the last forbidden.
_BIT_RATES = {
    (True, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_TAGS = 2_048  # bytes that tags after the sound may take, and that an encoder may not count


def ogg(file: BinaryIO, size: int) -> str:
    """Return what is wrong with an ogg of `size` bytes, or nothing: it ends within a page or
    without one that says so, or holds several recordings, one after the other (RFC 3533).
    """
    position, flags, has_sound = 0, 0, False
    while position < size:
        file.seek(position)
        head = file.read(_PAGE)
        if head[:4] != b"OggS":
            break

        if len(head) < _PAGE:
            return cut_short("it ends within a page")

        flags, lacing = head[5], file.read(head[26])
        position += _PAGE + head[26] + sum(lacing)
        if len(lacing) < head[26] or position > size:
            return cut_short("it ends within a page")

        # Streams that belong together all begin before any of them goes on.
        if flags & _BEGINS and has_sound:
            return "holds a second stream after the first, as of two files joined"

        has_sound = has_sound or not flags & _BEGINS

    return "" if flags & _ENDS or not has_sound else cut_short("no page says that it is the last")


def mpeg(file: BinaryIO, size: int) -> str:
    """Return what is wrong with an mp3 of `size` bytes, or nothing.

    What the encoder noted in the first frame (Xing, Info, VBRI) counts; else whether the last frame
    is whole.
    """
    begin = _after_tag(file)
    file.seek(begin)
    first = file.read(256)
    noted = _noted_bytes(first)
    if noted:
        if noted > size - begin + _TAGS and noted > (size - begin) * 1.01:
            return cut_short(
                f"its first frame promises {noted:,} bytes, but {size - begin:,} are there"
            )
        if noted <= size - begin:
            return ""

    return _chain(file, begin, size, _mpeg_length)


def adts(file: BinaryIO, size: int) -> str:
    """Return what is wrong with an aac of `size` bytes, or nothing: whether its last frame is
    whole.
    """
    return _chain(file, _after_tag(file), size, _adts_length)


def _chain(file: BinaryIO, position: int, size: int, length_of: object) -> str:
    assert callable(length_of)
    while position < size:
        file.seek(position)
        length = length_of(file.read(8))
        # A tag, or something else that is no frame: nothing is promised any more.
        if not length:
            return ""

        position += length

    return cut_short("it ends within a frame") if position > size else ""


def _after_tag(file: BinaryIO) -> int:
    """Return where the sound begins, after an ID3v2 tag if there is one."""
    file.seek(0)
    head = file.read(10)
    return 10 + tag_length(head) if head[:3] == b"ID3" else 0


def _noted_bytes(frame: bytes) -> int:
    """Return the bytes of all frames as an encoder noted them in the first one; 0 where it did
    not.
    """
    for name in (b"Xing", b"Info"):
        place = frame.find(name)
        if place >= 0:
            (flags,) = struct.unpack_from(">I", frame, place + 4)
            # The number of frames stands before that of bytes, if both are there.
            offset = place + 8 + 4 * (flags & 1)
            return int(struct.unpack_from(">I", frame, offset)[0]) if flags & 2 else 0

    place = frame.find(b"VBRI")
    return int(struct.unpack_from(">I", frame, place + 10)[0]) if place >= 0 else 0


def _mpeg_length(head: bytes) -> int:
    """Return the bytes of the frame that begins with `head`; 0 where none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0

    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_number, bit_rate_number = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer == 0 or rate_number == 3 or bit_rate_number in (0, 15):
        return 0

    is_first = version == _MPEG_1
    bit_rate = 1_000 * _BIT_RATES[is_first, layer][bit_rate_number]
    rate, padding = _RATES[version][rate_number], head[2] >> 1 & 1
    if layer == _LAYER_1:
        return (12 * bit_rate // rate + padding) * 4

    return (72 if layer == _LAYER_3 and not is_first else 144) * bit_rate // rate + padding


def _adts_length(head: bytes) -> int:
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
