"""A clip without the pauses inside it: what a speaker does not say takes no part in a mean."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import UsageError

Pauses = Literal["kept", "dropped"]

CODE = "1"  # raise it whenever another sample is dropped
_STEP = SAMPLE_RATE // 50  # samples a frame: 20 ms, as long as an encoder's
_BELOW = 35.0  # decibels under the loudest frame from which on a frame is a pause
_KEPT = 3  # frames kept on either side of speech, so that no onset and no decay is cut
_SILENCE = 1e-20  # power; makes silence finite


def check_pauses(pauses: str) -> None:
    """Raise UsageError where an option `pauses` is none of its values."""
    if pauses not in get_args(Pauses):
        raise UsageError(f"option pauses is {pauses!r}, but must be one of {get_args(Pauses)}")


def without_pauses(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a clip without its pauses: float32, (n_samples or fewer,); never empty if it was not.

    `waveform`: float32, (n_samples,), 16 kHz, in [-1, 1]. A frame of 20 ms is a pause where its
    level lies more than 35 dB below the loudest frame of the clip and no frame within three of it
    is louder than that. What follows the last whole frame is kept if that frame is.
    """
    n_frames = len(waveform) // _STEP
    if n_frames == 0:
        return waveform

    framed = waveform[: n_frames * _STEP].reshape(n_frames, _STEP)
    power = np.square(framed, dtype=np.float64).mean(axis=1)
    levels = 10 * np.log10(np.maximum(power, _SILENCE))

    # A frame stays where any frame within three of it is speech: the running maximum of seven.
    speech = (levels >= levels.max() - _BELOW).astype(np.float64)
    near = np.convolve(speech, np.ones(2 * _KEPT + 1), mode="full")[_KEPT : _KEPT + n_frames] > 0.5
    if near.all():
        return waveform

    left_over = waveform[n_frames * _STEP :] if near[-1] else waveform[:0]
    return np.concatenate([framed[near].reshape(-1), left_over])
