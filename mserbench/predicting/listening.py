"""From names of files, folders and standard input to clips of all their audio, decoded ahead in
order.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from mserbench.predicting import segments
from mserbench.predicting.hearing import Hearing
from mserbench.predicting.traits import Look, Trait

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
    `channel` counts from 1, 0 for all of them mixed; `seconds` is the length of the file where this
    is a segment between pauses, else 0.
    """

    file: str
    start: float
    end: float
    clip: Clip
    last: bool
    trained_key: str = ""
    channel: int = 0
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether it is all of the file."""
        return self.last and self.start == 0.0 and not self.seconds

    @property
    def called(self) -> str:
        """How errors call it: its file, with the seconds of a part and the channel."""
        part = "" if self.whole else f" from {self.start:g} to {self.end:g} s"
        return f"{self.file}{f' [{self.channel}]' if self.channel else ''}{part}"


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


Heard = Piece | Failed | Remark | Trait


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


def listen(
    sources: Iterable[Source | Failed], hearing: Hearing | Windowing | None = None
) -> Iterator[Heard]:
    """Yield all audio of some files in order, cut as `hearing` says; threads decode the next files
    meanwhile.

    Only the first half minute of a file is decoded ahead; of a longer one memory holds a window and
    a few seconds, and it is decoded again for each channel, and where it is cut at pauses. A file
    that cannot be read gives a `Failed` in its place, perhaps after some of
    its windows; one that is given stays where it is.
    """
    settings = Hearing(hearing) if isinstance(hearing, Windowing) else hearing or Hearing()
    begin = partial(_begun, hearing=settings)
    for pieces in ahead(begin, sources, depth=_AHEAD * available_cores()):
        yield from pieces


def _begun(source: Source | Failed, hearing: Hearing) -> Iterator[Heard]:
    """Begin a file, and return the way to the rest; what cannot be read is told in its place."""
    try:
        return _caught(source, _begin(source, hearing))
    except (DataError, MissingExtra) as error:
        return iter([Failed(source.name, error)])


def _caught(source: Source | Failed, pieces: Iterator[Heard]) -> Iterator[Heard]:
    try:
        yield from pieces
    except (DataError, MissingExtra) as error:
        yield Failed(source.name, error)


def _begin(source: Source | Failed, hearing: Hearing) -> Iterator[Heard]:
    """Decode a short file whole, or the beginning of a long one, and return the way to the rest."""
    if isinstance(source, Failed):
        return iter([source])

    blocks = audio.blocks(source.path, _BLOCK, source.name)
    begun: list[audio.Recording] = []
    for block in blocks:
        begun.append(block)
        if sum(part.seconds for part in begun) > _WHOLE:
            if hearing.channels or hearing.pauses:
                return _by_channel(source, begun[0].samples.shape[1], hearing)
            return _long(source, chain(_released(begun), blocks), hearing.windowing)

    recording = audio.Recording(np.concatenate([part.samples for part in begun]), begun[0].rate)
    return iter(list(_short(source, recording, hearing)))


def _by_channel(source: Source, n_channels: int, hearing: Hearing) -> Iterator[Heard]:
    """Decode a long file once more for each channel, and once before to find its pauses."""
    for channel in range(1, n_channels + 1) if hearing.channels else (0,):
        # Each is decoded anew, so that memory never holds a long file.
        def blocks(channel: int = channel) -> Iterator[audio.Recording]:
            for block in audio.blocks(source.path, _BLOCK, source.name):
                yield _only(block, channel)

        if hearing.pauses:
            yield from _between_pauses(source, blocks, channel)
        else:
            yield from _long(source, blocks(), hearing.windowing, channel)


def _only(block: audio.Recording, channel: int) -> audio.Recording:
    """Return one channel of a recording, or all of it for channel 0."""
    return (
        audio.Recording(block.samples[:, channel - 1 : channel], block.rate) if channel else block
    )


def _between_pauses(
    source: Source, blocks: Callable[[], Iterable[audio.Recording]], channel: int
) -> Iterator[Heard]:
    """Yield the segments of a recording, whose blocks are read twice."""
    seconds, rate = 0.0, SAMPLE_RATE

    def lasting() -> Iterator[audio.Recording]:
        nonlocal seconds, rate
        for block in blocks():
            seconds, rate = seconds + block.seconds, block.rate
            yield block

    measured = segments.levels(lasting())
    spans = segments.spans(measured, segments.frame_seconds(rate))
    look = Look()
    n_silent = n_parts = 0
    for part in segments.cut(resampled(look.through(blocks())), spans):
        n_parts, n_silent = n_parts + 1, n_silent + (not np.any(part.samples))
        yield _piece(source, part, channel=channel, of_seconds=seconds)

    yield from _remarks(source, seconds, n_parts, n_silent)
    yield from look.traits(source.name, mixed=not channel)


def _released(begun: list[audio.Recording]) -> Iterator[audio.Recording]:
    """Yield blocks and forget them, so that memory does not hold the beginning of a file up to its
    end.
    """
    while begun:
        yield begun.pop(0)


def _short(source: Source, recording: audio.Recording, hearing: Hearing) -> Iterator[Heard]:
    n_channels = recording.samples.shape[1]
    for channel in range(1, n_channels + 1) if hearing.channels else (0,):
        try:
            yield from _short_channel(source, recording, hearing, channel)
        except DataError as error:
            # What is wrong with one side of a call does not hide the other.
            if not channel:
                raise
            yield Failed(source.name, error)


def _short_channel(
    source: Source, whole: audio.Recording, hearing: Hearing, channel: int
) -> Iterator[Heard]:
    recording, windowing = _only(whole, channel), hearing.windowing
    samples = audio.to_clip(recording)
    level = level_of(
        recording.samples,
        audio.mix_down(recording.samples),
        audio.weights(recording.samples.shape[1]),
    )
    name = f"{source.name!r}, channel {channel}," if channel else repr(source.name)
    # A model would not hear what was recorded; silence has a remark of its own.
    if level.ruined:
        raise DataError(f"audio file {name} {level.sentence}")
    if level.sentence and np.any(samples):
        yield Remark(source.name, f"{name} {level.sentence}")

    if hearing.pauses and recording.seconds > segments.MOST:
        yield from _between_pauses(source, lambda: [recording], channel)
    elif recording.seconds > (math.inf if hearing.pauses else windowing.over):
        yield from _long(source, [recording], windowing, channel)
    else:
        yield _piece(source, Window(0, samples, last=True), whole.key, recording.seconds, channel)
        yield from _remarks(source, recording.seconds, 1, 0 if np.any(samples) else 1)
        look = Look()
        deque(look.through([recording]), maxlen=0)
        yield from look.traits(source.name, mixed=not channel)


def _long(
    source: Source, blocks: Iterable[audio.Recording], windowing: Windowing, channel: int = 0
) -> Iterator[Heard]:
    n_windows = n_silent = 0
    end = 0.0
    look = Look()
    for window in cut(resampled(look.through(blocks)), windowing):
        piece = _piece(source, window, channel=channel)
        n_windows, n_silent, end = n_windows + 1, n_silent + (not np.any(window.samples)), piece.end
        yield piece

    yield from _remarks(source, end, n_windows, n_silent)
    yield from look.traits(source.name, mixed=not channel)


def _piece(
    source: Source,
    window: Window,
    key: str = "",
    seconds: float = 0.0,
    channel: int = 0,
    of_seconds: float = 0.0,
) -> Piece:
    """Make a piece of a window; `key` and `seconds` are those of the whole file as published, and
    `of_seconds` too, where the window is a segment between pauses.
    """
    own = audio.Recording(window.samples[:, None], SAMPLE_RATE).key
    # What is kept of a clip by its key must not be that of another channel.
    own = key if key and not channel else own
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
        channel,
        of_seconds,
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
