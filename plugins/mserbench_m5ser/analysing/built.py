"""A built set, read in streams: its manifest, what is known of each clip, and the clips."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.errors import DataError, why, words
from mserbench_m5ser import layout
from mserbench_m5ser.analysing.points import Point, Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FACTS = (
    "id", "emotion", "language", "source_corpus", "source_id", "speaker", "key",
    "derived_from", "derived_audio", "seconds",
)  # fmt: skip
_ROWS = 1_024  # rows without sound that are in memory at a time
_SOUNDS = 64  # rows with sound


class BuiltSet:
    """A folder that `mserbench m5ser build` wrote.

    Raises DataError where it is none, is not finished, or cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest_bytes = _manifest_bytes(folder)
        self.shards = sorted((folder / layout.SHARDS).glob("*.parquet"))
        if not self.shards:
            raise DataError(
                f"{str(folder / layout.SHARDS)!r} holds no shard *.parquet, but a built set has "
                "one or more: build it again"
            )

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, by which this very set is known: 64 hex digits."""
        return hashlib.sha256(self._manifest_bytes).hexdigest()

    @property
    def sources(self) -> dict[str, bool]:
        """The tasks that the set was made from, and of each whether only a part was at hand."""
        try:
            listed = json.loads(self._manifest_bytes)["asked"]["sources"]
            return {str(source["task"]): bool(source["partial"]) for source in listed}
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{str(self.folder / layout.MANIFEST)!r} names no 'sources' ({words(error)}), but "
                "a list of the tasks that the set was made from was expected: build it again"
            ) from error

    def tally(self) -> Tally:
        """Return how many clips and seconds there are of each stratum."""
        tally = Tally()
        columns = ("language", "emotion", "source_corpus", "seconds")
        for language, emotion, corpus, seconds in self._rows(columns):
            tally.add((language, emotion, corpus), seconds)

        return tally

    def points(self) -> Iterator[Point]:
        """Yield what is known of each clip, in the order of the shards."""
        for row in self._rows(_FACTS):
            name, emotion, language, corpus, number, speaker, key, origin, origin_key, s = row
            source = f"{corpus}:{number}"
            # Of a translation of a translation the set tells the sound of the first recording.
            heard = origin_key if origin == source else None
            yield Point(name, emotion, language, corpus, speaker, source, key, heard, s, True)

    def clips(self, points: Sequence[Point]) -> Iterator[Clip]:
        """Yield the clips of some points, which are in the order of the shards."""
        # In step with what was chosen: each sound is given to the clip that it was chosen as.
        expected = iter(points)
        point = next(expected, None)
        for shard in self.shards:
            for name, sound in _sounds(shard, {point.id for point in points}):
                if point is None or name != point.id:
                    raise DataError(
                        f"row {name!r} of {shard.name} came where another was expected: the set "
                        "was changed while it was read, or a name stands in it twice; "
                        "'mserbench m5ser verify' tells"
                    )

                yield _clip(point, sound)
                point = next(expected, None)

    def _rows(self, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        for shard in self.shards:
            with _opened(shard, columns) as file:
                for batch in file.iter_batches(_ROWS, columns=list(columns)):
                    yield from zip(
                        *(batch.column(name).to_pylist() for name in columns), strict=True
                    )


def _manifest_bytes(folder: Path) -> bytes:
    try:
        return (folder / layout.MANIFEST).read_bytes()
    except OSError as error:
        raise DataError(
            f"{str(folder)!r} is no finished set: its {layout.MANIFEST} cannot be read "
            f"({why(error)}); give the folder that 'mserbench m5ser build' wrote to its end"
        ) from error


@contextmanager
def _opened(shard: Path, columns: Sequence[str]) -> Iterator[Any]:
    """Give an open shard that has these columns. Raises DataError where it has not, or is torn."""
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(shard) as file:
            lacking = sorted(set(columns) - set(file.schema_arrow.names))
            if lacking:
                raise DataError(
                    f"shard {shard.name} has no column {', '.join(map(repr, lacking))}, which sets "
                    "of this version have: build the set again"
                )

            yield file
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(
            f"shard {shard.name} cannot be read ({why(error)}): build the set "
            "again, or copy it again"
        ) from error


def _sounds(shard: Path, ids: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and FLAC file of those rows of a shard that have some names."""
    with _opened(shard, ("id", "audio")) as file:
        for group in range(file.num_row_groups):
            # Sound is most of the bytes: a group of which nothing is wanted is not read.
            names = file.read_row_group(group, columns=["id"]).column("id").to_pylist()
            if ids.isdisjoint(names):
                continue

            for batch in file.iter_batches(_SOUNDS, row_groups=[group], columns=["id", "audio"]):
                for name, sound in zip(batch.column("id"), batch.column("audio"), strict=True):
                    if name.as_py() in ids:
                        yield name.as_py(), sound["bytes"].as_py()


def _clip(point: Point, sound: bytes) -> Clip:
    # The seed is opaque to who computes features; the name of the row is different for each.
    seed = hashlib.sha256(point.id.encode()).hexdigest()
    return Clip(point.key, seed, point.seconds, lambda: _decoded(point.id, sound))


def _decoded(name: str, sound: bytes) -> NDArray[np.float32]:
    """Return the samples of a FLAC file in memory: float32, (n_samples,). Raises DataError."""
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(sound), dtype="float32")
    except (soundfile.LibsndfileError, TypeError) as error:
        raise DataError(
            f"the audio of row {name!r} cannot be decoded ({why(error)}): build the set again"
        ) from error

    if rate != SAMPLE_RATE or samples.ndim != 1 or not len(samples):
        raise DataError(
            f"the audio of row {name!r} has {rate} Hz and shape {samples.shape}, but some samples "
            f"at {SAMPLE_RATE} Hz, mono, were expected: build the set again"
        )

    decoded: NDArray[np.float32] = samples
    return decoded
