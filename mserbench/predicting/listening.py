"""From names of files, folders and standard input to clips of all their audio, decoded ahead in
order.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.data import audio
from mserbench.data.index import SHORT
from mserbench.data.sound.levels import level_of
from mserbench.data.trees import Folder
from mserbench.data.windows import Window, Windowing, cut, resampled
from mserbench.engine.ahead import ahead
from mserbench.engine.cores import available_cores
from mserbench.errors import DataError, MissingExtra, MserbenchError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

STDIN = "-"
_WHOLE = 30.0  # seconds; a file up to here is decoded whole, ahead of the model, by a worker
_BLOCK = 10.0  # seconds decoded at once
_AHEAD = 4  # files a worker


@dataclass(frozen=True)
class Source:
    """An audio file: what the user calls it, and where its bytes are."""

    name: str
    path: Path


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a file, or all of it, as a clip; `start` and `end` in seconds of the file, `last`
    if none follows.

    `trained_key` is the key by which a manifest would know the whole file, empty for a part.
    """

    file: str
    start: float
    end: float
    clip: Clip
    last: bool
    trained_key: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is all of the file."""
        return self.last and self.start == 0.0


@dataclass(frozen=True)
class Failed:
    """A name that gave no audio, or no more of it, and one sentence on why."""

    name: str
    error: MserbenchError


@dataclass(frozen=True)
class Remark:
    """A sentence that a reader of a file's scores must know."""

    file: str
    sentence: str


Heard = Piece | Failed | Remark


def expand(names: Sequence[Path], scratch: Path) -> Iterator[Source | Failed]:
    """Yield the audio files that some names stand for: a file itself, a folder its audio files,
    sorted, `-` stdin.

    What can be read only once, as stdin, is first copied into the folder `scratch`. Raises
    UsageError where stdin is given twice.
    """
    if [str(name) for name in names].count(STDIN) > 1:
        raise UsageError(
            "'-' was given more than once, but standard input can be read only once: give it once"
        )

    for name in names:
        if str(name) == STDIN or name.is_fifo():
            yield Source(str(name), _copied(name, scratch))
        elif name.is_dir():
            try:
                paths = [path for path in Folder(name).names if audio.is_audio(path)]
            except OSError as error:
                yield Failed(
                    str(name), DataError(f"folder {str(name)!r} cannot be read: {error.strerror}")
                )
                continue

            if not paths:
                yield Failed(
                    str(name),
                    DataError(
                        f"folder {str(name)!r} holds no audio file "
                        f"({', '.join(sorted(audio.SUFFIXES))}): give another folder, or files "
                        f"by name"
                    ),
                )

            yield from (Source(str(name / path), name / path) for path in paths)
        else:
            yield Source(str(name), name)


def listen(sources: Iterable[Source | Failed], windowing: Windowing) -> Iterator[Heard]:
    """Yield all audio of some files in order, cut as `windowing` says; threads decode the next
    files meanwhile.

    Only the first half minute of a file is decoded ahead; of a longer one memory holds a window and
    a few seconds. A file that cannot be read gives a `Failed` in its place, perhaps after some of
    its windows; one that is given stays where it is.
    """
    begin = partial(_begun, windowing=windowing)
    for pieces in ahead(begin, sources, depth=_AHEAD * available_cores()):
        yield from pieces


def _begun(source: Source | Failed, windowing: Windowing) -> Iterator[Heard]:
    """Begin a file, and return the way to the rest; what cannot be read is told in its place."""
    try:
        return _caught(source, _begin(source, windowing))
    except (DataError, MissingExtra) as error:
        return iter([Failed(source.name, error)])


def _caught(source: Source | Failed, pieces: Iterator[Heard]) -> Iterator[Heard]:
    try:
        yield from pieces
    except (DataError, MissingExtra) as error:
        yield Failed(source.name, error)


