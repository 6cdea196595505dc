"""`TASK:labels(happy+sad)`: a task asked with some of its labels, on the clips that bear them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from mserbench.contracts import FEWER, Task
from mserbench.errors import UsageError
from mserbench.labels import DROP

_NAME = re.compile(rf"(?P<task>.+){re.escape(FEWER)}(?P<labels>[^()]*)\)")
_LEAST = 2  # labels: with one alone nothing is asked


def name_of(task: str, labels: Sequence[str]) -> str:
    """Return what a task with some of its labels is called.

    >>> name_of("emodb", ["happy", "sad"])
    'emodb:labels(happy+sad)'
    """
    return f"{task}{FEWER}{'+'.join(labels)})"


def split(name: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the task and the labels of such a name; None for any other name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return match["task"], tuple(label.strip() for label in match["labels"].split("+"))


def asked(task: Task, labels: Sequence[str]) -> Task:
    """Return a task that asks for `labels` alone, in its own order; clips of others are left out.

    Its name, and so its hash and the keys of its runs, are its own; all labels are the task itself.
    Raises UsageError for a label that the task does not have, one that is given twice, and fewer
    than two.
    """
    strange = [label for label in labels if label not in task.labels]
    if strange or len(set(labels)) < max(_LEAST, len(labels)):
        fault = f"{strange[0]!r} is no label" if strange else f"{', '.join(labels)!r} are no labels"
        raise UsageError(
            f"{fault} to ask task {task.name!r} for: give two or more different ones of "
            f"{', '.join(task.labels)}"
        )

    chosen = tuple(label for label in task.labels if label in labels)
    if chosen == task.labels:
        return task

    return dataclasses.replace(
        task,
        name=name_of(task.name, chosen),
        title=f"{task.title}, labels {', '.join(chosen)} only",
        labels=chosen,
        label_map={
            raw: label if label in chosen else DROP for raw, label in task.label_map.items()
        },
        counts={label: task.counts[label] for label in chosen} if task.counts else {},
        frozen="",  # that list is of all labels
    )
