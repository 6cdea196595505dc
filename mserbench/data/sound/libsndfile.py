"""Sound that libsndfile reads: wav and its kin, aiff, au, caf, flac, ogg, opus, mp3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mserbench.data.sound import bounds, formats
from mserbench.data.sound.held import Held, Place, opened
from mserbench.data.sound.quiet import silent_library
from mserbench.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Vorbis and Opus put the centre second and the low frequencies last; libsndfile hands them on in
# that order.
_OGG_ORDER = {6: [0, 2, 1, 5, 3, 4], 8: [0, 2, 1, 7, 5, 6, 3, 4]}
# Their length is only guessed before they are decoded, so it is no promise.
_GUESSED = ("MPEG", "OGG")


def read(path: Place, start: float | None, end: float | None) -> tuple[NDArray[np.float32], int]:
    """Return the part from `start` to `end` seconds, and the rate in Hz; no more is decoded.

    Raises OSError or RuntimeError where it cannot be decoded, DataError where it is out of bounds
    or holds less than its header promises.
    """
    import soundfile

    with _quiet(path), soundfile.SoundFile(_named(path)) as file:
        rate = int(file.samplerate)
        first = min(max(0, round((start or 0.0) * rate)), file.frames)
        last = file.frames if end is None else min(max(first, round(end * rate)), file.frames)
        if why := bounds.refused(rate, file.channels, last - first):
            raise DataError(f"audio file {str(path)!r} {why}")

        if first:
            file.seek(first)

        # All that is there, where nothing was asked for: a guess may fall short.
        n_frames = -1 if end is None else last - first
        samples = file.read(n_frames, dtype="float32", always_2d=True)
        if len(samples) < last - first and file.format not in _GUESSED:
            fault = _short(last - first, len(samples))
            raise DataError(f"audio file {str(path)!r} {fault}: get it from the publisher again")

        return _in_order(samples, file.format), rate


def pieces(path: Place, seconds: float, quoted: str) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield pieces of `seconds`, float32 (n_samples, n_channels), each with the rate in Hz.

    `quoted` is what errors call the file. Raises as `read`; what is too long for a clip is no fault
    here.
    """
    import soundfile

    with _quiet(path):
        file = soundfile.SoundFile(_named(path))

    with file:
        rate, n_samples = int(file.samplerate), 0
        if why := bounds.refused(rate, file.channels):
            raise DataError(f"audio file {quoted} {why}")

        while True:
            # Only while it decodes: who asks for pieces may take hours between two of them.
            with _quiet(path):
                samples = file.read(max(1, round(seconds * rate)), dtype="float32", always_2d=True)

            if not len(samples):
                break

            n_samples += len(samples)
            yield _in_order(samples, file.format), rate

        if n_samples < file.frames and file.format not in _GUESSED:
            fault = _short(file.frames, n_samples)
            raise DataError(f"audio file {quoted} {fault}: record or copy it again")


def told_seconds(path: Place) -> float:
    """Return how long a header says a file is. Raises OSError or RuntimeError."""
    import soundfile

    with _quiet(path):
        return float(soundfile.info(_named(path)).duration)


def _named(path: Place) -> bytes | Path | BinaryIO:
    if isinstance(path, Held):
        return opened(path)

    # As bytes, since some publishers' folder names are no valid Unicode.
    return os.fsencode(path) if os.name == "posix" else path


def _quiet(path: Place) -> AbstractContextManager[None]:
    """Silence the one part of libsndfile that prints, for the files that it may read."""
    return silent_library() if formats.told_by_content(path) in ("mpeg", "") else nullcontext()


def _short(promised: int, decoded: int) -> str:
    return (
        f"was cut short: its header promises {promised:,} samples, but {decoded:,} could be decoded"
    )


def _in_order(samples: NDArray[np.float32], form: str) -> NDArray[np.float32]:
    order = _OGG_ORDER.get(samples.shape[1]) if form == "OGG" else None
    return samples if order is None else samples[:, order]
