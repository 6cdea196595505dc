"""What a build has done, on disk: results by clip, and the parts that are whole, so that a build
that was killed goes on.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mserbench.disk.files import write_atomic
from mserbench.disk.stores import transact
from mserbench_m5ser.building.work import Result

_TABLE = (
    "CREATE TABLE IF NOT EXISTS results (part TEXT, number INTEGER, facts TEXT, audio BLOB, "
    "PRIMARY KEY (part, number))"
)
_ROWS = "results.sqlite"
_T = TypeVar("_T")
_AT_ONCE = 100  # results read at a time: some tens of megabytes at most


@dataclass(frozen=True)
class Store:
    """The folder of an unfinished build. One process writes it, which holds its lock; its threads
    may write at once.
    """

    folder: Path

    @property
    def set_folder(self) -> Path:
        """What becomes the set, by one rename."""
        return self.folder / "set"

    def numbers(self, part: str) -> set[int]:
        """Return the numbers of the clips of a part whose results are here."""

        def read(base: sqlite3.Connection) -> set[int]:
            query = base.execute("SELECT number FROM results WHERE part = ?", (part,))
            return {number for (number,) in query}

        return self._transact(read)

    def add(self, results: Sequence[tuple[str, Result]]) -> None:
        """Keep results, each with its part, in one transaction. Raises sqlite3.Error where the disk
        is full.
        """
        rows = [
            (part, result.number, json.dumps(_facts(result)), result.audio)
            for part, result in results
        ]

        def write(base: sqlite3.Connection) -> None:
            base.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", rows)

        self._transact(write)

    def results(self, part: str) -> Iterator[list[Result]]:
        """Yield the results of a part in the order of the plan, some at a time."""
        last = -1
        while chunk := self._transact(partial(_after, part=part, number=last)):
            yield chunk
            last = chunk[-1].number

    def forget(self, part: str) -> None:
        """Remove the results of a part, whose file is whole."""

        def remove(base: sqlite3.Connection) -> None:
            base.execute("DELETE FROM results WHERE part = ?", (part,))

        self._transact(remove)

    def finished(self, part: str) -> dict[str, Any] | None:
        """Return what was noted when the file of a part was whole, None where it is not."""
        note = self._note(part)
        if not note.is_file():
            return None

        record: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        # Killed between the rename of the set and the end of this folder, and the set then removed:
        # the notes stand, and their files are gone.
        shard = record["shard"]
        return record if shard is None or (self.set_folder / shard["file"]).is_file() else None

    def finish(self, part: str, record: dict[str, Any]) -> None:
        """Note that the file of a part is whole; its results can go."""
        write_atomic(self._note(part), json.dumps(record, sort_keys=True))
        self.forget(part)

    def _note(self, part: str) -> Path:
        return self.folder / "parts" / f"{part}.json"

    def _transact(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        # A file that is damaged is made anew: its clips are only made again.
        return transact(self.folder / _ROWS, _TABLE, work)


def _facts(result: Result) -> dict[str, Any]:
    # By name, as `asdict` copies each value, which costs more than the rest of it.
    names = (field.name for field in fields(Result))
    return {name: getattr(result, name) for name in names if name != "audio"}


def _after(base: sqlite3.Connection, part: str, number: int) -> list[Result]:
    query = base.execute(
        "SELECT facts, audio FROM results WHERE part = ? AND number > ? ORDER BY number LIMIT ?",
        (part, number, _AT_ONCE),
    )
    return [Result(**json.loads(facts), audio=audio) for facts, audio in query]
