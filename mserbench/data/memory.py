"""What decoding told of sounds, remembered by the bytes of their files: an SQLite file a corpus."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import TypeVar

from mserbench.contracts import Utterance
from mserbench.data.shards import names, recordings
from mserbench.disk.files import cache_dir
from mserbench.disk.stores import transact
from mserbench.errors import DataError

SCHEMA = 4
MOST_BYTES = 1 << 30  # of a file whose sounds are remembered: nine hours of 16 kHz and 16 bit
_TABLE = (
    "CREATE TABLE IF NOT EXISTS sounds (name BLOB PRIMARY KEY, key TEXT, seconds REAL, "
    "rate INTEGER, channels INTEGER, remark TEXT, proof TEXT) WITHOUT ROWID"
)
_Row = tuple[bytes, str, float, int, int, str, str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sound:
    """What decoding told of a file, or of a part of it, whatever it is called.

    `key` is the SHA-256 (hex) of the decoded audio, `rate` in Hz; `remark` is the rest of a
    sentence that begins with the clip, or empty.
    """

    key: str
    seconds: float
    rate: int
    channels: int
    remark: str = ""


class Memory:
    """Sounds by the SHA-256 of a file, its ending, and start and end: never by its name or times.

    So a file that was changed is another one, whatever its times say. Processes share the memory.
    Damaged, it is made anew; where it cannot be used, the next run decodes again.
    """

    def __init__(self, root: Path) -> None:
        # Resolved, so that a link to a corpus shares what is known of it.
        name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:24]
        self.path = cache_dir() / "index" / f"{name}-v{SCHEMA}-{_decoders()}.sqlite3"
        nothing: dict[bytes, _Row] = {}
        self.rows = self._on_disk(_select, nothing)

    def get(self, digest: str, utterance: Utterance) -> Sound | None:
        """Return what is known of an utterance in a file with a digest."""
        row = self.rows.get(_name(digest, utterance)) if digest else None
        # Of another type or value than was written: a disc that rots, or another program's work.
        if row is None or row[-1] != _proof(*row[:-1]):
            return None

        _, key, seconds, rate, channels, remark, _ = row
        return Sound(key, seconds, rate, channels, remark)

    def save(self, heard: Sequence[tuple[str, Utterance, Sound]]) -> None:
        """Remember sounds, each with the digest of its file and its utterance."""
        rows = []
        for digest, utterance, sound in heard:
            fields = (
                _name(digest, utterance),
                sound.key,
                float(sound.seconds),
                sound.rate,
                sound.channels,
                sound.remark,
            )
            rows.append((*fields, _proof(*fields)))

        if rows:
            self._on_disk(partial(_insert, rows=rows), None)

    def _on_disk(self, work: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        try:
            return transact(self.path, _TABLE, work)
        except (sqlite3.Error, OSError):
            return otherwise


class Digests:
    """SHA-256 of the bytes of files, each read once, by as many threads as ask."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._digests: dict[str, str] = {}

    def of(self, root: Path, name: str) -> str:
        """Return the digest (hex) of a file below a root; empty where it cannot be read, or has
        more than `MOST_BYTES`.
        """
        if names.row_of(name) is not None:
            return _hashed_row(Path(f"{root}/{name}"))

        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())

        # Parts of one file ask at once: the first one reads it, and the others wait.
        with lock:
            if name not in self._digests:
                self._digests[name] = _hashed(Path(f"{root}/{name}"))

            return self._digests[name]


def _hashed(path: Path) -> str:
    try:
        # A pipe or a device would never end; of more, parts are decoded sooner than all is read.
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return ""

        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _hashed_row(path: Path) -> str:
    """Hash the recording in a row of a shard: its own bytes, so that a shard that is written anew
    with other rows is not decoded anew.
    """
    try:
        held = recordings.held(path)
    except DataError:  # told where it is decoded
        return ""

    return hashlib.sha256(held.data).hexdigest() if held is not None else ""


def _decoders() -> str:
    """Return the versions of what decodes: another one may hear other samples."""
    versions = []
    for package in ("soundfile", "av"):
        try:
            versions.append(version(package))
        except PackageNotFoundError:
            versions.append("")

    return hashlib.sha256("/".join(versions).encode()).hexdigest()[:8]


def _name(digest: str, utterance: Utterance) -> bytes:
    # The ending too: where a file's bytes tell no format, it decides who decodes it.
    ending = PurePosixPath(names.file_of(utterance.audio)).suffix.lower()
    text = f"{digest}|{ending}|{utterance.start}|{utterance.end}"
    return text.encode("utf-8", "surrogateescape")


def _proof(*fields: object) -> str:
    return hashlib.sha256(repr(fields).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _select(base: sqlite3.Connection) -> dict[bytes, _Row]:
    rows = base.execute("SELECT name, key, seconds, rate, channels, remark, proof FROM sounds")
    return {row[0]: row for row in rows}


def _insert(base: sqlite3.Connection, rows: Sequence[_Row]) -> None:
    base.executemany("INSERT OR REPLACE INTO sounds VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
