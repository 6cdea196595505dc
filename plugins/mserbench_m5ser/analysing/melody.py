"""The prosody of a clip in ten numbers: its melody, how its loudness moves, its pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mserbench.contracts import SAMPLE_RATE

if TYPE_CHECKING:
    from torch import Tensor

NAMES = (
    "F0 median", "F0 spread", "F0 range", "F0 movement", "F0 slope",
    "level spread", "level range", "level movement", "level slope", "share of speech",
)  # fmt: skip
LOWEST, HIGHEST = 60, 500  # Hz, where F0 is looked for
_FRAME = 0.01  # s
_SMOOTH = 30  # frames, over which torchaudio takes the median of F0


def prosody(waveform: Tensor, level: Tensor, is_active: Tensor) -> Tensor:
    """Return `NAMES`: semitones (of 1 Hz, and a frame or second), dB, and a share: float32, (10,).

    `waveform`: (n_samples,), 16 kHz; `level`: dB of each frame of 10 ms, and whether it speaks,
    (n_frames,). F0 is torchaudio's, a median over frames without a decision on voicing, and is read
    where the clip speaks: good for statistics of many clips, not for the contour of one. No gain
    changes any of it.
    """
    import torch

    semitones = _semitones(waveform, len(level))
    parts = [
        *(semitones[is_active].median()[None], _quantiles(semitones[is_active])),
        *(_movement(semitones)[is_active].median()[None], _slope(semitones[is_active])),
        _quantiles(level[is_active]),
        *(_movement(level)[is_active].median()[None], _slope(level[is_active])),
        is_active.float().mean()[None],
    ]

    return torch.cat(parts).float()


def _semitones(waveform: Tensor, frames: int) -> Tensor:
    """Return F0 of each of so many frames in semitones of 1 Hz: (n_frames,)."""
    import torch
    import torchaudio

    # It fails on clips shorter than its window of lags and medians.
    shortest = round((_SMOOTH + 4) * _FRAME * SAMPLE_RATE)
    padded = torch.nn.functional.pad(waveform, (0, max(0, shortest - len(waveform))))
    f0 = torchaudio.functional.detect_pitch_frequency(
        padded[None], SAMPLE_RATE, _FRAME, _SMOOTH, LOWEST, HIGHEST
    )[0]
    # It has a few frames less than the spectrogram: the last one holds.
    at = torch.arange(frames).clamp_max(len(f0) - 1)
    return 12 * torch.log2(f0.clamp(LOWEST / 2, 2 * HIGHEST))[at]


def _quantiles(values: Tensor) -> Tensor:
    """Return the distance of the quartiles, and of the 5th and 95th percentile: (2,)."""
    import torch

    low, first, third, high = torch.quantile(values, torch.tensor([0.05, 0.25, 0.75, 0.95]))
    return torch.stack([third - first, high - low])


def _movement(values: Tensor) -> Tensor:
    """Return how far each frame is from the one before."""
    import torch

    return torch.diff(values, prepend=values[:1]).abs()


def _slope(values: Tensor) -> Tensor:
    """Return the slope of the straight line through values, a second: (1,)."""
    import torch

    time = _FRAME * (torch.arange(len(values)) - (len(values) - 1) / 2)
    return ((time * values).sum() / (time**2).sum().clamp_min(1e-9))[None]
