"""The mean spectrogram of a clip, how it moves, and its prosody, at one loudness."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from mserbench.contracts import SAMPLE_RATE
from mserbench.features import FeatureSet
from mserbench_m5ser.analysing import melody

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

BANDS = 80
SPECTRUM = 3 * BANDS  # means, deviations, deviations of the slope
DIM = SPECTRUM + len(melody.NAMES)
TARGET = -23.0  # LUFS, the level of EBU R 128
SHORTEST_BLOCK = 0.4  # s, of which ITU-R BS.1770-4 makes its gate
ACTIVE = 40.0  # dB below the loudest frame, down to which a frame counts
DEPTH = 80.0  # dB below the loudest frame, where a band ends: digital zeros would be -inf

_FRAME, _HOP, _FFT = 400, 160, 512  # samples: 25 ms every 10 ms
_TINY = 1e-20  # power; makes silence finite


def features() -> FeatureSet:
    """Return the statistics of the log-mel spectrogram and of prosody, 250 numbers a clip."""
    return FeatureSet(
        "m5ser-analysis", f"1+torchaudio-{metadata.version('torchaudio')}", DIM, statistics
    )


def statistics(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return mean, deviation and deviation of the slope of each log-mel band, and prosody.

    float32, (250,), in dB: 80 means over time, which are the mean spectrogram; 80 standard
    deviations; 80 standard deviations of the difference from frame to frame; then `melody.NAMES`.
    `waveform`: float32, (n_samples,), 16 kHz. It is first brought to -23 LUFS. Frames count down to
    40 dB below the loudest: a pause is no part of how an emotion sounds, and synthetic speech has
    pauses of digital zeros.
    """
    import torch

    padded = torch.nn.functional.pad(torch.from_numpy(waveform), (0, max(0, _FFT - len(waveform))))
    levelled = at_one_loudness(padded)
    power = _mel()(levelled).T  # (n_frames, 80)
    energy = power.sum(dim=1)
    loudest = max(float(energy.max()), _TINY)
    # A floor below the loudest frame, not below full scale: quiet clips keep their shape.
    log_mel = 10 * torch.log10(power.clamp_min(loudest * 10 ** (-DEPTH / 10)))
    is_active = energy >= loudest * 10 ** (-ACTIVE / 10)
    if not bool(energy.any()):
        is_active = torch.ones_like(is_active)

    # Over all frames first: across a pause that was cut out the slope would jump.
    slope = torch.diff(log_mel, dim=0, prepend=log_mel[:1])[is_active]
    active = log_mel[is_active]
    level = 10 * torch.log10(energy.clamp_min(loudest * 10 ** (-ACTIVE / 10)))
    parts = (
        active.mean(dim=0),
        active.std(dim=0, correction=0),
        slope.std(dim=0, correction=0),
        melody.prosody(levelled, level, is_active),
    )
    vector: NDArray[np.float32] = torch.cat(parts).numpy()

    return vector


def at_one_loudness(waveform: Tensor) -> Tensor:
    """Return a waveform, (n_samples,), at -23 LUFS; silence as it is.

    Loudness is that of torchaudio, which follows ITU-R BS.1770-4. That is not defined below 400 ms
    and where the gate leaves nothing: the level is then the RMS of all samples.
    """
    import torchaudio

    level = float("nan")
    if len(waveform) >= SHORTEST_BLOCK * SAMPLE_RATE:
        level = float(torchaudio.functional.loudness(waveform[None], SAMPLE_RATE))
    if not abs(level) < float("inf"):
        # The standard's own offset, so that a tone has nearly one level by either measure.
        level = -0.691 + 10 * float((waveform.double() ** 2).mean().clamp_min(1e-30).log10())

    # Silence has no level that could be set.
    return waveform if level < -200 else waveform * 10 ** ((TARGET - level) / 20)


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Let torch compute on one thread, as sums over several end in other bits each time.

    Clips are computed side by side anyway, by the threads of the core.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def _mel() -> Any:
    import torchaudio

    return torchaudio.transforms.MelSpectrogram(
        SAMPLE_RATE, n_fft=_FFT, win_length=_FRAME, hop_length=_HOP, n_mels=BANDS, f_max=8000.0
    )
