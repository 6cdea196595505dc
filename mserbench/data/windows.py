"""A recording of any length as windows of 16 kHz mono, while memory holds about one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.data.audio import Recording, mix_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 1.0  # seconds; a shorter rest is joined to the window before it


@dataclass(frozen=True)
class Windowing:
    """How to cut a recording of more than `over` seconds: `length` long, every `hop` seconds.

    `length` may be infinite: then nothing is cut. The last window ends with the recording; a rest
    shorter than `LEAST`, or than half a window, is joined to the window before it.
    """

    length: float = 10.0
    hop: float = 10.0
    over: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.hop <= self.length:
            raise ValueError(
                f"hop is {self.hop} s, but must be above 0 and at most the window of {self.length} "
                "s"
            )


@dataclass(frozen=True, eq=False)
class Window:
    """Part of a recording from sample `start`: `samples` float32, (n_samples,), 16 kHz mono."""

    start: int
    samples: NDArray[np.float32]
    last: bool


def resampled(pieces: Iterable[Recording]) -> Iterator[NDArray[np.float32]]:
    """Yield the pieces of one recording at 16 kHz mono: float32, in [-1, 1].

    The filter runs on from piece to piece, so that together they equal `audio.to_clip` of the whole
    recording.
    """
    stream = None
    for piece in pieces:
        mono = mix_down(piece.samples)
        if piece.rate == SAMPLE_RATE:
            yield np.clip(mono, -1.0, 1.0)
            continue

        if stream is None:
            import soxr

            stream = soxr.ResampleStream(piece.rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")

        yield np.clip(stream.resample_chunk(mono), -1.0, 1.0)

    # The filter still holds the last samples back.
    if stream is not None:
        yield np.clip(stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True), -1.0, 1.0)


def cut(pieces: Iterable[NDArray[np.float32]], windowing: Windowing) -> Iterator[Window]:
    """Yield the windows of consecutive pieces of 16 kHz mono, without regard to `over`."""
    if windowing.length == float("inf"):
        yield Window(0, np.concatenate(list(pieces)), last=True)
        return

    length, hop = round(windowing.length * SAMPLE_RATE), max(1, round(windowing.hop * SAMPLE_RATE))
    least = round(min(LEAST, windowing.length / 2) * SAMPLE_RATE)
    start, buffered = 0, np.zeros(0, dtype=np.float32)

    for piece in pieces:
        buffered = np.concatenate([buffered, piece])
        while len(buffered) >= length + least:
            # A copy: a view would keep all that is buffered.
            yield Window(start, buffered[:length].copy(), last=False)
            start, buffered = start + hop, buffered[hop:]

    yield Window(start, buffered, last=True)
