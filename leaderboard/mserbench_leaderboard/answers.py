"""The first three columns of a predictions file as numbers, many times faster than all of it can be
read.

Most files hold no quotes. There commas and line ends are all the structure, so numpy finds the
columns, and the clips, which the runs of a task share, are turned into text once.
"""

from __future__ import annotations

import csv
import functools
import io
import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_HEAD = ["id", "label", "prediction"]
_NO_TABLE = (
    "the predictions are no table of id, label, prediction, ..., answer with at least one row"
)
_SHOWN = 40  # characters of a strange label that an error quotes
_KNOWN = 256  # lists of clips kept, far more than there are tasks

Column = tuple[str, ...]
Numbers = NDArray[np.int64]


def read(data: bytes, labels: Column) -> tuple[Column, Column, Numbers]:
    """Return ids, true labels, and the cell of each answer: int64, (n,), as
    `mserbench.statistics.metrics.cells`.

    Raises ValueError where the file is not one that `mserbench.results.predictions.write` could
    have written.
    """
    if b"\0" in data:
        raise ValueError(_NO_TABLE)

    # Most files hold neither, and need no csv reader: a board of many runs is read faster so.
    if b'"' in data or b"\r" in data:
        ids, truth, rows, answers = _read_quoted(data, labels)
    else:
        ids, truth, rows, answers = _read_plain(data, labels)

    return ids, truth, rows * (len(labels) + 1) + answers


def _read_quoted(data: bytes, labels: Column) -> tuple[Column, Column, Numbers, Numbers]:
    head, *lines = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    if head[:3] != _HEAD or len(head) < 4 or not lines or {len(head)} != set(map(len, lines)):
        raise ValueError(_NO_TABLE)

    ids, truth, predictions = (tuple(column) for column in list(zip(*lines, strict=True))[:3])
    _check_order(ids)
    return ids, truth, _numbers(truth, labels), _numbers(predictions, (*labels, ""))


def _read_plain(data: bytes, labels: Column) -> tuple[Column, Column, Numbers, Numbers]:
    signs = np.frombuffer(data, np.uint8)
    ends, commas = np.flatnonzero(signs == ord("\n")), np.flatnonzero(signs == ord(","))
    starts = np.concatenate(([0], ends[:-1] + 1))
    width = len(commas) // max(len(ends), 1)

    if len(ends) < 2 or ends[-1] != len(data) - 1 or width < 3 or len(commas) != width * len(ends):
        raise ValueError(_NO_TABLE)

    # One row a line, if each line has its own commas.
    grid = commas.reshape(len(ends), width)
    if (grid[:, 0] < starts).any() or (grid[:, -1] > ends).any():
        raise ValueError(_NO_TABLE)

    edges = np.zeros(len(data), np.int8)
    edges[starts], edges[grid[:, 1] + 1] = 1, -1
    head_and_clips = signs[np.cumsum(edges, dtype=np.int8).astype(bool)].tobytes()
    if not data.startswith(b"id,label,prediction,"):
        raise ValueError(_NO_TABLE)

    ids, truth, rows = _clips(head_and_clips, labels)
    return ids, truth, rows, _answers(signs, grid[1:, 1] + 1, grid[1:, 2], labels)


@functools.lru_cache(maxsize=_KNOWN)
def _clips(text: bytes, labels: Column) -> tuple[Column, Column, Numbers]:
    """Read `id,label,` of the header and of each clip, without line ends."""
    fields = text.decode("utf-8").split(",")
    ids, truth = tuple(fields[2:-1:2]), tuple(fields[3::2])
    _check_order(ids)

    return ids, truth, _numbers(truth, labels)


def _answers(signs: NDArray[np.uint8], starts: Numbers, ends: Numbers, labels: Column) -> Numbers:
    """Return the number of the label that stands between each start and end, K for an empty
    text.
    """
    names = [label.encode() for label in (*labels, "")]

    # A longer text is no label, whatever follows.
    width = max(map(len, names)) + 1
    at = starts[:, np.newaxis] + np.arange(width)
    letters = np.where(at < ends[:, np.newaxis], signs[np.minimum(at, len(signs) - 1)], 0).astype(
        np.uint8
    )
    texts = letters.view(f"S{width}").ravel()
    numbers = np.full(len(texts), -1, np.int64)

    for number, name in enumerate(names):
        numbers[texts == name] = number

    if (numbers < 0).any():
        raise ValueError(_strange(texts[numbers < 0][0].decode("utf-8", "replace")))

    return numbers


def _numbers(texts: Sequence[str], labels: Column) -> Numbers:
    number = {label: at for at, label in enumerate(labels)}
    strange = next((text for text in texts if text not in number), None)
    if strange is not None:
        raise ValueError(_strange(strange))
    return np.array([number[text] for text in texts], dtype=np.int64)


def _strange(label: str) -> str:
    return f"the predictions hold the label {label[:_SHOWN]!r}, which the task has not"


def _check_order(ids: Column) -> None:
    if not all(map(operator.lt, ids, ids[1:])):
        raise ValueError("the predictions are not sorted by unique ids")
