"""Answers that were paid for, on disk: by the question, and in it by the audio that was sent.

A question is all that decides an answer beside the audio and the system behind the model's name:
server, model, prompt, parameters.
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
from mserbench_openai.replies import Reply, System

# `run`: the system that was there before the run in which an answer came; `system`: what gave it.
_TABLE = (
    "CREATE TABLE IF NOT EXISTS answers "
    "(audio TEXT, run TEXT, system TEXT, reply TEXT, PRIMARY KEY (audio, run)) WITHOUT ROWID"
)
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Kept:
    """The answers to one question; each is on disk before the next request of its thread.

    `system` is what was there before the run: only its answers are given back; of a system that
    tells nothing of itself, all. Processes may share it. Raises DataError where the file cannot be
    used: answers that cost money are not asked for where they cannot be kept.
    """

    def __init__(self, question: str, system: System) -> None:
        self.path = cache_dir() / "openai" / f"{question}.sqlite3"
        self._system = system

    def get(self, audios: Sequence[str]) -> dict[str, Reply]:
        """Return the kept answers to recordings, by the SHA-256 of their audio."""
        own = self._system.text()

        def look_up(base: sqlite3.Connection) -> list[tuple[str, str]]:
            select = "SELECT audio, reply FROM answers WHERE audio = ?"
            if not self._system.is_told:
                return [row for audio in audios for row in base.execute(select, (audio,))]

            select += " AND system = ?"
            return [row for audio in audios for row in base.execute(select, (audio, own))]

        return {audio: Reply.of_json(text) for audio, text in self._do(look_up)}

    def of_run(self) -> list[Reply]:
        """Return all answers that came in runs before which the same system was there."""
        select, own = "SELECT reply FROM answers", self._system.text()

        def look_up(base: sqlite3.Connection) -> list[tuple[str]]:
            if not self._system.is_told:
                return base.execute(select).fetchall()
            return base.execute(f"{select} WHERE run = ? OR system = ?", (own, own)).fetchall()

        return [Reply.of_json(text) for (text,) in self._do(look_up)]

    def add(self, audio: str, reply: Reply) -> None:
        """Keep an answer, durably."""
        # Where an answer leaves something out, it is of the system that was there.
        is_same = self._system.is_told and not reply.system.differs(self._system)
        given_by = self._system if is_same else reply.system
        row = (audio, self._system.text(), given_by.text(), reply.to_json())
        insert = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)"
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
