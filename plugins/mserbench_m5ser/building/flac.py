"""Speech as a set holds it: 16 kHz, mono, 16 bit, in FLAC; and the key by which it is known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.data import audio

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = 44  # bytes of a wav file before its samples
_FULL = 32_768  # steps of 16 bit from 0 to full scale, as libsndfile counts them
_LEVEL = 0.625  # of compression; fixed, as another one gives other bytes


def to_pcm16(waveform: NDArray[np.float32], rate: int) -> NDArray[np.int16]:
    """Return speech of any rate (float32, shape (n,), in [-1, 1]) at 16 kHz and 16 bit."""
    recording = audio.Recording(np.asarray(waveform, dtype=np.float32)[:, None], rate)
    steps = np.rint(audio.to_clip(recording) * _FULL)
    return np.clip(steps, -_FULL, _FULL - 1).astype(np.int16)


def pcm16_bytes(n_samples: int) -> int:
    """Return the size in bytes of that many samples as a mono PCM16 wav file, header included."""
    return HEADER + 2 * n_samples


def encoded(samples: NDArray[np.int16]) -> bytes:
    """Return the bytes of a FLAC file of 16 kHz samples: equal samples, equal bytes."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(
        file, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16", compression_level=_LEVEL
    )
    return file.getvalue()


def decoded(data: bytes) -> NDArray[np.int16]:
    """Return the samples of a FLAC file.

    Raises ValueError where it is not 16 kHz mono, and soundfile's errors where it is damaged.
    """
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    if rate != SAMPLE_RATE or samples.ndim != 1:
        raise ValueError(f"{rate} Hz with shape {samples.shape} instead of 16,000 Hz mono")

    return np.asarray(samples, dtype=np.int16)


def key(samples: NDArray[np.int16]) -> str:
    """Return the audio key (SHA-256, hex) that the index of a corpus gives to these samples."""
    return audio.Recording(floats(samples)[:, None], SAMPLE_RATE).key


def floats(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return samples as a clip has them: float32 in [-1, 1]."""
    return samples.astype(np.float32) / np.float32(_FULL)
