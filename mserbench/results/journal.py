"""The journal of a run: each batch of answers on disk before the next is computed, whatever happens
then.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.disk.files import sync_folder
from mserbench.errors import DataError, why

SCHEMA = 1
Answer = tuple[tuple[float, ...], str]  # scores in label order (or none), text answer (or "")


class Journal:
    """Answers by utterance id, appended batch by batch: one JSON line each, forced to disk.

    A torn last line (the process was killed, the disk was full) is dropped; any other bad line is
    an error, as is a journal of another run. Each line holds a hash of itself and of those before
    it, so that one which is changed, added or left out by hand is damage too. With `n_labels` each
    answer must have so many scores, or none.
    """

    def __init__(self, path: Path, key: str, n_labels: int | None = None) -> None:
        self.path = path
        self.key = key
        self._n_labels = n_labels
        self.answers: dict[str, Answer] = {}
        self.seconds: dict[str, float] = {}  # of earlier sessions, a phase, up to their last batch
        self._check: str | None = ""  # over all lines so far; None: this journal has none
        good = self._read() if path.exists() else 0

        # Unbuffered: after a full disk, nothing is left that closing would try to write again.
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - open for the life of the run
        if self._file.tell() != good:
            self._file.truncate(good)

        if good == 0:
            self._append({"schema": SCHEMA, "key": key})
            sync_folder(path.parent)

    def add(
        self, rows: Iterable[tuple[str, Answer]], seconds: Mapping[str, float] | None = None
    ) -> None:
        """Append one batch and force it to disk. Raises OSError where the disk is full; nothing is
        lost.

        `seconds` are those that each phase took since the batch before, of this session.
        """
        rows = list(rows)
        answers = [[identity, list(scores), answer] for identity, (scores, answer) in rows]
        spent = {name: round(value, 3) for name, value in (seconds or {}).items()}
        self._append({"rows": answers, **({"seconds": spent} if spent else {})})
        self.answers.update(rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, record: dict[str, Any]) -> None:
        if self._check is not None:
            self._check = _chained(self._check, record)
            record = {**record, "check": self._check}

        line = memoryview(json.dumps(record, allow_nan=False).encode() + b"\n")
        while line:  # a nearly full disk takes a part, and refuses the rest
            line = line[self._file.write(line) :]

        os.fsync(self._file.fileno())

    def _read(self) -> int:
        """Load the answers and return the number of bytes that are whole lines."""
        try:
            data = outside.read(self.path, outside.TABLE)
        except outside.Refused as error:
            raise DataError(
                f"journal {str(self.path)!r} cannot be read ({error}): give --fresh to start anew"
            ) from error

        whole, _, torn = data.rpartition(b"\n")
        del torn  # without its newline, the last line was never finished
        if not whole:
            return 0

        for number, line in enumerate(whole.split(b"\n"), start=1):
            try:
                self._take(self._unchanged(json.loads(line), number == 1), first=number == 1)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise DataError(
                    f"journal {str(self.path)!r}, line {number} is damaged ({why(error)}): give "
                    f"--fresh to start anew"
                ) from error

        return len(whole) + 1

    def _unchanged(self, record: Any, first: bool) -> dict[str, Any]:
        """Return a line that is as it was written, after those before it. Raises ValueError."""
        if not isinstance(record, dict):
            raise ValueError("it is no object")
        # Of a journal from before lines were checked nothing can be said.
        if first and "check" not in record:
            self._check = None
        if self._check is None:
            return record

        content = {key: value for key, value in record.items() if key != "check"}
        self._check = _chained(self._check, content)
        if record.get("check") != self._check:
            raise ValueError("it was changed, or a line before it, after it was written")

        return content

    def _take(self, record: dict[str, Any], first: bool) -> None:
        if first:
            if record["schema"] != SCHEMA or record["key"] != self.key:
                raise ValueError("it belongs to another run")
            return

        for identity, scores, answer in record["rows"]:
            values = tuple(float(score) for score in scores)
            if not (
                isinstance(identity, str)
                and isinstance(answer, str)
                and all(map(math.isfinite, values))
            ):
                raise ValueError("an answer is not id, finite scores and text")
            if values and self._n_labels is not None and len(values) != self._n_labels:
                raise ValueError(
                    f"an answer has {len(values)} scores, but the task has {self._n_labels} labels"
                )

            self.answers[identity] = (values, answer)

        # A journal from before seconds were kept has none.
        for phase, value in record.get("seconds", {}).items():
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{phase} did not take {value!r} seconds")

            self.seconds[phase] = self.seconds.get(phase, 0.0) + value


def _chained(check: str, record: dict[str, Any]) -> str:
    """Return a hash of a line and all before it."""
    return hashlib.sha256(f"{check} {json.dumps(record)}".encode()).hexdigest()[:16]
