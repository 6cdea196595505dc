"""The only decoder: an audio file, or a part of it, to float32 mono at 16 kHz."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.data.shards import recordings
from mserbench.data.sound import containers, formats, libsndfile, promises
from mserbench.data.sound.formats import CONTAINERS as CONTAINERS
from mserbench.data.sound.formats import SUFFIXES as SUFFIXES
from mserbench.data.sound.formats import is_audio as is_audio
from mserbench.data.sound.held import Place, opened, size_of
from mserbench.errors import DataError, why
from mserbench.plugins import misfits

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What a large file of a Git repository begins with where its content was not fetched.
_POINTER = b"version https://git-lfs"

# ITU-R BS.775 for FL FR FC LFE BL BR (SL SR): fronts 1, centre and surrounds 0.707 of that, no LFE;
# left and right are then averaged, and the weights scaled to sum to one so that nothing can clip.
_DOWNMIX = {
    6: (0.5, 0.5, 0.7071, 0.0, 0.3536, 0.3536),
    8: (0.5, 0.5, 0.7071, 0.0, 0.25, 0.25, 0.25, 0.25),
}


@dataclass(frozen=True)
class Recording:
    """Decoded audio as published: `samples` float32, (n_samples, n_channels); `rate` in Hz."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate

    @property
    def key(self) -> str:
        """SHA-256 (hex) of rate, channels and samples: equal for a lossless copy."""
        head = f"{self.rate} {self.samples.shape[1]} ".encode()
        return hashlib.sha256(
            head + np.ascontiguousarray(self.samples, "<f4").tobytes()
        ).hexdigest()


def read(path: Path, start: float | None = None, end: float | None = None) -> Recording:
    """Decode a file, or its part between `start` and `end` seconds, as published.

    A path `SHARD.parquet#ROW` names the recording in a row of a Parquet shard.
    What the file holds decides who decodes it, not its name: mp4, m4a and other containers PyAV
    (extra `video`), all else libsndfile. Raises DataError where the file is absent, unreadable,
    empty, cut short, beyond the bounds of `sound.bounds`, or holds NaN or infinite samples.
    """
    place: Place = path
    try:
        place = recordings.held(path) or path
        size = size_of(place)
        if size is None:
            raise _absent(path)
        if size == 0:
            raise DataError(
                f"audio file {str(path)!r} is empty (0 bytes): get it from the publisher again"
            )

        if fault := promises.broken(place):
            raise DataError(f"audio file {str(path)!r} {fault}: get it from the publisher again")

        samples, rate = _reader(place).read(place, start, end)
    except (OSError, RuntimeError, MemoryError) as error:
        misfits.refuse(error)
        raise _unreadable(place, error) from error

    # Less than one sample at 16 kHz would leave a clip without any.
    if len(samples) * SAMPLE_RATE < rate:
        span = "" if start is None and end is None else f" from {start} to {end} s"
        raise DataError(
            f"audio file {str(path)!r} holds no audio{span}: get it from the publisher again"
        )
    if not np.isfinite(samples).all():
        raise DataError(
            f"audio file {str(path)!r} holds NaN or infinite samples: convert or exclude it"
        )

    return Recording(samples, rate)


def to_clip(recording: Recording) -> NDArray[np.float32]:
    """Mix to mono, resample to 16 kHz and limit: float32, shape (n_samples,), in [-1, 1]."""
    mono = mix_down(recording.samples)
    if recording.rate != SAMPLE_RATE:
        import soxr

        mono = soxr.resample(mono, recording.rate, SAMPLE_RATE, quality="VHQ")

    return np.clip(mono, -1.0, 1.0).astype(np.float32, copy=False)


