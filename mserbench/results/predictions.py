"""The file of predictions: ours, written in full precision of six digits, and a stranger's, read
with care.
"""

from __future__ import annotations

import csv
import heapq
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.disk import outside
from mserbench.errors import DataError
from mserbench.labels import read_answer

SCORE = "score_"
_LISTED = 5  # ids named in one sentence


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
    header, records = _records(path)
    columns = [f"{SCORE}{label}" for label in labels]
    scored = columns[0] in header
    if header != ["id", "label", "prediction", *(columns if scored else []), "answer"]:
        raise DataError(
            f"predictions file {str(path)!r} has columns {header}, not those of labels "
            f"{list(labels)}"
        )

    rows = []
    for line, record in records:
        if record["label"] not in labels or record["prediction"] not in {*labels, ""}:
            raise DataError(
                f"predictions file {str(path)!r}, line {line}: a label outside {list(labels)}"
            )

        texts = [record[name] for name in columns] if scored else []
        try:
            scores = tuple(map(_score, columns, texts)) if any(texts) else ()
        except ValueError as error:
            raise DataError(f"predictions file {str(path)!r}, line {line}: {error}") from error

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


def read_foreign(path: Path, truth: Mapping[str, str], labels: Sequence[str]) -> list[Prediction]:
    """Read a stranger's file: `id`, and scores for all labels, a `prediction`, or an `answer`.

    `truth` maps each id of the task to its label. Raises DataError with every fault: unknown,
    missing or repeated ids, a label outside the set, scores that are no finite numbers, a truth
    column that differs.
    """
    # Named on the command line, it may be what another program is printing.
    header, records = _records(path, piped=True)
    name = f"predictions file {str(path)!r}"
    columns = [f"{SCORE}{label}" for label in labels]
    if "id" not in header or not (
        {"prediction", "answer"} & set(header) or set(columns) <= set(header)
    ):
        raise DataError(
            f"{name} has the columns {header}, but needs 'id' and either 'prediction', "
            f"'answer', or all of {columns}"
        )

    problems = _id_problems(name, [record["id"] for _, record in records], truth)
    rows = []
    for line, record in records:
        if record["id"] in truth:
            try:
                rows.append(_foreign_row(record, truth[record["id"]], labels, columns))
            except ValueError as error:
                problems.append(f"{name}, line {line} (id {record['id']!r}): {error}")

    if problems:
        more = [f"and {len(problems) - 20} more"] if len(problems) > 20 else []
        raise DataError("\n  - ".join([f"{name} cannot be scored:", *problems[:20], *more]))

    return sorted(rows, key=lambda row: row.id)


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


def _foreign_row(
    record: Mapping[str, str], label: str, labels: Sequence[str], columns: Sequence[str]
) -> Prediction:
    if record.get("label") and record["label"] != label:
        raise ValueError(
            f"its label is {record['label']!r}, but the task's is {label!r}: is this another task?"
        )

    # All columns or none: with a label's missing, the highest score would be that of the others.
    scores: tuple[float, ...] = ()
    if set(columns) <= set(record):
        scores = tuple(_score(column, record[column]) for column in columns)

    answer = record.get("answer", "")
    if record.get("prediction"):
        prediction = record["prediction"]
        if prediction not in labels:
            raise ValueError(
                f"prediction {prediction!r} is none of {', '.join(labels)}: "
                f"map it, or put it in 'answer'"
            )
        if scores and scores[labels.index(prediction)] < max(scores):
            raise ValueError(
                f"prediction {prediction!r} has not the highest score: correct one of the two"
            )
    elif scores:
        prediction = best_label(scores, labels)
    elif "answer" in record:
        prediction = read_answer(answer, labels) or ""
    else:
        raise ValueError(
            "'prediction' is empty: give a label, or an 'answer' column for what cannot be read"
        )

    return Prediction(record["id"], label, prediction, scores, answer)


def _score(column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan

    if not math.isfinite(value):
        raise ValueError(f"{column} is {text!r}, but a finite number was expected")
    return value


def _id_problems(name: str, ids: Sequence[str], truth: Mapping[str, str]) -> list[str]:
    counts = Counter(ids)
    groups = {
        "are not of this task": sorted(set(counts) - set(truth)),
        "of the task are missing": sorted(set(truth) - set(counts)),
        "occur more than once": sorted(identity for identity, n in counts.items() if n > 1),
    }

    return [
        f"{name}: {len(ids_of)} id(s) {fault}, such as "
        f"{', '.join(map(repr, ids_of[:_LISTED]))}: "
        f"each id of the task must occur exactly once"
        for fault, ids_of in groups.items()
        if ids_of
    ]


def _records(path: Path, piped: bool = False) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a csv file whose rows all have the columns of its header: (line number, row) each."""
    try:
        text = outside.read(path, outside.TABLE, piped=piped).decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"predictions file {str(path)!r} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"predictions file {str(path)!r} is not UTF-8 (byte {error.start}): save it as "
            f"CSV UTF-8"
        ) from error

    # UTF-16 without its mark decodes as UTF-8 with a NUL after each letter.
    if "\0" in text:
        raise DataError(
            f"predictions file {str(path)!r} holds NUL characters, it may be UTF-16: save it "
            f"as CSV UTF-8"
        )

    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader if line]
    except csv.Error as error:
        raise DataError(
            f"predictions file {str(path)!r}, line {reader.line_num} is no valid csv: {error}"
        ) from error

    if not lines or len(set(lines[0][1])) != len(lines[0][1]):
        raise DataError(
            f"predictions file {str(path)!r} is empty or repeats a column: a header row was "
            f"expected"
        )

    (_, header), *rows = lines
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"predictions file {str(path)!r}, line {number}: {len(row)} fields, "
                f"but the header has {len(header)}: quote fields that hold a comma"
            )

    return header, [(number, dict(zip(header, row, strict=True))) for number, row in rows]