def _begin(source: Source | Failed, windowing: Windowing) -> Iterator[Heard]:
    """Decode a short file whole, or the beginning of a long one, and return the way to the rest."""
    if isinstance(source, Failed):
        return iter([source])

    blocks = audio.blocks(source.path, _BLOCK, source.name)
    begun: list[audio.Recording] = []
    for block in blocks:
        begun.append(block)
        if sum(part.seconds for part in begun) > _WHOLE:
            return _long(source, chain(_released(begun), blocks), windowing)

    recording = audio.Recording(np.concatenate([part.samples for part in begun]), begun[0].rate)
    return iter(list(_short(source, recording, windowing)))


def _released(begun: list[audio.Recording]) -> Iterator[audio.Recording]:
    """Yield blocks and forget them, so that memory does not hold the beginning of a file up to its
    end.
    """
    while begun:
        yield begun.pop(0)


def _short(source: Source, recording: audio.Recording, windowing: Windowing) -> Iterator[Heard]:
    samples = audio.to_clip(recording)
    level = level_of(
        recording.samples,
        audio.mix_down(recording.samples),
        audio.weights(recording.samples.shape[1]),
    )
    # A model would not hear what was recorded; silence has a remark of its own.
    if level.ruined:
        raise DataError(f"audio file {source.name!r} {level.sentence}")
    if level.sentence and np.any(samples):
        yield Remark(source.name, f"{source.name!r} {level.sentence}")

    if recording.seconds <= windowing.over:
        yield _piece(source, Window(0, samples, last=True), recording.key, recording.seconds)
        yield from _remarks(source, recording.seconds, 1, 0 if np.any(samples) else 1)
    else:
        yield from _long(source, [audio.Recording(samples[:, None], SAMPLE_RATE)], windowing)


def _long(
    source: Source, blocks: Iterable[audio.Recording], windowing: Windowing
) -> Iterator[Heard]:
    n_windows = n_silent = 0
    end = 0.0
    for window in cut(resampled(blocks), windowing):
        piece = _piece(source, window)
        n_windows, n_silent, end = n_windows + 1, n_silent + (not np.any(window.samples)), piece.end
        yield piece

    yield from _remarks(source, end, n_windows, n_silent)


def _piece(source: Source, window: Window, key: str = "", seconds: float = 0.0) -> Piece:
    """Make a piece of a window; `key` and `seconds` are those of the whole file as published."""
    own = key or audio.Recording(window.samples[:, None], SAMPLE_RATE).key
    seed = hashlib.sha256(
        f"{own}/{source.name}/{window.start}".encode("utf-8", "surrogateescape")
    ).hexdigest()
    lasting = seconds or len(window.samples) / SAMPLE_RATE
    start = window.start / SAMPLE_RATE

    return Piece(
        source.name,
        start,
        start + lasting,
        Clip(own, seed, lasting, _Held(window.samples)),
        window.last,
        key,
    )


@dataclass(frozen=True, eq=False)
class _Held:
    """Samples that are decoded already, as a function that returns them."""

    samples: NDArray[np.float32]

    def __call__(self) -> NDArray[np.float32]:
        return self.samples


def _remarks(source: Source, seconds: float, n_windows: int, n_silent: int) -> Iterator[Remark]:
    if n_silent:
        share = "" if n_silent == n_windows else f" in {n_silent} of {n_windows} windows"
        yield Remark(
            source.name, f"{source.name!r} is digital silence{share}: the scores there mean nothing"
        )
    elif seconds < SHORT:
        yield Remark(
            source.name, f"{source.name!r} lasts only {seconds:.3f} s: its scores mean little"
        )


def _copied(name: Path, scratch: Path) -> Path:
    handle, path = tempfile.mkstemp(dir=scratch)
    with os.fdopen(handle, "wb") as file:
        if str(name) == STDIN:
            shutil.copyfileobj(sys.stdin.buffer, file)
        else:
            with open(name, "rb") as pipe:
                shutil.copyfileobj(pipe, file)

    return Path(path)
