"""What a model said under all conditions as one small table: a row a clip, a column a condition."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.errors import DataError
from mserbench.results import prediction_tables


@dataclass(frozen=True)
class Table:
    """The ids and true labels of n clips, sorted by id, and their n answers by condition."""

    ids: tuple[str, ...]
    truth: tuple[str, ...]
    answers: Mapping[str, tuple[str, ...]]


def write(table: Table, labels: Sequence[str]) -> str:
    """Return the text of a table: csv, UTF-8, LF; an answer is the number of its label, from 0.

    It is empty where the answer could not be read.
    """
    numbers = {label: str(number) for number, label in enumerate(labels)} | {"": ""}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "label", *table.answers])

    columns = [[numbers[answer] for answer in column] for column in table.answers.values()]
    for row in zip(table.ids, table.truth, *columns, strict=True):
        writer.writerow(row)

    return out.getvalue()


def read(path: Path, labels: Sequence[str]) -> Table:
    """Read a file that `write` wrote. Raises DataError where it is not one."""
    read_table = prediction_tables.read(path)
    if read_table.columns[:3] != ("id", "label", "clean"):
        raise DataError(
            f"answers {str(path)!r} have the columns {list(read_table.columns[:6])}, but 'id', "
            f"'label', 'clean' and one an alteration were expected: make the record again"
        )

    names = {str(number): label for number, label in enumerate(labels)} | {"": ""}
    ids, truth = [], []
    answers: dict[str, list[str]] = {name: [] for name in read_table.columns[2:]}
    for line, row in read_table.rows:
        strange = [value for name in answers if (value := row[name]) not in names]
        if row["label"] not in labels or strange:
            raise DataError(
                f"answers {str(path)!r}, line {line}: a label outside {list(labels)}, or an answer "
                f"that is no number below {len(labels)}: make the record again"
            )

        ids.append(row["id"])
        truth.append(row["label"])
        for name, column in answers.items():
            column.append(names[row[name]])

    if ids != sorted(set(ids)):
        raise DataError(
            f"answers {str(path)!r} are not sorted by unique ids: make the record again"
        )

    columns = {name: tuple(column) for name, column in answers.items()}
    return Table(tuple(ids), tuple(truth), columns)
