"""The answers behind a table: one wide csv file a task, a row an utterance, a column a model that
was asked.

An answer is the position of its label among the task's, from 0; an empty one could not be read.
`speaker` numbers the speakers, and is empty where one is not known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mserbench.errors import DataError, why

_FIRST = ("id", "label", "speaker")


@dataclass(frozen=True)
class Answers:
    """All answers to one task: `columns` holds for each name one answer a row, None for an unread
    one.
    """

    ids: tuple[str, ...]
    truth: tuple[str, ...]
    speakers: tuple[int | None, ...] | None
    columns: Mapping[str, tuple[str | None, ...]]


def write(answers: Answers, labels: Sequence[str]) -> str:
    """Return the text of the file: UTF-8, LF, rows sorted by id, columns by name."""
    number: dict[str | None, str] = {label: str(at) for at, label in enumerate(labels)} | {None: ""}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = sorted(answers.columns)
    writer.writerow([*_FIRST, *names])

    # By id, not as they were asked: the same answers are the same bytes.
    for at in sorted(range(len(answers.ids)), key=lambda at: answers.ids[at]):
        speaker = None if answers.speakers is None else answers.speakers[at]
        numbers = [number[answers.columns[name][at]] for name in names]
        writer.writerow(
            [answers.ids[at], answers.truth[at], "" if speaker is None else speaker, *numbers]
        )

    return out.getvalue()


def read(name: str, text: str, labels: Sequence[str]) -> Answers:
    """Read what `write` gave. Raises DataError where it is not that."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    try:
        header, body = rows[0], rows[1:]
        if tuple(header[:3]) != _FIRST or not body or any(len(row) != len(header) for row in body):
            raise ValueError("its columns are not those of a file of answers")
        if not {row[1] for row in body} <= set(labels):
            raise ValueError(f"it has labels other than {', '.join(labels)}")

        numbers = tuple(int(row[2]) if row[2] else None for row in body)
        speakers = numbers if any(number is not None for number in numbers) else None
        columns = {
            column: tuple(_label(row[at], labels) for row in body)
            for at, column in enumerate(header)
            if at > 2
        }
    except (ValueError, IndexError) as error:
        raise DataError(
            f"file of answers {name!r} is damaged ({why(error)}): run the experiment again"
        ) from error

    return Answers(tuple(row[0] for row in body), tuple(row[1] for row in body), speakers, columns)


def _label(text: str, labels: Sequence[str]) -> str | None:
    return labels[int(text)] if text else None
