"""What decoding tells of each clip of a corpus: its audio key, length and faults; remembered
between runs.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from mserbench.contracts import Utterance
from mserbench.disk.files import cache_dir
from mserbench.disk.stores import transact
from mserbench.engine.base import Shard, Workers
from mserbench.engine.cores import available_cores as available_cores
from mserbench.engine.named import LOCAL, engine_named
from mserbench.errors import DataError, MissingExtra

SCHEMA = 3
SHORT = 0.1  # seconds; below this most models see next to nothing
LONG = 60.0  # seconds; no utterance of the known corpora is longer
Progress = Callable[[int, int], None]  # clips done, clips in all
_CHUNK = 256  # clips between two saves: a killed process loses so many and those in work
_SHARD = 16  # clips that a worker takes at once: at the end the others wait for one shard at most
_TABLE = (
    "CREATE TABLE IF NOT EXISTS facts (name BLOB PRIMARY KEY, time INTEGER, "
    "bytes INTEGER, key TEXT, seconds REAL, rate INTEGER, channels INTEGER, warning TEXT) "
    "WITHOUT ROWID"
)
_State = tuple[int, int]  # size in bytes and time of change in ns
# Name and time of change, size and the other facts.
_Row = tuple[bytes, int, int, str, float, int, int, str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one clip; `problem` (it cannot be scored) and `warning` are sentences or empty.

    `key` is the SHA-256 (hex) of its decoded audio, `rate` in Hz, `bytes` the size of the file that
    it lies in.
    """

    key: str
    seconds: float
    rate: int
    channels: int
    bytes: int = 0
    problem: str = ""
    warning: str = ""


_Examined = tuple[Utterance, Facts, int]  # and the time of change, in ns


def index(
    root: Path, utterances: Sequence[Utterance], progress: Progress | None = None
) -> dict[str, Facts]:
    """Decode every utterance once, in parallel, and return its facts by id.

    Facts are remembered in the cache folder and taken from there while size and time of a file stay
    the same; they are saved chunk by chunk, so that a killed process goes on where it was. A clip
    that cannot be decoded has a `problem`; nothing raises for a bad clip.
    """
    memory = _Memory(root)
    remembered = {utterance.id: memory.get(utterance) for utterance in utterances}
    stale = [utterance for utterance in utterances if remembered[utterance.id] is None]
    unsaved: list[_Examined] = []
    done = 0

    try:
        # Closed here, so that no thread decodes on for somebody who wants to stop.
        with closing(_examined(root, stale)) as parts:
            for examined in parts:
                remembered.update((utterance.id, facts) for utterance, facts, _ in examined)
                unsaved += examined
                done += len(examined)

                if len(unsaved) >= _CHUNK or done == len(stale):
                    memory.save(unsaved)
                    unsaved = []
                    if progress:
                        progress(done, len(stale))
    finally:
        # Something stopped it, such as Ctrl-C: what is done by then is kept.
        memory.save(unsaved)

    return {identity: facts for identity, facts in remembered.items() if facts is not None}


def _examined(root: Path, stale: Sequence[Utterance]) -> Generator[list[_Examined], None, None]:
    """Yield what decoding tells of each clip, shard by shard, as an engine is done with them."""
    size = min(_SHARD, _CHUNK)
    shards = [
        Shard(str(start), _examine_all, (root, stale[start : start + size]))
        for start in range(0, len(stale), size)
    ]
    # More workers than shards would be threads that have nothing to do.
    workers = Workers(max(1, min(available_cores(), len(shards))), kind="threads")
    with engine_named(LOCAL, workers) as engine:
        for outcome in engine.do(shards):
            yield outcome.result()


def digest(facts: Mapping[str, Facts]) -> str:
    """SHA-256 (hex) over the sorted ids and audio keys: equal data, equal digest, wherever it
    lies.
    """
    lines = (f"{identity}\t{facts[identity].key}\n" for identity in sorted(facts))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _examine_all(root: Path, utterances: Sequence[Utterance]) -> list[_Examined]:
    """Decode some utterances: each with its facts, and when its file was changed last before
    that.
    """
    return [(utterance, *_examine(root, utterance)) for utterance in utterances]


def _examine(root: Path, utterance: Utterance) -> tuple[Facts, int]:
    import numpy as np

    from mserbench.data import audio

    # Before the file is read: one that changes meanwhile is decoded again the next time.
    size, time = _state(root, utterance)
    try:
        recording = audio.read(root / utterance.audio, utterance.start, utterance.end)
    except (DataError, MissingExtra) as error:
        return Facts("", 0.0, 0, 0, problem=str(error)), time

    warning = ""
    if not np.any(recording.samples):
        warning = f"clip {utterance.id!r} is digital silence: it is scored as it is, check the file"
    elif recording.seconds < SHORT:
        warning = (
            f"clip {utterance.id!r} lasts only {recording.seconds:.3f} s: it is scored as it is"
        )
    elif recording.seconds > LONG:
        warning = (
            f"clip {utterance.id!r} lasts {recording.seconds:.0f} s, far longer than an "
            f"utterance: check it"
        )

    channels = recording.samples.shape[1]
    return Facts(
        recording.key, recording.seconds, recording.rate, channels, size, warning=warning
    ), time


def _state(root: Path, utterance: Utterance) -> _State:
    try:
        status = os.stat(f"{root}/{utterance.audio}")  # joining paths takes longer than the look-up
    except OSError:
        return -1, -1

    return status.st_size, status.st_mtime_ns


class _Memory:
    """Facts by file, start and end, valid for one size and time of change; an SQLite file a corpus
    folder.

    Processes share it. Damaged, it is made anew; where it cannot be used, the next run decodes
    again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        # Resolved, so that a link to a corpus shares what is known of it.
        name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:24]
        self.path = cache_dir() / "index" / f"{name}-v{SCHEMA}.sqlite3"
        nothing: dict[bytes, _Row] = {}
        self.rows = self._on_disk(_select, nothing)

    def get(self, utterance: Utterance) -> Facts | None:
        row = self.rows.get(_name(utterance))
        if row is None:
            return None

        _, time, size, key, seconds, rate, channels, warning = row
        if (size, time) != _state(self.root, utterance):
            return None

        return Facts(key, seconds, rate, channels, size, "", warning)

    def save(self, examined: Sequence[_Examined]) -> None:
        rows = [
            (
                _name(utterance),
                time,
                facts.bytes,
                facts.key,
                facts.seconds,
                facts.rate,
                facts.channels,
                facts.warning,
            )
            for utterance, facts, time in examined
            if not facts.problem  # what made it fail may be mended without touching the file
        ]
        if not rows:
            return

        self._on_disk(partial(_insert, rows=rows), None)

    def _on_disk(self, work: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        try:
            return transact(self.path, _TABLE, work)
        except (sqlite3.Error, OSError):
            return otherwise


def _name(utterance: Utterance) -> bytes:
    # As bytes, since some publishers' folder names are no valid Unicode.
    return f"{utterance.audio}|{utterance.start}|{utterance.end}".encode("utf-8", "surrogateescape")


def _select(base: sqlite3.Connection) -> dict[bytes, _Row]:
    rows = base.execute(
        "SELECT name, time, bytes, key, seconds, rate, channels, warning FROM facts"
    )
    return {row[0]: row for row in rows}


def _insert(base: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    base.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