def mix_down(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mix (n_samples, n_channels) to (n_samples,): 5.1 and 7.1 by ITU-R BS.775, else the mean."""
    if samples.shape[1] == 1:
        return samples[:, 0]

    mono: NDArray[np.float32] = (samples @ weights(samples.shape[1])).astype(np.float32, copy=False)
    return mono


def weights(n_channels: int) -> NDArray[np.float32]:
    """Return the weight of each channel in the mix: float32, (n_channels,), of sum 1."""
    shares = np.array(_DOWNMIX.get(n_channels, [1.0] * n_channels), dtype=np.float32)
    return np.asarray(shares / shares.sum(), dtype=np.float32)


def blocks(path: Path, seconds: float, name: str = "") -> Iterator[Recording]:
    """Decode any file in pieces of `seconds` (the last one shorter), as published, in order.

    One piece is held at a time.

    Formats as in `read`. `name` is what a person calls the file. Raises DataError as `read` does,
    at the piece at fault, and without speaking of a corpus.
    """
    quoted = repr(name or str(path))
    n_samples, rate = 0, 1
    try:
        if size_of(path) is None:
            raise DataError(
                f"audio file {quoted} does not exist: give the name of a file that does"
            )
        if path.stat().st_size == 0:
            raise DataError(f"audio file {quoted} is empty (0 bytes): record or copy it again")

        if fault := promises.broken(path):
            raise DataError(f"audio file {quoted} {fault}: record or copy it again")

        for samples, rate in _reader(path).pieces(path, seconds, quoted):
            if not np.isfinite(samples).all():
                raise DataError(f"audio file {quoted} holds NaN or infinite samples: convert it")

            n_samples += len(samples)
            yield Recording(samples, rate)
    except (OSError, RuntimeError, MemoryError) as error:
        misfits.refuse(error)
        said_why = (
            getattr(error, "error_string", None) or getattr(error, "strerror", None) or why(error)
        )
        reason = " ".join(said_why.split())
        raise DataError(
            f"audio file {quoted} cannot be decoded ({reason}): convert it to wav or flac"
        ) from error

    if n_samples * SAMPLE_RATE < rate:
        raise DataError(f"audio file {quoted} holds no audio: record or copy it again")


def told_seconds(path: Path) -> float:
    """Return how long a file says it is, without decoding it; 0 where it does not say so."""
    try:
        return libsndfile.told_seconds(recordings.held(path) or path)
    except (OSError, RuntimeError, DataError):
        return 0.0


def decode(path: Path, start: float | None = None, end: float | None = None) -> NDArray[np.float32]:
    """Read a file as a clip: float32, shape (n_samples,), 16 kHz mono, in [-1, 1].

    Raises as `read`.
    """
    return to_clip(read(path, start, end))


def decode_known(
    path: Path, start: float | None, end: float | None, key: str
) -> NDArray[np.float32]:
    """Read a file as a clip, as `decode`, whose audio key is known.

    Raises as `read`, and DataError where it is other audio by now.
    """
    recording = read(path, start, end)
    if recording.key != key:
        raise DataError(
            f"audio file {str(path)!r} was changed while it was in use: start the command again"
        )

    return to_clip(recording)


def _reader(path: Place) -> ModuleType:
    """Return the module that reads a file: what the file holds decides, and its name where that
    tells nothing.
    """
    form = formats.told_by_content(path) or formats.told_by_name(path)
    return containers if formats.read_by_pyav(form) else libsndfile


def _absent(path: Place) -> DataError:
    return DataError(f"audio file {str(path)!r} does not exist: unpack the corpus again")


def _unreadable(path: Place, error: Exception) -> DataError:
    """Return the error for a file that cannot be decoded, with what is likely the reason."""
    if size_of(path) is None:  # it went away while it was opened
        return _absent(path)
    if _is_pointer(path):
        return DataError(
            f"audio file {str(path)!r} is a pointer of Git's large-file storage, not audio: run "
            "'git lfs pull' in the publisher's repository and copy the corpus again"
        )

    return DataError(
        f"audio file {str(path)!r} cannot be decoded ({why(error)}): get it from the publisher "
        "again"
    )


def _is_pointer(path: Place) -> bool:
    with opened(path) as file:
        return file.read(len(_POINTER)) == _POINTER
