"""A stranger's table turned into one with our columns, ids and labels, with notes on each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mserbench.data.label_map import NONE
from mserbench.errors import DataError
from mserbench.results.naming import Clips, Naming, Words, nfc, unique
from mserbench.results.prediction_tables import PredictionTable
from mserbench.results.predictions import LISTED, SCORE, score_of

# The columns of `mserbench predict --csv` beside prediction and scores, and of its rows those of
# windows, which are no clips.
_PREDICTED = ("file", "start", "end", "part")
_WINDOW = "window"
READ = ("id", "label", "prediction", "answer")  # columns that are read, beside scores
NO_LABEL = "\0none"  # a prediction that means no label of the task; no text of a file is this
_DROPPED = ("start", "end", "part", "adapted")


@dataclass(frozen=True)
class Renamed:
    """A table with our names; `notes` say what was read as what, `faults` what cannot be."""

    table: PredictionTable
    notes: tuple[str, ...]
    faults: tuple[str, ...]


def renamed(
    table: PredictionTable, name: str, naming: Naming, clips: Clips, words: Words
) -> Renamed:
    """Return a table with the columns, ids and labels of a task, as far as they are known.

    Raises DataError for a column that is named and not there, or there twice.
    """
    steps = _Steps(table, name, naming)
    steps.name_columns()
    steps.join_scores(words)
    steps.name_clips(clips)
    steps.name_labels(words)
    steps.drop_repeats()
    columns = tuple(dict.fromkeys(steps.columns))

    rows = tuple(
        (number, {column: row.get(column, "") for column in columns}) for number, row in steps.rows
    )
    return Renamed(
        PredictionTable(columns, rows, table.separator, table.above),
        tuple(steps.notes),
        tuple(steps.faults),
    )


class _Steps:
    """A table on its way to our names: each step changes `columns` and `rows`."""

    def __init__(self, table: PredictionTable, name: str, naming: Naming) -> None:
        self.columns = [nfc(column) for column in table.columns]
        if len(set(self.columns)) < len(self.columns):
            raise DataError(f"{name} repeats a column: each must have a name of its own")

        self.rows = [
            (line_number, dict(zip(self.columns, row.values(), strict=True)))
            for line_number, row in table.rows
        ]
        self.notes: list[str] = []
        if table.above:
            self.notes.append(f"{table.above} lines above the header are left out")
        self.faults: list[str] = []
        self._name, self._naming = name, naming

    def name_columns(self) -> None:
        """Call the columns of ids and predictions as ours are; leave out those of windows."""
        is_predicted = set(_PREDICTED) <= set(self.columns) and "id" not in self.columns
        identity = self._naming.identity or ("file" if is_predicted else "id")
        if is_predicted and identity == "file":
            windows = sum(row["part"] == _WINDOW for _, row in self.rows)
            self.rows = [pair for pair in self.rows if pair[1]["part"] != _WINDOW]
            self.columns = [column for column in self.columns if column not in _DROPPED]
            if windows:
                self.notes.append(f"{windows} rows of windows are left out: those of files count")

        self._call(identity, "id", bool(self._naming.identity), "--id")
        prediction = self._naming.prediction
        self._call(prediction or "prediction", "prediction", bool(prediction), "--prediction")

    def _call(self, column: str, ours: str, is_asked: bool, option: str) -> None:
        """Give a column our name. Raises DataError where it is asked for and not there."""
        by_name = {own: own for own in self.columns}
        folded = unique((own.casefold(), own) for own in self.columns)
        actual = by_name.get(nfc(column)) or folded.get(nfc(column).casefold())
        if actual is None:
            if is_asked:
                raise DataError(
                    f"{self._name} has no column {column!r}, which {option} names: it has "
                    f"{listed(self.columns)}"
                )
            return

        if actual == ours:
            return
        # A table may have an id of its own beside the one that is ours.
        if ours in self.columns:
            self._drop(ours)
            self.notes.append(f"column {actual!r} is read as {ours!r}, and {ours!r} is left out")

        self.columns[self.columns.index(actual)] = ours
        for _, row in self.rows:
            row[ours] = row.pop(actual)

    def _drop(self, column: str) -> None:
        self.columns.remove(column)
        for _, row in self.rows:
            row.pop(column, None)

    def join_scores(self, words: Words) -> None:
        """Call the columns of scores by our labels; those of one label are added."""
        prefix = SCORE if self._naming.scores is None else nfc(self._naming.scores)
        by_label: dict[str, list[str]] = {}
        for column in self.columns:
            if column.startswith(prefix) and column not in READ:
                label = words.label_of(column[len(prefix) :])
                # Without a beginning any column might be meant: only labels are.
                if label in (None, NONE):
                    label = column[len(prefix) :] if prefix else None
                if label is not None:
                    by_label.setdefault(nfc(label), []).append(column)

        for label, columns in by_label.items():
            if len(columns) > 1:
                self._add(label, columns)
            elif columns[0] != SCORE + label:
                self._call(columns[0], SCORE + label, True, "--scores")

    def _add(self, label: str, columns: Sequence[str]) -> None:
        """Add the scores of several columns that mean one label, which must be shares."""
        total = SCORE + label
        # As the other scores are written, which may have decimal commas.
        has_comma = any("," in row[column] for _, row in self.rows for column in columns)
        sums: list[str] = []
        for number, row in self.rows:
            # Only shares can be added: of logits a sum means nothing.
            values = [_number(row[column]) for column in columns]
            if any(value is None or value < 0 for value in values):
                self.faults.append(
                    f"{self._name}, line {number}: columns {listed(columns)} all mean {label!r} "
                    f"and are added, but one is no number from 0 on: leave one column of them"
                )
            sums.append(repr(sum(value or 0.0 for value in values)))

        for column in columns:
            self._drop(column)

        self.columns.append(total)
        for (_, row), text in zip(self.rows, sums, strict=True):
            row[total] = text.replace(".", ",") if has_comma else text

        self.notes.append(f"columns {listed(columns)} mean {label!r} and are added")

    def name_clips(self, clips: Clips) -> None:
        """Give each row the id of its clip, where its cell is a file's name."""
        if "id" not in self.columns:
            return

        # What names no clip stays as it is, for the sentence that refuses it.
        by_file = 0
        for _, row in self.rows:
            identity = clips.id_of(row["id"])
            by_file += identity is not None and nfc(row["id"].strip()) != nfc(identity)
            row["id"] = row["id"].strip() if identity is None else identity

        if by_file:
            self.notes.append(f"{by_file} of {len(self.rows)} rows name a clip by its file")

        passed = sum(row["id"] in self._naming.passed for _, row in self.rows)
        if passed:
            self.rows = [pair for pair in self.rows if pair[1]["id"] not in self._naming.passed]
            self.notes.append(f"{passed} rows of clips that are not asked for are left out")

    def name_labels(self, words: Words) -> None:
        """Give predictions and true labels our names; what nobody knows stays, to be refused."""
        if "label" in self.columns:
            self._read_as("label", words.label_of)
        if "prediction" not in self.columns:
            return

        readings = self._read_as("prediction", words.label_of)
        # Capitals change no word, and so are not worth a note.
        changed = [
            f"{raw!r} as {label!r}"
            for raw, label in readings
            if label != NONE and nfc(raw).casefold() != nfc(label).casefold()
        ]
        if changed:
            self.notes.append(f"predictions were read by what they mean: {listed(changed, str)}")

        nameless = {raw for raw, label in readings if label == NONE}
        if nameless:
            self._count_as_wrong(nameless)

    def drop_repeats(self) -> None:
        """Leave out rows that give a clip the same answer again, as joined tables do."""
        if "id" not in self.columns:
            return

        # Columns that nobody reads, as the number of a row, make no other answer.
        deciding = [c for c in self.columns if c in READ or c.startswith(SCORE)]
        first: dict[tuple[str, ...], tuple[int, dict[str, str]]] = {}
        for pair in self.rows:
            first.setdefault(tuple(pair[1].get(column, "") for column in deciding), pair)

        repeats = len(self.rows) - len(first)
        if repeats:
            self.rows = list(first.values())
            self.notes.append(f"{repeats} rows give a clip the same answer again and are left out")

    def _read_as(self, column: str, label_of: Callable[[str], str | None]) -> list[tuple[str, str]]:
        """Name the labels of a column, and return what was read as what, by first occurrence."""
        # Each word is looked up once: a table may have a million rows of seven.
        readings: dict[str, str | None] = {}
        for _, row in self.rows:
            raw = row[column].strip()
            if raw not in readings:
                readings[raw] = label_of(raw)
            label = readings[raw]
            if label is not None and label != NONE:
                row[column] = label

        return [(raw, label) for raw, label in readings.items() if label is not None]

    def _count_as_wrong(self, nameless: set[str]) -> None:
        """Mark predictions that mean no label of the task; what was said stays as the answer."""
        if "answer" not in self.columns:
            self.columns.append("answer")

        counts: Counter[str] = Counter()
        for _, row in self.rows:
            raw = row["prediction"].strip()
            if raw in nameless:
                counts[raw] += 1
                row["answer"] = row.get("answer") or raw
                row["prediction"] = NO_LABEL

        has_scores = any(column.startswith(SCORE) for column in self.columns)
        examples = [f"{raw!r} ({count})" for raw, count in counts.most_common()]
        self.notes.append(
            f"{sum(counts.values())} predictions mean no label of the task, "
            f"{listed(examples, str)}: "
            + ("the best of their scores answers" if has_scores else "they count as wrong")
        )


def _number(text: str) -> float | None:
    try:
        return score_of("", text.replace(",", ".", 1))
    except ValueError:
        return None


def listed(names: Sequence[str], show: Callable[[str], str] = repr) -> str:
    """Return the first names in one line, cut, with how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(show(name[:100]) for name in names[:LISTED]) + more
