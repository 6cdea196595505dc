"""What every frozen encoder offers, and how its frames become a padded batch with a mask."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import UsageError

Precision = Literal["float32", "bfloat16"]  # of what a frozen part computes in
# what Whisper hears: the clip alone, or the clip padded to 30 s
Length = Literal["trimmed", "padded"]


class Encoder(Protocol):
    """A frozen encoder: the same waveform gives the same frames, alone and beside others.

    `name` and `version` (which holds a hash of the weights) key a cache of what it gives. `layers`
    is how many there are to choose from, numbered from 0; `dim` is the width of a frame,
    `frame_seconds` its step.
    """

    @property
    def name(self) -> str:
        """Name of the encoder and of all settings that change its frames."""

    @property
    def version(self) -> str:
        """Version of the code, `+`, and a hash of the weights."""

    @property
    def dim(self) -> int:
        """Numbers a frame."""

    @property
    def layers(self) -> int:
        """How many layers there are; the last one is what the encoder's own decoder or head
        sees.
        """

    @property
    def frame_seconds(self) -> float:
        """Seconds between two frames."""

    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return float32 of shape (n_layers, n_frames, dim) for each waveform, float32,
        (n_samples,), 16 kHz mono.
        """


def check_layers(encoder: str, layers: Sequence[int], n_layers: int) -> None:
    """Raise UsageError where no layer or one that does not exist is asked for."""
    wrong = [layer for layer in layers if not 0 <= layer < n_layers]
    if wrong or not layers:
        raise UsageError(
            f"layers {list(layers)} were asked for, but encoder {encoder!r} has the layers 0 to "
            f"{n_layers - 1}: give one or more of these"
        )


def parse_layers(text: str, n_layers: int, encoder: str) -> tuple[int, ...]:
    """Read "last", "all", "2", "1-3" or "1,4" as layer numbers. Raises UsageError where they do not
    exist.
    """
    if text == "last":
        return (n_layers - 1,)
    if text == "all":
        return tuple(range(n_layers))
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise UsageError(f"option layers is {text!r}, but last, all, 2, 1-3 or 1,4 was expected")

    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)

    check_layers(encoder, found, n_layers)
    return tuple(found)


def padded(frames: Sequence[NDArray[np.floating]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Stack frames of several clips, each (n_layers, n_frames, dim), into one batch, converted on
    the way.

    Returns float32, (n_clips, n_layers, longest, dim), zero beyond a clip's end, and the mask of
    true frames: bool, (n_clips, longest).
    """
    lengths = np.array([one.shape[1] for one in frames])
    n_layers, _, dim = frames[0].shape
    batch = np.zeros((len(frames), n_layers, int(lengths.max()), dim), np.float32)

    for row, one in zip(batch, frames, strict=True):
        row[:, : one.shape[1]] = one

    return batch, np.arange(batch.shape[2]) < lengths[:, None]
