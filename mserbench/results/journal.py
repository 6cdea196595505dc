"""The journal of a run: each batch of answers on disk before the next is computed, whatever happens
then.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.disk.files import sync_folder
from mserbench.errors import DataError

SCHEMA = 1
Answer = tuple[tuple[float, ...], str]  # scores in label order (or none), text answer (or "")


class Journal:
    """Answers by utterance id, appended batch by batch: one JSON line each, forced to disk.

    A torn last line (the process was killed, the disk was full) is dropped; any other bad line is
    an error, as is a journal of another run. With `n_labels` each answer must have so many scores,
    or none.
    """

    def __init__(self, path: Path, key: str, n_labels: int | None = None) -> None:
        self.path = path
        self.key = key
        self._n_labels = n_labels
        self.answers: dict[str, Answer] = {}
        good = self._read() if path.exists() else 0

        # Unbuffered: after a full disk, nothing is left that closing would try to write again.
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - open for the life of the run
        if self._file.tell() != good:
            self._file.truncate(good)

        if good == 0:
            self._append({"schema": SCHEMA, "key": key})
            sync_folder(path.parent)

    def add(self, rows: Iterable[tuple[str, Answer]]) -> None:
        """Append one batch and force it to disk. Raises OSError where the disk is full; nothing is
        lost.
        """
        rows = list(rows)
        self._append(
            {"rows": [[identity, list(scores), answer] for identity, (scores, answer) in rows]}
        )
        self.answers.update(rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, record: dict[str, Any]) -> None:
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
                self._take(json.loads(line), first=number == 1)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise DataError(
                    f"journal {str(self.path)!r}, line {number} is damaged ({error}): give "
                    f"--fresh to start anew"
                ) from error

        return len(whole) + 1

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
