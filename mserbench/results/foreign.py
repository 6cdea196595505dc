"""A stranger's file of predictions, read with care: every fault is told, nothing is left out
unsaid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.data import label_map
from mserbench.errors import DataError, why
from mserbench.labels import read_answer
from mserbench.report import alike
from mserbench.results import prediction_tables, renaming, unlike
from mserbench.results.naming import Clips, Naming, Words, nfc
from mserbench.results.prediction_tables import PredictionTable
from mserbench.results.predictions import LISTED, SCORE, Prediction, best_label, score_of
from mserbench.results.renaming import NO_LABEL, READ

_SHOWN = 20  # faults that an error shows
_AS_WRONG = f'the line "" = "{label_map.NONE}" under [labels] of a TOML file, given by --map FILE'


@dataclass(frozen=True)
class Foreign:
    """What a stranger's file says: rows sorted by id, and sentences on what was left out of it."""

    rows: list[Prediction]
    notes: tuple[str, ...]


def read_foreign(
    path: Path,
    truth: Mapping[str, str],
    labels: Sequence[str],
    naming: Naming | None = None,
    files: Mapping[str, str] | None = None,
) -> Foreign:
    """Read a stranger's file: `id`, and scores for all labels, a `prediction`, or an `answer`.

    `truth` maps each id of the task to its label, `files` to its audio file, whose name may stand
    for the id where it is unique. `naming` says what the file calls things. Names match however
    their accents are composed, labels also by a closed table of words. A decimal comma is read
    where no score has a decimal point. Raises DataError with every fault: unknown, missing or
    repeated ids, a label outside the set, scores that are no finite numbers, a truth column that
    differs; and for soft labels and dimensions, which are left for later.
    """
    naming = naming or Naming()
    table = prediction_tables.read(path, piped=True, identity=naming.identity)
    name = f"predictions file {str(path)!r}"
    clips, words = Clips((*truth, *naming.passed), files or {}), Words(labels, naming)
    renamed = renaming.renamed(table, name, naming, clips, words)
    table = renamed.table

    unknown = _unknown_labels(table, labels)
    unlike.require_labels(table, name, unknown)
    columns = _score_columns(table, labels, naming)
    _require_columns(name, table, columns)

    records = [(line, _stripped(row)) for line, row in table.rows]
    problems = [*_lines_to_write(name, unknown), *renamed.faults]
    problems += _id_problems(name, [record["id"] for _, record in records], truth)
    numbers = _numbers_of(table, columns)
    scored = [label for label in labels if f"{SCORE}{nfc(label)}" in columns]
    rows = []

    for line, record in records:
        if record["id"] in truth:
            try:
                scores = _scores(record, columns, numbers)
                if len(columns) < len(labels):
                    # The user said that these are all: other labels are never the answer.
                    record, scores = {**record, "prediction": best_label(scores, scored)}, ()
                rows.append(_prediction(record, truth[record["id"]], labels, scores))
            except ValueError as error:
                problems.append(f"{name}, line {line} (id {record['id']!r}): {why(error)}")

    if problems:
        # What is wrong with a whole column must not hide what else is.
        # The file is named once, above them.
        sentences = [
            sentence.removeprefix(name).lstrip(":, ") for sentence in alike.together(problems)
        ]
        more = [f"and {len(sentences) - _SHOWN} more"] if len(sentences) > _SHOWN else []
        raise DataError("\n  - ".join([f"{name} cannot be scored:", *sentences[:_SHOWN], *more]))

    notes = (*renamed.notes, *_left_out(table, labels, columns))
    return Foreign(sorted(rows, key=lambda row: row.id), notes)


def _stripped(row: Mapping[str, str]) -> dict[str, str]:
    return {column: text if column == "answer" else text.strip() for column, text in row.items()}


def _unknown_labels(table: PredictionTable, labels: Sequence[str]) -> set[str]:
    """Return the predictions of a table that are none of `labels`."""
    # What was read already has the names of the task.
    predictions = {row.get("prediction", "").strip() for _, row in table.rows}
    return predictions - {"", NO_LABEL, *labels}


def _lines_to_write(name: str, unknown: Collection[str]) -> list[str]:
    """Return the sentence that says how to make labels known; empty where all are."""
    if not unknown:
        return []

    lines = "; ".join(label_map.line(raw) for raw in sorted(unknown)[: 4 * LISTED])
    return [
        f"{name}: {len(unknown)} label(s) have no known meaning for this task: write into a TOML "
        f"file, under [labels], {lines}, each with a label of the task or "
        f'"{label_map.NONE}", and give it by --map FILE'
    ]


def _score_columns(table: PredictionTable, labels: Sequence[str], naming: Naming) -> list[str]:
    """Return the columns of scores that are expected: of all labels, or, where the user names
    columns of scores and nothing else answers, of those of them that there are.
    """
    columns = [f"{SCORE}{nfc(label)}" for label in labels]
    present = [column for column in columns if column in table.columns]
    is_partial = naming.scores is not None and not {"prediction", "answer"} & set(table.columns)
    return present if is_partial and len(present) > 1 else columns


def _require_columns(name: str, table: PredictionTable, columns: Sequence[str]) -> None:
    """Raise DataError unless a table has ids, and something that answers."""
    present = set(table.columns)
    if "id" in present and ({"prediction", "answer"} & present or set(columns) <= present):
        return

    listed = ", ".join(repr(column[:100]) for column in table.columns[: 2 * LISTED])
    more = f" and {len(present) - 2 * LISTED} more" if len(present) > 2 * LISTED else ""
    lacking = [column for column in columns if column not in present]
    partly = f"; of these {lacking} are missing" if 0 < len(lacking) < len(columns) else ""
    raise DataError(
        f"{name} has the columns [{listed}{more}], but needs 'id' and either 'prediction', "
        f"'answer', or all of {list(columns)}{partly}: name the columns by --id, --prediction and "
        f"--scores; fields are separated by a comma, a semicolon or a tab"
    )


