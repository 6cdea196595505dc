"""What callers of the Python functions give: names, paths and objects alike; else one sentence."""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mserbench.contracts import ADAPT_WAYS, Task
from mserbench.data import lookup
from mserbench.errors import UsageError
from mserbench.model import Model
from mserbench.running.adapting import Wish


def task(name_or_task: object, data: Path | None = None) -> Task:
    """Return the task of a name, of the path of a TOML file, or the object itself;
    `data` as in `lookup.task`.

    Raises UsageError for anything else, and as `lookup.task`.
    """
    if isinstance(name_or_task, Task):
        return name_or_task
    if isinstance(name_or_task, str | os.PathLike):
        return lookup.task(os.fsdecode(name_or_task), data)

    remedy = ": call it once for each" if isinstance(name_or_task, Iterable) else ""
    raise UsageError(
        f"task is {_shown(name_or_task)}, but a name, the path of a TOML file or a Task was "
        f"expected{remedy}"
    )


def tasks(argument: str, one_or_several: object) -> dict[str, Task]:
    """Return tasks by the names that a manifest has them by: of one task, or of several.

    A text is one name, never a list of its letters. Raises UsageError where one is given twice.
    """
    entries: Iterable[object]
    if isinstance(one_or_several, str | os.PathLike | Task):
        entries = [one_or_several]
    elif isinstance(one_or_several, Iterable):
        entries = one_or_several
    else:
        raise UsageError(
            f"{argument} is {_shown(one_or_several)}, but a task or a list of tasks was expected"
        )

    named: dict[str, Task] = {}
    for entry in entries:
        resolved = task(entry)
        # An object of a file of one's own is told by that file, as its name alone finds nothing.
        name = os.fsdecode(entry) if isinstance(entry, str | os.PathLike) else _typed(resolved)
        if name in named:
            raise UsageError(f"{argument} has the task {name!r} twice: give each task once")

        named[name] = resolved

    return named


def _typed(task_object: Task) -> str:
    whole = lookup.typed(task_object.corpus)
    return whole if whole.endswith(lookup.OWN) else task_object.name


def names(argument: str, one_or_several: object) -> tuple[str, ...]:
    """Return names of which one, or several, were given. Raises UsageError for anything else."""
    listed = [one_or_several] if isinstance(one_or_several, str | os.PathLike) else one_or_several
    if not isinstance(listed, Iterable):
        raise UsageError(f"{argument} is {_shown(one_or_several)}, but names were expected")

    # Once into a list: an iterator would be at its end after the check.
    entries = list(listed)
    wrong = [entry for entry in entries if not isinstance(entry, str | os.PathLike)]
    if wrong:
        raise UsageError(f"{argument} holds {_shown(wrong[0])}, but names were expected")

    return tuple(os.fsdecode(entry) for entry in entries)


def model_name(candidate: object) -> str:
    """Return the name of a model. Raises UsageError for anything but a text."""
    if isinstance(candidate, str):
        return candidate

    # A class is what people give who mean a model of it with its defaults.
    remedy = ": make one of it, with its options" if isinstance(candidate, type) else ""
    raise UsageError(
        f"model is {_shown(candidate)}, but the name of a model"
        f"{' or a Model' if remedy else ''} was expected{remedy}"
    )


def folder(argument: str, path: object) -> Path:
    """Return a path that was given as a text or a path. Raises UsageError for anything else."""
    if isinstance(path, str | os.PathLike):
        return Path(os.fsdecode(path))
    raise UsageError(f"{argument} is {_shown(path)}, but a text or a path was expected")


def folder_or_none(argument: str, path: object) -> Path | None:
    """Return as `folder`, and None for None."""
    return None if path is None else folder(argument, path)


def options(values: object) -> dict[str, str]:
    """Return options as they are typed: numbers, flags and None become their texts.

    Raises UsageError for anything but a mapping by name.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise UsageError(
            f"options is {_shown(values)}, but a mapping was expected, such as "
            f"{{'normalise': 'speaker'}}"
        )

    return {str(name): _as_typed(name, value) for name, value in values.items()}


def _as_typed(name: object, value: object) -> str:
    if isinstance(value, str | os.PathLike):
        return os.fsdecode(value)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, numbers.Real):
        return str(value)
    raise UsageError(
        f"option {str(name)!r} is {_shown(value)}, but a text, a number, True, False or None was "
        f"expected"
    )


def check_numbers(limit: object, batch_seconds: object) -> None:
    """Raise UsageError unless `limit` is None or a count, and `batch_seconds` are above 0."""
    # Of numpy and the like too; True is a whole number to Python, and no count.
    is_count = isinstance(limit, numbers.Integral) and not isinstance(limit, bool)
    if limit is not None and not (is_count and limit >= 1):  # type: ignore[operator]
        raise UsageError(f"limit is {_shown(limit)}, but None or a count of 1 or more was expected")

    is_number = isinstance(batch_seconds, numbers.Real) and not math.isnan(batch_seconds)
    if not is_number or batch_seconds <= 0:  # type: ignore[operator]
        raise UsageError(
            f"batch_seconds is {_shown(batch_seconds)}, but seconds above 0 were expected"
        )


def adaptation(clips: object, way: object, draw: object) -> Wish:
    """Return what a run is to be adapted to. Raises UsageError unless `clips` and `draw` are counts
    from 0 and `way` is empty or one of the two.
    """
    for name, number in {"adapt": clips, "draw": draw}.items():
        is_count = isinstance(number, numbers.Integral) and not isinstance(number, bool)
        if not (is_count and number >= 0):  # type: ignore[operator]
            raise UsageError(f"{name} is {_shown(number)}, but a count of 0 or more was expected")

    if way not in ("", *ADAPT_WAYS):
        raise UsageError(
            f"adapt_from is {_shown(way)}, but {' or '.join(map(repr, ADAPT_WAYS))} was expected"
        )

    return Wish(int(clips), str(way), int(draw))  # type: ignore[call-overload]


def model_or_name(candidate: object) -> str | Model:
    """Return a model, or the name of one. Raises UsageError for anything else."""
    return candidate if isinstance(candidate, Model) else model_name(candidate)


def _shown(value: Any) -> str:
    kind = f"the class {value.__name__}" if isinstance(value, type) else f"{type(value).__name__}"
    text = "" if isinstance(value, type) else f" {str(value)[:80]!r}"
    return f"{kind}{text}"
