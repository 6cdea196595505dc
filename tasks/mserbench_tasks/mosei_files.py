"""The files of CMU-MOSEI: graded labels with their times (HDF5), and their transcripts."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mserbench.contracts import Fault
from mserbench.errors import DataError, why
from mserbench.plugins import misfits
from mserbench.tables import text

# What h5py raises for a damaged file, which depends on the place of the damage; groups in place of
# tables included.
_UNREADABLE = (
    OSError, KeyError, IndexError, ValueError, TypeError, AttributeError, RuntimeError,
    OverflowError, MemoryError,
)  # fmt: skip


@dataclass(frozen=True)
class VideoRows:
    """The rows of a video: `features` by row and dimension, `intervals` as (start, end) in s."""

    features: list[list[float]]
    intervals: list[list[float]]


def labels(name: str, data: bytes) -> tuple[tuple[str, ...], dict[str, VideoRows | Fault]]:
    """Return the names of the dimensions as the file gives them, and each video's rows or fault.

    Older files order the dimensions otherwise. Raises DataError where this is no computational
    sequence of CMU-MultimodalSDK, and MissingExtra where h5py is not installed.
    """
    with misfits.optional(f"label file {name!r}", "h5py", "mosei"):
        import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            root = file[min(file)]
            names = _names(root["metadata"]["dimension names"])
            return names, {
                video: _entry(name, video, root["data"][video], len(names))
                for video in root["data"]
            }
    except _UNREADABLE as error:
        reason = why(error)
        raise DataError(
            f"label file {name!r} is not a computational sequence with 'data' and 'dimension "
            f"names' ({reason}): get it from the publisher again"
        ) from error


def spoken(name: str, data: bytes) -> Iterator[tuple[tuple[float, float], str] | Fault]:
    """Yield ((start, end), text) of each line of a transcript; times in seconds, to 0.01.

    A line is `video___clip___start___end___text`.

    Raises DataError where the file is not text.
    """
    for number, line in enumerate(text(name, data).split("\n"), start=1):
        if not line.strip():
            continue

        try:
            _, _, start, end, words = line.split("___", 4)
            yield (round(float(start), 2), round(float(end), 2)), words.strip()
        except ValueError:
            yield Fault(
                f"transcript {name!r}, line {number}: video___clip___start___end___text was "
                f"expected, but it is {line[:100]!r}",
                minor=True,
            )


def _names(dataset: Any) -> tuple[str, ...]:
    """Read the names: JSON in one string, or in the toolkit's first files a string each."""
    texts = [
        item.decode() if isinstance(item, bytes) else str(item) for item in dataset[()].ravel()
    ]
    names = json.loads(texts[0]) if len(texts) == 1 else texts
    if not isinstance(names, list):
        raise ValueError(f"'dimension names' is {names!r}")

    return tuple(str(dimension).strip().lower() for dimension in names)


def _entry(name: str, video: str, group: Any, width: int) -> VideoRows | Fault:
    """Read the rows of a video, or say what is wrong with them."""
    import numpy as np

    place = f"label file {name!r}, video {video!r}"
    try:
        features, intervals = (
            np.asarray(group[key][()], dtype=np.float64) for key in ("features", "intervals")
        )
    except _UNREADABLE as error:
        return Fault(f"{place}: its features or intervals cannot be read ({why(error)})")

    if features.shape != (len(intervals), width) or intervals.shape != (len(features), 2):
        return Fault(
            f"{place}: {width} features and two times a row were expected, but the shapes are "
            f"{features.shape} and {intervals.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(intervals).all()):
        return Fault(f"{place}: a feature or a time is not a finite number")

    return VideoRows(features.tolist(), intervals.tolist())
