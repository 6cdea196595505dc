"""The first audio stream of a container, by PyAV (extra `video`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mserbench.data.sound import bounds
from mserbench.data.sound.held import Held, Place, opened
from mserbench.errors import DataError, why
from mserbench.plugins import misfits

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIECE = 10.0  # seconds


def pieces(path: Place, seconds: float, quoted: str) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield pieces of about `seconds`, float32 (n_samples, n_channels), each with the rate in Hz.

    `quoted` is what errors call the file. Raises OSError where it cannot be decoded, DataError
    where it has no sound or a rate out of bounds, MissingExtra without PyAV.
    """
    with misfits.optional(f"audio file {quoted}", "av", "video"):
        import av

    try:
        with av.open(opened(path) if isinstance(path, Held) else str(path), mode="r") as container:
            if not container.streams.audio:
                raise DataError(f"audio file {quoted} has no audio stream: get it again")

            stream = container.streams.audio[0]
            if refusal := bounds.refused(stream.rate, stream.channels):
                raise DataError(f"audio file {quoted} {refusal}")

            resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
            frames: list[NDArray[Any]] = []
            n_samples = 0
            for frame in container.decode(stream):
                parts = [part.to_ndarray() for part in resampler.resample(frame)]
                frames += parts
                n_samples += sum(part.shape[1] for part in parts)
                if n_samples >= seconds * stream.rate:
                    yield _joined(frames), stream.rate
                    frames, n_samples = [], 0

            if frames:
                yield _joined(frames), stream.rate
    except (av.FFmpegError, ValueError) as error:
        raise OSError(getattr(error, "strerror", None) or why(error)) from error


def read(path: Place, start: float | None, end: float | None) -> tuple[NDArray[np.float32], int]:
    """Return the part from `start` to `end` seconds, and the rate in Hz; what lies outside is
    decoded and forgotten.

    Raises as `pieces`, and DataError where the part is longer than a clip may be.
    """
    kept: list[NDArray[np.float32]] = []
    position, n_kept, rate = 0, 0, 1
    for samples, rate in pieces(path, _PIECE, repr(str(path))):
        first = max(0, round((start or 0.0) * rate) - position)
        last = len(samples) if end is None else max(0, round(end * rate) - position)
        position += len(samples)
        inside = samples[first:last]
        kept.append(inside)
        n_kept += len(inside)
        if refusal := bounds.refused(rate, samples.shape[1], n_kept):
            raise DataError(f"audio file {str(path)!r} {refusal}")

    return (np.concatenate(kept) if kept else np.zeros((0, 1), dtype=np.float32)), rate


def _joined(frames: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    return np.concatenate(frames, axis=1).T.astype(np.float32)
