"""Answers that were paid for, on disk: by the question, and in it by the audio that was sent.

A question is all that decides an answer beside the audio: server, model, prompt, parameters.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from mserbench.disk.files import cache_dir
from mserbench.disk.stores import transact
from mserbench.errors import DataError, why
from mserbench_openai.replies import Reply

_TABLE = "CREATE TABLE IF NOT EXISTS answers (audio TEXT PRIMARY KEY, reply TEXT) WITHOUT ROWID"
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Kept:
    """The answers to one question; each is on disk before the next request of its thread.

    Processes may share it. Raises DataError where the file cannot be used: answers that cost money
    are not asked for where they cannot be kept.
    """

    def __init__(self, question: str) -> None:
        self.path = cache_dir() / "openai" / f"{question}.sqlite3"

    def get(self, audios: Sequence[str]) -> dict[str, Reply]:
        """Return the kept answers to recordings, by the SHA-256 of their audio."""

        def look_up(base: sqlite3.Connection) -> list[tuple[str, str]]:
            find = "SELECT audio, reply FROM answers WHERE audio = ?"
            return [row for audio in audios for row in base.execute(find, (audio,))]

        return {audio: Reply.of_json(text) for audio, text in self._do(look_up)}

    def all(self) -> list[Reply]:
        """Return all answers."""
        rows = self._do(lambda base: base.execute("SELECT reply FROM answers").fetchall())
        return [Reply.of_json(text) for (text,) in rows]

    def add(self, audio: str, reply: Reply) -> None:
        """Keep an answer, durably."""
        row = (audio, reply.to_json())
        insert = "INSERT OR REPLACE INTO answers VALUES (?, ?)"
        self._do(lambda base: base.execute(insert, row).rowcount)

    def _do(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            return transact(self.path, _TABLE, work, self._set_aside)
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"the answers of the server cannot be kept in {str(self.path)!r} ({why(error)}): "
                "make room there, or set MSERBENCH_CACHE to another folder"
            ) from error

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        # The store would remove it; what was paid for is left for a person to mend.
        aside = Path(f"{self.path}.damaged")
        if self.path.exists():
            self.path.replace(aside)

        _log.warning(
            "answers in '%s' are damaged (%s): they lie in '%s' now", self.path, why(error), aside
        )
