"""The file of predictions of a run: written in full precision of six digits, and read again."""

from __future__ import annotations

import csv
import heapq
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.errors import DataError, why
from mserbench.results import prediction_tables

SCORE = "score_"
LISTED = 5  # ids and columns named in one sentence


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row: what a model said of one utterance.

    `prediction` is a label of the task, or "" where the answer could not be read. `scores` follow
    the task's labels, or are empty; `answer` is the model's text, or "".
    """

    id: str
    label: str
    prediction: str
    scores: tuple[float, ...] = ()
    answer: str = ""


def write(rows: Sequence[Prediction], labels: Sequence[str]) -> str:
    """Return the text of a predictions file: csv, UTF-8, LF, sorted by id, scores with six digits.

    Line ends inside an answer become LF.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    scored = any(row.scores for row in rows)
    columns = [f"{SCORE}{label}" for label in labels] if scored else []
    writer.writerow(["id", "label", "prediction", *columns, "answer"])

    for row in sorted(rows, key=lambda row: row.id):
        scores = [f"{score:.6g}" for score in row.scores] or [""] * len(columns)
        # The csv writer leaves a bare carriage return unquoted, and readers would end the row
        # there.
        answer = row.answer.replace("\r\n", "\n").replace("\r", "\n")
        writer.writerow([row.id, row.label, row.prediction, *scores, answer])

    return out.getvalue()


def read(path: Path, labels: Sequence[str]) -> list[Prediction]:
    """Read a file that `write` wrote. Raises DataError where it is not one."""
    table = prediction_tables.read(path)
    columns = [f"{SCORE}{label}" for label in labels]
    scored = columns[0] in table.columns
    if table.columns != ("id", "label", "prediction", *(columns if scored else ()), "answer"):
        raise DataError(
            f"predictions file {str(path)!r} has columns {list(table.columns[: 4 * LISTED])}, not "
            f"those of labels {list(labels)}"
        )

    rows = []
    for line, record in table.rows:
        if record["label"] not in labels or record["prediction"] not in {*labels, ""}:
            raise DataError(
                f"predictions file {str(path)!r}, line {line}: a label outside {list(labels)}"
            )

        texts = [record[name] for name in columns] if scored else []
        try:
            scores = tuple(map(score_of, columns, texts)) if any(texts) else ()
        except ValueError as error:
            raise DataError(f"predictions file {str(path)!r}, line {line}: {why(error)}") from error

        rows.append(
            Prediction(
                record["id"], record["label"], record["prediction"], scores, record["answer"]
            )
        )

    if [row.id for row in rows] != sorted({row.id for row in rows}):
        raise DataError(
            f"predictions file {str(path)!r} is not sorted by unique ids: it was changed by hand"
        )

    return rows


def best_label(scores: Sequence[float], labels: Sequence[str]) -> str:
    """Return the label with the highest score; of equal ones the first in the task's order."""
    return labels[max(range(len(labels)), key=lambda i: (scores[i], -i))]


def count_ties(rows: Iterable[Sequence[float]]) -> int:
    """Return of how many rows of scores the two highest are equal, so that the order of the labels
    decides.

    Rows without scores, as those of answers in text, count as none.
    """
    pairs = (heapq.nlargest(2, scores) for scores in rows)
    return sum(len(pair) == 2 and pair[0] == pair[1] for pair in pairs)


def score_of(column: str, text: str) -> float:
    """Return the score that a text is; `50 %` is 0.5. Raises ValueError where it is no finite
    number.
    """
    number = text.rstrip().removesuffix("%")
    try:
        value = float(number)
    except ValueError:
        value = math.nan

    if not math.isfinite(value):
        raise ValueError(f"{column} is {text!r}, but a finite number was expected")
    return value if number == text.rstrip() else value / 100
