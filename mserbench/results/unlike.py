"""Tables that answer another question than which label: dimensions and soft labels, refused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mserbench.errors import DataError
from mserbench.results.prediction_tables import PredictionTable
from mserbench.results.predictions import SCORE

_DIMENSIONS = frozenset(
    [
        "arousal",
        "valence",
        "dominance",
        "activation",
        "pleasure",
        "evaluation",
        "act",
        "val",
        "dom",
        "valenz",
        "erregung",
        "dominanz",
    ]
)
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?")
_WHOLE = re.compile(r"\d{1,3}")
# happy:0.7;sad:0.3, {"happy": 0.7} and their kin: a label, and how much of it.
_SHARE = re.compile(r"[^\W\d][\w '\"-]*[:=]\s*" + _NUMBER.pattern)
_ADVICE = (
    "make one label of each row first and name its column by --prediction, or, for shares of "
    "labels, give one column a label and name what their names begin with by --scores"
)


def require_labels(table: PredictionTable, name: str, strange: Iterable[str]) -> None:
    """Raise DataError for a table of dimensions or soft labels; `strange` are the predictions whose
    meaning nobody knows.
    """
    columns = {column.casefold(): column for column in table.columns}
    answers = {"prediction", "answer"} & set(columns)
    scales = [columns[column] for column in columns if column.removeprefix(SCORE) in _DIMENSIONS]
    has_scores = any(
        column.startswith(SCORE) and columns[column] not in scales for column in columns
    )
    if scales and not answers and not has_scores:
        raise DataError(
            f"{name} holds dimensions ({', '.join(scales)}), and no label: scoring numbers is left "
            f"for later, as every task here asks for one of several labels; {_ADVICE}"
        )

    words = [word for word in strange if word]
    soft = [word for word in words if _SHARE.search(word) or word[0] in "{["]
    if soft:
        raise DataError(
            f"{name} holds soft labels, such as {soft[0][:100]!r}: scoring them is left for later, "
            f"as every task here asks for one label; {_ADVICE}"
        )

    numbers = [word for word in words if _NUMBER.fullmatch(word)]
    if numbers and len(numbers) == len(words) and not all(map(_WHOLE.fullmatch, numbers)):
        raise DataError(
            f"{name} has numbers as predictions, such as {numbers[0][:100]!r}: scoring dimensions "
            f"is left for later, as every task here asks for one of several labels; {_ADVICE}"
        )