class _Numbers:
    """How the numbers of a table are written: with a decimal point, or with a comma throughout."""

    def __init__(self, has_comma: bool, hint: str) -> None:
        self.has_comma, self.hint = has_comma, hint

    def read(self, column: str, text: str) -> float:
        """Return a score. Raises ValueError where it is no finite number."""
        try:
            return score_of(column, text.replace(",", ".", 1) if self.has_comma else text)
        except ValueError as error:
            hint = self.hint if "," in text else ""
            raise ValueError(
                f"{column} is {text[:100]!r}, but a finite number was expected{hint}"
            ) from error


def _numbers_of(table: PredictionTable, columns: Sequence[str]) -> _Numbers:
    """Tell how scores are written: with a comma unless one of them has a point.

    1,234 could be a thousand, where other scores have a decimal point.
    """
    cells = [row.get(column, "") for _, row in table.rows for column in columns]
    if any("." in cell for cell in cells):
        return _Numbers(False, ": others of the file have a decimal point, write all with one")
    return _Numbers(True, "")


def _scores(
    record: Mapping[str, str], columns: Sequence[str], numbers: _Numbers
) -> tuple[float, ...]:
    """Return the scores of a row: all or none, as with a missing one the highest is of the
    others.
    """
    if not set(columns) <= set(record):
        return ()
    return tuple(numbers.read(column, record[column]) for column in columns)


def _prediction(
    record: Mapping[str, str], label: str, labels: Sequence[str], scores: tuple[float, ...]
) -> Prediction:
    if record.get("label") and record["label"] != label:
        raise ValueError(
            f"its label is {record['label']!r}, but the task's is {label!r}: is this another task?"
        )

    answer = record.get("answer", "")
    if record.get("prediction") == NO_LABEL:
        prediction = best_label(scores, labels) if scores else ""
    elif record.get("prediction"):  # what is said comes before what is weighed
        prediction = record["prediction"]
        if prediction not in labels:
            raise ValueError(
                f"prediction {prediction[:100]!r} is none of {', '.join(labels)}: "
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
            f"'prediction' is empty: give a label, or count it as wrong by {_AS_WRONG}"
        )

    return Prediction(record["id"], label, prediction, scores, answer)


def _id_problems(name: str, ids: Sequence[str], truth: Mapping[str, str]) -> list[str]:
    counts = Counter(ids)
    once = "each id of the task must occur exactly once"
    groups = {
        "are not of this task": (
            sorted(set(counts) - set(truth)),
            f"{once}; name the column of ids or files by --id, and leave out rows of other clips",
        ),
        "of the task are missing": (
            sorted(set(truth) - set(counts)),
            f"{once}; give a clip without an answer a row with an empty prediction, and count it "
            f"as wrong by {_AS_WRONG}",
        ),
        "occur more than once, with answers that differ": (
            sorted(identity for identity, n in counts.items() if n > 1),
            once,
        ),
    }

    return [
        f"{name}: {len(ids_of)} id(s) {fault}, such as "
        f"{', '.join(repr(identity[:100]) for identity in ids_of[:LISTED])}: {remedy}"
        for fault, (ids_of, remedy) in groups.items()
        if ids_of
    ]


def _left_out(
    table: PredictionTable, labels: Sequence[str], columns: Sequence[str]
) -> Iterator[str]:
    """Say which columns decide nothing, and how often a score among them is the highest."""
    # A misspelt label would otherwise be a score that nobody misses.
    score_columns = [column for column in table.columns if column.startswith(SCORE)]
    lacking = [
        column for label in labels if (column := f"{SCORE}{nfc(label)}") not in table.columns
    ]
    if len(columns) < len(labels):
        yield f"{_listed(lacking)} is missing: the best of the other scores is the answer"
        lacking = []
    elif score_columns and lacking:
        yield (
            f"scores are not read, as {_listed(lacking)} is missing: predictions and answers alone "
            "decide"
        )

    strange = [column for column in score_columns if column not in columns]
    if strange and not lacking:
        highest = _times_highest(table, columns, strange)
        yield (
            f"{_listed(strange)} is of no label of the task and left out; it is the highest score "
            f"of {highest} of {len(table.rows)} rows, whose answer is then the best of the others"
        )
    elif strange:
        yield f"{_listed(strange)} is of no label of the task and left out"

    unread = [column for column in table.columns if column not in (*READ, *score_columns)]
    if unread:
        yield f"{_listed(unread)} is no column that is read, and left out"


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - LISTED} more" if len(columns) > LISTED else ""
    return f"column {', '.join(repr(column[:100]) for column in columns[:LISTED])}{more}"


def _times_highest(table: PredictionTable, columns: Sequence[str], strange: Sequence[str]) -> int:
    """Count the rows in which a score of no label of the task is above all that are."""
    numbers = _numbers_of(table, [*columns, *strange])

    def best(row: Mapping[str, str], names: Sequence[str]) -> float:
        scores = []
        for name in names:
            try:
                scores.append(numbers.read(name, row[name]))
            except ValueError:  # of a column that is left out it need not be a number
                continue

        return max(scores, default=float("-inf"))

    return sum(best(row, strange) > best(row, columns) for _, row in table.rows)
