"""`model.json`, the weights of a linear model as plain JSON: written whole, read with suspicion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, why

NAME = "model.json"
SCHEMA = 1


def write_model(folder: Path, model: str, content: Mapping[str, Any]) -> None:
    """Write the weights of `model`. Raises ValueError for numbers that JSON lacks (NaN,
    infinity).
    """
    record = {"schema": SCHEMA, "model": model, **content}
    # A key a line, so that a diff of two weights shows which part changed.
    lines = (f"{json.dumps(key)}: {json.dumps(record[key], allow_nan=False)}" for key in record)
    write_atomic(folder / NAME, "{\n" + ",\n".join(lines) + "\n}\n")


def read_model(folder: Path, model: str) -> dict[str, Any]:
    """Return the content of the weights of `model`.

    Raises DataError where there is no such file, it is not JSON, holds NaN or infinity, has another
    schema or belongs to another model.
    """
    path = folder / NAME
    advice = f"give a folder written by 'mserbench train --model {model}'"
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise DataError(f"weights folder {str(folder)!r} holds no {NAME}: {advice}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"weights {str(path)!r} cannot be read ({why(error)}): {advice}") from error

    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise DataError(
            f"weights {str(path)!r} are not of schema {SCHEMA}, the one that can be read: {advice}"
        )
    if record.get("model") != model:
        raise DataError(
            f"weights {str(path)!r} are of model {record.get('model')!r}, not of {model!r}: "
            f"{advice}"
        )

    return record


def read_labels(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the trained labels of a record. Raises DataError where they are not two or more
    distinct names.
    """
    labels = record.get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise DataError(
            f"'labels' is {labels!r}, but a list of names was expected: train the model again"
        )
    if len(set(labels)) != len(labels) or len(labels) < 2:
        raise DataError(
            f"'labels' is {labels}, but two or more distinct ones were expected: train the "
            f"model again"
        )

    return tuple(labels)


def read_array(record: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return an array of a record: float64, of that shape, finite. Raises DataError where it is not
    that.
    """
    try:
        array = np.asarray(record.get(name))
    except ValueError:
        # Ragged lists: told below as a wrong shape, as all else that does not fit.
        array = np.empty(0)

    if array.shape != shape or array.dtype.kind not in "if" or not np.isfinite(array).all():
        raise DataError(
            f"{name!r} has shape {array.shape} and type {array.dtype}, but finite numbers "
            f"of shape {shape} were "
            f"expected: train the model again"
        )

    return array.astype(np.float64)


def short_lists(array: NDArray[np.float64]) -> Any:
    """Return lists of numbers with the digits of float32: half the text, and the same answers."""
    flat = [float(str(value)) for value in array.astype(np.float32).ravel()]
    return np.array(flat).reshape(array.shape).tolist()


def _refuse(constant: str) -> float:
    raise ValueError(f"it holds {constant}, which is no number")
