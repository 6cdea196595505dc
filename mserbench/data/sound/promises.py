"""Whether a file holds all the sound that its own header promises: of each format its rule."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import BinaryIO

from mserbench.data.sound import boxes, chunks, formats, pages
from mserbench.data.sound.held import Place, opened, size_of

Rule = Callable[[BinaryIO, int], str]
_RULES: Mapping[str, Rule] = {
    "wav": chunks.riff,
    "w64": chunks.w64,
    "aiff": chunks.aiff,
    "au": chunks.au,
    "caf": chunks.caf,
    "sphere": chunks.sphere,
    "ogg": pages.ogg,
    "mpeg": pages.mpeg,
    "aac": pages.adts,
    "mp4": boxes.mp4,
    "matroska": boxes.matroska,
    "asf": boxes.asf,
}


def broken(path: Place) -> str:
    """Return how a file breaks the promise of its header, or nothing.

    As the rest of a sentence that begins with the file. FLAC tells it when it is decoded. Sizes by
    which streams say that they do not know theirs promise nothing. Raises OSError.
    """
    rule = _RULES.get(formats.told_by_content(path))
    if rule is None:
        return ""

    size = size_of(path) or 0
    with opened(path) as file:
        try:
            return rule(file, size)
        except (struct.error, ValueError, OverflowError):
            # The header itself is no header: the decoder says so with better words.
            return ""
