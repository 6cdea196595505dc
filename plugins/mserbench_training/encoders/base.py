"""What every frozen encoder offers, and how its frames become a padded batch with a mask."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mserbench.errors import UsageError

Precision = Literal["float32", "bfloat16"]  # of what a frozen part computes in
# What Whisper hears: the clip alone, or the clip padded to 30 s, as it was trained.
Length = Literal["trimmed", "padded"]
# "whole" is padded, and the frames of the silence are taken too: the head that transformers has for
# Whisper (WhisperForAudioClassification) is over all of them.
Span = Literal["trimmed", "padded", "whole"]


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
        """How many layers there are; the last is what the encoder's own decoder or head sees."""

    @property
    def frame_seconds(self) -> float:
        """Seconds between two frames."""

    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return float32, (n_layers, n_frames, dim), for each waveform.

        `waveforms`: float32, (n_samples,), 16 kHz mono. `layers`: those to return, in this order.
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
    """Read "last", "all", "2", "1-3" or "1,4" as layer numbers; UsageError where there are none."""
    if text == "last":
        return (n_layers - 1,)
    if text == "all":
        return tuple(range(n_layers))
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise UsageError(f"option layers is {text!r}, but last, all, 2, 1-3 or 1,4 was expected")

    layers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        layers += range(int(first), int(last or first) + 1)

    check_layers(encoder, layers, n_layers)
    return tuple(layers)


def padded(frames: Sequence[NDArray[np.floating]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Stack frames of several clips, each (n_layers, n_frames, dim), into one batch of float32.

    Returns float32, (n_clips, n_layers, longest, dim), zero beyond a clip's end, and the mask of
    true frames: bool, (n_clips, longest).
    """
    lengths = np.array([clip_frames.shape[1] for clip_frames in frames])
    n_layers, _, dim = frames[0].shape
    batch = np.zeros((len(frames), n_layers, int(lengths.max()), dim), np.float32)

    # The assignment converts from float16, without a second copy of the clip in memory.
    for row, clip_frames in zip(batch, frames, strict=True):
        row[:, : clip_frames.shape[1]] = clip_frames

    return batch, np.arange(batch.shape[2]) < lengths[:, None]
