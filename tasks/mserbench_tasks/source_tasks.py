"""The table of tasks on the corpora that the two papers train on, and on their four-emotion parts."""

from __future__ import annotations

from mserbench.contracts import Task
from mserbench.labels import DROP

FOUR = ("neutral", "happy", "sad", "angry")


def restricted(label_map: dict[str, str], labels: tuple[str, ...]) -> dict[str, str]:
    """Return a closed map in which every label outside `labels` is dropped."""
    return {raw: label if label in labels else DROP for raw, label in label_map.items()}


SOURCES: tuple[Task, ...] = ()
