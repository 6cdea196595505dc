"""The only decoder: an audio file, or a part of it, to float32 mono at 16 kHz."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from mserbench.contracts import SAMPLE_RATE
from mserbench.errors import DataError
from mserbench.plugins import misfits

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTAINERS = frozenset({"mp4", "m4a", "mov", "mkv", "webm", "aac", "wma"})  # read by PyAV
SUFFIXES = frozenset({"wav", "flac", "ogg", "mp3", "aif", "aiff"}) | CONTAINERS

# What a large file of a Git repository begins with where its content was not fetched.
_POINTER = b"version https://git-lfs"

# ITU-R BS.775 for FL FR FC LFE BL BR (SL SR): fronts 1, centre and surrounds 0.707 of that, no LFE;
# left and right are then averaged, and the weights scaled to sum to one so that nothing can clip.
_DOWNMIX = {
    6: (0.5, 0.5, 0.7071, 0.0, 0.3536, 0.3536),
    8: (0.5, 0.5, 0.7071, 0.0, 0.25, 0.25, 0.25, 0.25),
}
# Vorbis and Opus put the centre second and the low frequencies last; soundfile hands them on in
# that order.
_OGG_ORDER = {6: [0, 2, 1, 5, 3, 4], 8: [0, 2, 1, 7, 5, 6, 3, 4]}


def is_audio(name: str) -> bool:
    """Whether a path is that of an audio file, by its suffix in any case."""
    return PurePosixPath(name).suffix.lower().lstrip(".") in SUFFIXES


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

    wav, flac, ogg, mp3 by soundfile; mp4, m4a and other containers by PyAV (extra `video`).
    Raises DataError where the file is absent, unreadable, empty, or holds NaN or infinite samples.
    """
    try:
        if not path.is_file():
            raise _absent(path)
        if path.stat().st_size == 0:
            raise DataError(
                f"audio file {str(path)!r} is empty (0 bytes): get it from the publisher again"
            )

        container = path.suffix.lower().lstrip(".") in CONTAINERS
        samples, rate = (_read_container if container else _read_soundfile)(path, start, end)
    except OSError as error:
        misfits.refuse(error)
        raise _unreadable(path, error) from error

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
    channels = samples.shape[1]
    if channels == 1:
        return samples[:, 0]

    weights = np.array(_DOWNMIX.get(channels, [1.0] * channels), dtype=np.float32)
    mono: NDArray[np.float32] = (samples @ (weights / weights.sum())).astype(np.float32, copy=False)
    return mono


def blocks(path: Path, seconds: float, name: str = "") -> Iterator[Recording]:
    """Decode any file in pieces of `seconds` (the last one shorter), as published, in order.

    One piece is held at a time.

    Formats as in `read`. `name` is what a person calls the file. Raises DataError as `read` does,
    at the piece at fault, and without speaking of a corpus.
    """
    quoted = repr(name or str(path))
    n_samples, rate = 0, 1
    try:
        if not path.is_file():
            raise DataError(
                f"audio file {quoted} does not exist: give the name of a file that does"
            )
        if path.stat().st_size == 0:
            raise DataError(f"audio file {quoted} is empty (0 bytes): record or copy it again")

        container = path.suffix.lower().lstrip(".") in CONTAINERS
        for samples, rate in (_container_blocks if container else _soundfile_blocks)(path, seconds):
            if not np.isfinite(samples).all():
                raise DataError(f"audio file {quoted} holds NaN or infinite samples: convert it")

            n_samples += len(samples)
            yield Recording(samples, rate)
    except (OSError, RuntimeError) as error:
        misfits.refuse(error)
        said_why = (
            getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
        )
        reason = " ".join(said_why.split())
        raise DataError(
            f"audio file {quoted} cannot be decoded ({reason}): convert it to wav or flac"
        ) from error

    if n_samples * SAMPLE_RATE < rate:
        raise DataError(f"audio file {quoted} holds no audio: record or copy it again")


def told_seconds(path: Path) -> float:
    """Return how long a file says it is, without decoding it; 0 where it does not say so."""
    import soundfile

    try:
        return float(soundfile.info(os.fsencode(path) if os.name == "posix" else path).duration)
    except (OSError, RuntimeError):
        return 0.0


