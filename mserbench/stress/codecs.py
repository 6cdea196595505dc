"""Alterations by codecs: a clip is written by libsndfile and read again, in memory, aligned."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import UsageError, why

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TELEPHONE = 8_000  # Hz

# libsndfile takes a level in [0, 1] in place of a rate; these give 56, 40 and 16 kbit/s of
# constant rate, and about 28, 16 and 11 kbit/s.
_MP3 = (0.7, 0.8, 0.92)
_OPUS = (0.92, 0.97, 0.99)

# Samples that an MP3 encoder and its decoder put before the audio (576 + 529). At low rates the
# header has no room to say so, and they come back with the audio.
_MP3_DELAY = 1_105


def mp3(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Write as MP3 of a constant rate and read again."""
    level = _MP3[severity - 1]
    read = _round_trip(
        samples, SAMPLE_RATE, "MP3", "MPEG_LAYER_III", compression_level=level,
        bitrate_mode="CONSTANT",
    )  # fmt: skip
    # Decoded to more samples than were written: its delay was not taken off.
    aligned = read[_MP3_DELAY:] if len(read) >= len(samples) + _MP3_DELAY else read
    return _of_length(aligned, len(samples))


def opus(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Write as Opus and read again."""
    level = _OPUS[severity - 1]
    read = _round_trip(samples, SAMPLE_RATE, "OGG", "OPUS", compression_level=level)
    return _of_length(read, len(samples))


def telephone(
    samples: NDArray[np.float64], severity: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Send through a call at 8 kHz: mu-law (fixed line), GSM full rate, or GSM at both ends."""
    import soxr

    heard = soxr.resample(samples, SAMPLE_RATE, _TELEPHONE)
    subtypes = (("ULAW",), ("GSM610",), ("GSM610", "GSM610"))[severity - 1]
    for subtype in subtypes:
        heard = _of_length(_round_trip(heard, _TELEPHONE, "WAV", subtype), len(heard))

    return _of_length(soxr.resample(heard, _TELEPHONE, SAMPLE_RATE), len(samples))


def _of_length(samples: NDArray[np.float64], n_samples: int) -> NDArray[np.float64]:
    """Cut what a codec filled its last block with, or fill up with silence."""
    return np.pad(samples[:n_samples], (0, max(0, n_samples - len(samples))))


def _round_trip(
    samples: NDArray[np.float64], rate: int, container: str, subtype: str, **how: object
) -> NDArray[np.float64]:
    """Encode and decode samples in memory. Raises UsageError where libsndfile cannot write it."""
    import soundfile

    file = io.BytesIO()
    try:
        soundfile.write(file, samples, rate, format=container, subtype=subtype, **how)
        file.seek(0)
        read, _ = soundfile.read(file, dtype="float64")
    except (soundfile.LibsndfileError, ValueError, TypeError) as error:
        raise UsageError(
            f"the installed soundfile {soundfile.__version__} cannot write {container} as {subtype}"
            f" ({why(error)}), which an alteration of the stress suite needs: install soundfile "
            "0.13 or later"
        ) from error

    return np.asarray(read, dtype=np.float64)
