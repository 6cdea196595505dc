"""Answers that were paid for, on disk: by the question, and in it by the audio that was sent.

A question is all that decides an answer beside the audio and the system behind the model's name:
server, model, prompt, parameters.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from mserbench.disk.files import cache_dir
from mserbench.disk.stores import transact
from mserbench.errors import DataError, why
from mserbench_openai.replies import Reply, System

SCHEMA = 2  # of the table: files of another one are other files

# `run`: the system that was there before the run in which an answer came, which may not have given
# it.
_TABLE = (
    "CREATE TABLE IF NOT EXISTS answers "
    "(audio TEXT, run TEXT, reply TEXT, PRIMARY KEY (audio, run)) WITHOUT ROWID"
)
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Kept:
    """The answers to one question; each is on disk before the next request of its thread.

    `system` is what was there before the run: only its answers are given back, those of any
    fingerprint where that `is_ignored`. Processes may share it. Raises DataError where the file
    cannot be used: answers that cost money are not asked for where they cannot be kept.
    """

    def __init__(self, question: str, system: System, is_ignored: bool = False) -> None:
        self.path = cache_dir() / "openai" / f"{question}.sqlite3"
        self._system, self._is_ignored = system, is_ignored

    def get(self, audios: Sequence[str]) -> dict[str, Reply]:
        """Return the kept answers to recordings, by the SHA-256 of their audio."""

        def look_up(base: sqlite3.Connection) -> list[tuple[str, str, str]]:
            select = "SELECT audio, run, reply FROM answers WHERE audio = ?"
            return [row for audio in audios for row in base.execute(select, (audio,))]

        replies = [(audio, run, Reply.of_json(text)) for audio, run, text in self._do(look_up)]
        return {audio: reply for audio, run, reply in replies if self._is_own(run, reply)}

    def of_run(self) -> list[Reply]:
        """Return all answers of this system, and those that came in its place in its runs."""
        rows = self._do(lambda base: base.execute("SELECT run, reply FROM answers").fetchall())
        replies = [(run, Reply.of_json(text)) for run, text in rows]
        own = self._system.text()
        return [reply for run, reply in replies if run == own or self._is_own(run, reply)]

    def add(self, audio: str, reply: Reply) -> None:
        """Keep an answer, durably."""
        row = (audio, self._system.text(), reply.to_json())
        insert = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)"
        self._do(lambda base: base.execute(insert, row).rowcount)

    def _is_own(self, run: str, reply: Reply) -> bool:
        """Whether the system that was there before the run gave an answer."""
        given_by = replace(reply.system, fingerprint="") if self._is_ignored else reply.system
        if given_by == self._system:
            return True

        # Where an answer leaves something out, it is of the system that was there.
        return run == self._system.text() and not given_by.differs(self._system)

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