def decode(path: Path, start: float | None = None, end: float | None = None) -> NDArray[np.float32]:
    """Read a file as a clip: float32, shape (n_samples,), 16 kHz mono, in [-1, 1].

    Raises as `read`.
    """
    return to_clip(read(path, start, end))


def _read_soundfile(
    path: Path, start: float | None, end: float | None
) -> tuple[NDArray[np.float32], int]:
    """Read wav, flac, ogg and mp3, only the samples asked for. Raises DataError."""
    import soundfile

    try:
        # As bytes, since some publishers' folder names are no valid Unicode.
        with soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else path) as file:
            rate = int(file.samplerate)
            first = max(0, round((start or 0.0) * rate))
            if first:
                file.seek(min(first, file.frames))

            frames = -1 if end is None else max(0, round(end * rate) - first)
            return _in_order(file.read(frames, dtype="float32", always_2d=True), file.format), rate
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise _unreadable(path, error) from error


def _soundfile_blocks(path: Path, seconds: float) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield pieces of a file. Raises OSError or RuntimeError."""
    import soundfile

    with soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else path) as file:
        rate = int(file.samplerate)
        while len(
            samples := file.read(max(1, round(seconds * rate)), dtype="float32", always_2d=True)
        ):
            yield _in_order(samples, file.format), rate


def _in_order(samples: NDArray[np.float32], form: str) -> NDArray[np.float32]:
    order = _OGG_ORDER.get(samples.shape[1]) if form == "OGG" else None
    return samples if order is None else samples[:, order]


def _read_container(
    path: Path, start: float | None, end: float | None
) -> tuple[NDArray[np.float32], int]:
    """Read the first audio stream of a container whole, then cut it. Raises DataError."""
    with misfits.optional(f"audio file {str(path)!r}", "av", "video"):
        import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise DataError(f"audio file {str(path)!r} has no audio stream: get it again")

            stream = container.streams.audio[0]
            rate = stream.rate
            resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
            frames = [
                part.to_ndarray()
                for frame in container.decode(stream)
                for part in resampler.resample(frame)
            ]
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable(path, error) from error

    samples = _joined(frames) if frames else np.zeros((0, 1), dtype=np.float32)
    first = max(0, round((start or 0.0) * rate))
    last = len(samples) if end is None else round(end * rate)

    return samples[first:last], rate


def _container_blocks(path: Path, seconds: float) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield pieces of the audio of a container. Raises OSError, and MissingExtra without PyAV."""
    with misfits.optional(f"audio file {str(path)!r}", "av", "video"):
        import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise OSError("it has no audio stream")

            stream = container.streams.audio[0]
            resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
            frames: list[NDArray[Any]] = []

            for frame in container.decode(stream):
                frames += [part.to_ndarray() for part in resampler.resample(frame)]
                if sum(part.shape[1] for part in frames) >= seconds * stream.rate:
                    yield _joined(frames), stream.rate
                    frames = []

            if frames:
                yield _joined(frames), stream.rate
    except (av.FFmpegError, ValueError) as error:
        raise OSError(getattr(error, "strerror", None) or str(error)) from error


def _joined(frames: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    return np.concatenate(frames, axis=1).T.astype(np.float32)


def _absent(path: Path) -> DataError:
    return DataError(f"audio file {str(path)!r} does not exist: unpack the corpus again")


def _unreadable(path: Path, error: Exception) -> DataError:
    """Return the error for a file that cannot be decoded, with what is likely the reason."""
    if not path.is_file():  # it went away while it was opened
        return _absent(path)
    if _is_pointer(path):
        return DataError(
            f"audio file {str(path)!r} is a pointer of Git's large-file storage, not audio: run "
            "'git lfs pull' in the publisher's repository and copy the corpus again"
        )

    reason = " ".join(str(error).split())
    return DataError(
        f"audio file {str(path)!r} cannot be decoded ({reason}): get it from the publisher again"
    )


def _is_pointer(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_POINTER)) == _POINTER
