"""Feature vectors of clips: computed once, on all cores, and kept in a cache addressed by
content.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import numpy as np

from mserbench.contracts import Clip
from mserbench.disk.files import cache_dir
from mserbench.disk.stores import transact
from mserbench.engine.ahead import groups_ahead
from mserbench.errors import ModelError
from mserbench.report.progress import counting

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Part of every cache file's name: raise it when mserbench.data.audio.to_clip gives other samples.
DECODING = "1"
OFF = "MSERBENCH_NO_FEATURE_CACHE"  # set to anything, it keeps features in memory only

_MEMORY_BYTES = 2**30  # of vectors kept in memory where there is no disk: the oldest ones go
_CHUNK = 64  # clips between two writes: a killed process loses two such chunks at most
_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB) WITHOUT ROWID"
_QUERY = 500  # keys a query; SQLite before 3.32 allows 999

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class FeatureSet:
    """A function from a waveform to a vector, under the name that its values are kept.

    `version` changes whenever values may change; name the libraries that compute them in it.
    `compute` takes a waveform (float32, shape (n_samples,), 16 kHz mono, in [-1, 1]) and returns
    `dim` finite numbers, also for silence and a few samples. It is called from several threads at
    once.
    """

    name: str
    version: str
    dim: int
    compute: Callable[[NDArray[np.float32]], NDArray[np.floating]] = field(repr=False)

    def vector(self, clip: Clip) -> NDArray[np.float32]:
        """Compute the vector of one clip: float32, shape (dim,). Raises ModelError if it is not
        that.
        """
        # Not clip.waveform: that would keep the samples for as long as the clip lives.
        vector = np.asarray(self.compute(clip.load()), dtype=np.float32)
        if vector.shape != (self.dim,) or not np.isfinite(vector).all():
            raise ModelError(
                f"feature set {self.name!r} gave an array of shape {vector.shape} with "
                f"{np.count_nonzero(~np.isfinite(vector))} values not finite for the clip "
                f"of {clip.seconds:.3f} s "
                f"with key {clip.key!r}, but {self.dim} finite numbers were expected: mend "
                f"its 'compute'"
            )

        return vector


class FeatureCache:
    """Vectors of one feature set by clip key: an SQLite file that processes share, or memory.

    Writes are transactions: a process killed at any moment leaves whole vectors. A damaged file is
    made anew; where the file cannot be used (read-only, disk full) vectors stay in memory. Both are
    logged.
    """

    def __init__(self, features: FeatureSet) -> None:
        self._dim = features.dim
        self._memory: dict[str, bytes] = {}
        self._path: Path | None = None
        if not os.environ.get(OFF):
            name = quote(f"{features.name}-{features.version}-d{DECODING}", safe="+ ")
            self._path = cache_dir() / "features" / f"{name}.sqlite3"

    def get_many(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the known ones among `keys` with their vectors: float32, shape (dim,)."""
        blobs = {key: self._memory[key] for key in keys if key in self._memory}
        unknown = [key for key in keys if key not in blobs]
        nothing: dict[str, bytes] = {}

        for start in range(0, len(unknown), _QUERY):
            part = partial(_select, keys=unknown[start : start + _QUERY])
            blobs |= self._on_disk(part, otherwise=nothing)

        # A vector of another length is none of this set, and is computed again.
        size = 4 * self._dim
        return {key: np.frombuffer(blob, "<f4") for key, blob in blobs.items() if len(blob) == size}

    def put_many(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep vectors (float32, shape (dim,)) by key; all of them or, if killed, none."""
        # Little-endian everywhere, so that the file means the same on another machine.
        blobs = {key: np.asarray(vector, "<f4").tobytes() for key, vector in vectors.items()}
        if blobs and not self._on_disk(partial(_insert, blobs=blobs), False):
            self._memory.update(blobs)
            while len(self._memory) * 4 * self._dim > _MEMORY_BYTES:
                del self._memory[next(iter(self._memory))]

    def _on_disk(self, work: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        if self._path is None:
            return otherwise

        try:
            return transact(self._path, _TABLE, work, self._say_damaged)
        except (sqlite3.Error, OSError) as error:
            _log.warning(
                "feature cache '%s' cannot be used (%s): features are kept in memory",
                self._path,
                error,
            )
            self._path = None
            return otherwise

    def _say_damaged(self, error: sqlite3.DatabaseError) -> None:
        _log.warning("feature cache '%s' is damaged (%s): it is made anew", self._path, error)


def extract(
    clips: Iterable[Clip],
    features: FeatureSet,
    cache: FeatureCache | None = None,
    workers: int | None = None,
) -> NDArray[np.float64]:
    """Return the features of clips, in order: float64, shape (n_clips, dim), finite.

    A cached clip is not decoded. The missing ones are decoded and computed by `workers` threads
    (default: all cores this process may use), so `compute` should leave the interpreter lock, as
    NumPy and C libraries do. `clips` is consumed in a stream: at most one waveform a worker is in
    memory. Raises what `compute` and decoding raise, and ModelError for a vector of wrong shape or
    with values that are not finite.
    """
    store = cache or FeatureCache(features)
    rows = [np.empty((0, features.dim), dtype=np.float32)]
    total = len(clips) if isinstance(clips, Sized) else 0

    groups = ((chunk, chunk.missing) for chunk in _looked_up(clips, store))
    # One chunk is submitted ahead, so that no worker idles while the last clips of another end.
    computed = groups_ahead(features.vector, groups, 1, workers)
    with counting(f"features {features.name}", bar=False) as report, closing(computed):
        for chunk, vectors in computed:
            rows.append(_kept(chunk, vectors, store))
            report(sum(map(len, rows)), total)

    return np.concatenate(rows).astype(np.float64)


@dataclass(frozen=True)
class _Chunk:
    """Some clips by key, the vectors of those that were computed before, and the other clips."""

    keys: list[str]
    cached: dict[str, NDArray[np.float32]]
    missing: list[Clip]


def _looked_up(clips: Iterable[Clip], store: FeatureCache) -> Iterator[_Chunk]:
    for chunk in _chunks(clips):
        keys = [clip.key for clip in chunk]
        cached = store.get_many(keys)

        # Equal recordings once; the longest first, so that all workers end together.
        missing = {clip.key: clip for clip in chunk if clip.key not in cached}
        yield _Chunk(keys, cached, sorted(missing.values(), key=_length, reverse=True))


def _kept(
    chunk: _Chunk, vectors: Sequence[NDArray[np.float32]], store: FeatureCache
) -> NDArray[np.float32]:
    """Keep what was computed of a chunk, and return the vectors of all its clips: (n_clips,
    dim).
    """
    computed = {clip.key: vector for clip, vector in zip(chunk.missing, vectors, strict=True)}
    store.put_many(computed)
    by_key = {**chunk.cached, **computed}

    return np.stack([by_key[key] for key in chunk.keys])


def _length(clip: Clip) -> float:
    return clip.seconds


def _chunks(clips: Iterable[Clip]) -> Iterator[list[Clip]]:
    stream = iter(clips)
    while chunk := list(islice(stream, _CHUNK)):
        yield chunk


def _select(base: sqlite3.Connection, keys: Sequence[str]) -> dict[str, bytes]:
    marks = ",".join("?" * len(keys))
    rows = base.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", keys)  # noqa: S608 - marks only
    return {key: bytes(blob) for key, blob in rows}


def _insert(base: sqlite3.Connection, blobs: Mapping[str, bytes]) -> bool:
    base.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", blobs.items())
    return True
