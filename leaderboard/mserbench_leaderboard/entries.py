"""An accepted run as the board sees it: every field that is shown or compared, checked for type and range."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mserbench import metrics
from mserbench.exposure import VERDICTS
from mserbench.runs import Run

T = TypeVar("T")
Clusters = tuple[int, ...] | None

_SHOWN = 60  # characters of a strange value that an error quotes
_VALUE = 40  # characters of an option's value that a table shows
_HEAD = ["id", "label", "prediction"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a task asks, as its plugin or a run record states it."""

    name: str
    title: str
    version: int
    hash: str
    corpus: str
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Items:
    """The scored clips: sorted ids, true labels, and the speaker number of each, or None where unknown."""

    ids: tuple[str, ...]
    truth: tuple[str, ...]
    clusters: Clusters


@dataclass(frozen=True, slots=True)
class Score:
    """A metric as a fraction of 1, with its 95 % interval where there is one."""

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """One run. `cells`: int64, (n,), as `mserbench.metrics.cells`; `variant`: version and options as text."""

    run: Run
    place: str  # TASK/FOLDER below the results
    question: Question
    model: str
    weights: str | None
    weights_hash: str
    variant: Mapping[str, str]
    scores: Mapping[str, Score]
    canonical: Score | None
    verdict: str
    heard: str
    partial: bool
    created: str
    digest: str
    items: Items
    cells: NDArray[np.int64] = field(repr=False)

    @property
    def n(self) -> int:
        """How many clips were scored."""
        return len(self.cells)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """int64, (K, K + 1), as `mserbench.metrics.confusion`."""
        size = len(self.question.labels)
        return np.bincount(self.cells, minlength=size * (size + 1)).reshape(size, size + 1)

    @property
    def right(self) -> NDArray[np.bool_]:
        """bool, (n,): whether each answer is the true label."""
        size = len(self.question.labels) + 1
        return np.asarray(self.cells % size == self.cells // size)


def entry_of(run: Run, place: str, predictions: bytes) -> Entry:
    """Turn a run and the bytes of its predictions into an entry.

    Raises ValueError where the record holds a value of the wrong type or range, or contradicts the file.
    """
    record = run.record
    question = _question(record)
    ids, truth, answers = columns(predictions, question.labels)
    clusters = _clusters(record, len(ids))
    weights = _get(record, "model.weights", dict, None)
    if _get(record, "counts.scored", int) != len(ids):
        raise ValueError(f"counts.scored is {record['counts']['scored']}, but the predictions hold {len(ids)} rows")
    canonical = _get(record, "canonical", dict, None)
    return Entry(
        run=run,
        place=place,
        question=question,
        model=_get(record, "model.name", str),
        weights=None if weights is None else _get(weights, "name", str),
        weights_hash="" if weights is None else _get(weights, "hash", str)[:8],
        variant=_variant(record),
        scores={name: _score(record, name) for name in metrics.METRICS},
        canonical=None if canonical is None else _score(canonical, "UA"),
        verdict=_one_of(record, "verdict.verdict", VERDICTS),
        heard=_one_of(record, "verdict.heard", ("yes", "no", "unknown")),
        partial=_get(record, "counts.partial", bool),
        created=_get(record, "created", str, ""),
        digest=_get(record, "predictions.sha256", str),
        items=Items(ids, truth, clusters),
        cells=metrics.cells(truth, answers, question.labels),
    )


def columns(data: bytes, labels: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return ids, true labels and predictions of a predictions file, without reading its scores.

    A file without quotes, as most are, is split at its commas, several times as fast as by a csv parser.
    Raises ValueError where the file is not one that `mserbench.predictions.write` could have written.
    """
    text = data.decode("utf-8")
    if '"' in text or "\r" in text:
        head, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    else:
        head, *lines = [line.split(",") for line in text.removesuffix("\n").split("\n")]
    if head[:3] != _HEAD or len(head) < 4 or not lines or any(len(line) != len(head) for line in lines):
        raise ValueError("the predictions are no table of id, label, prediction, ..., answer with at least one row")
    ids, truth, answers = (tuple(column) for column in list(zip(*lines, strict=True))[:3])
    if list(ids) != sorted(set(ids)):
        raise ValueError("the predictions are not sorted by unique ids")
    if strange := {*truth, *answers} - {*labels, ""}:
        raise ValueError(f"the predictions hold the label {_quoted(min(strange))}, which the task has not")
    return ids, truth, answers


def _question(record: Mapping[str, Any]) -> Question:
    name = _get(record, "task.name", str)
    labels = _texts(record, "task.labels")
    if len(set(labels)) != len(labels) or not labels or "" in labels:
        raise ValueError(f"task.labels is {_quoted(labels)}, but different labels were expected")
    return Question(
        name=name,
        title=_get(record, "task.title", str, name),
        version=_get(record, "task.version", int),
        hash=_get(record, "task.hash", str),
        corpus=_get(record, "corpus.title", str, _get(record, "corpus.name", str)),
        languages=_texts(record, "task.languages"),
        labels=labels,
        synthetic=_get(record, "corpus.synthetic", bool),
    )


def _variant(record: Mapping[str, Any]) -> dict[str, str]:
    options = {**_get(record, "model.options", dict), "version": _get(record, "model.version", str)}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in options.items()}
    return {key: text[:_VALUE] for key, text in texts.items()}


def _score(record: Mapping[str, Any], name: str) -> Score:
    value = _fraction(_get(record, f"metrics.{name}", object), f"metrics.{name}")
    ends = _get(record, f"intervals.{name}", list, None)
    if ends is None:
        return Score(value, None)
    if len(ends) != 2:
        raise ValueError(f"intervals.{name} is {_quoted(ends)}, but two ends were expected")
    lower, upper = (_fraction(end, f"intervals.{name}") for end in ends)
    if lower > upper:
        raise ValueError(f"intervals.{name} is {_quoted(ends)}, but its lower end comes first")
    return Score(value, (lower, upper))


def _clusters(record: Mapping[str, Any], n: int) -> Clusters:
    numbers = _get(record, "clusters", list, None)
    if numbers is None:
        return None
    if len(numbers) != n or any(type(number) is not int for number in numbers):
        raise ValueError(f"clusters must be null, or one whole number for each of the {n} predictions")
    return tuple(numbers)


def _get(record: Mapping[str, Any], path: str, kind: type[T], *default: Any) -> Any:
    """Return the value at a dotted path. Raises ValueError where it is missing or not of that kind."""
    value: Any = record
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if value is None and default:
        return default[0]
    # True is an int to Python, but not to a reader of the record.
    if value is None or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{path} is {_quoted(value)}, but a value of type {kind.__name__} was expected")
    return value


def _texts(record: Mapping[str, Any], path: str) -> tuple[str, ...]:
    values = _get(record, path, list)
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{path} is {_quoted(values)}, but a list of texts was expected")
    return tuple(values)


def _one_of(record: Mapping[str, Any], path: str, allowed: tuple[str, ...]) -> str:
    value = _get(record, path, str)
    if value not in allowed:
        raise ValueError(f"{path} is {_quoted(value)}, but one of {', '.join(allowed)} was expected")
    return str(value)


def _fraction(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1 or math.isnan(value):
        raise ValueError(f"{path} is {_quoted(value)}, but a fraction of 1 was expected")
    return float(value)


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
