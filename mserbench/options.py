"""Options of a model: from the words of a command line, and in records, also those that came
later.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mserbench.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from mserbench.model import Model

_BEFORE, _ALWAYS = "before", "always_told"


def later(*, before: Any, always_told: bool = False) -> dict[str, Any]:
    """Return the metadata of a field of options or settings that was added when weights and runs
    were about.

    `before`: the value that does what the code did then. Records leave the field out where it has
    that value, so that the keys made of them stay what they were, unless it is `always_told`, as
    where records have held it since.
    """
    return {_BEFORE: before, _ALWAYS: always_told}


def optional(field: dataclasses.Field[Any]) -> Any:
    """Declare the field that may give a value for another, or None for none given; it came later if
    that one did.
    """
    metadata = {**field.metadata, _BEFORE: None} if _BEFORE in field.metadata else {}
    return dataclasses.field(default=None, metadata=metadata)


def told(options: Any) -> dict[str, Any]:
    """Return a dataclass of options as records hold it, JSON-ready."""
    values = dataclasses.asdict(options)
    silent = [
        field.name
        for field in dataclasses.fields(options)
        if _BEFORE in field.metadata
        and not field.metadata[_ALWAYS]
        and values[field.name] == field.metadata[_BEFORE]
    ]

    return {name: value for name, value in values.items() if name not in silent}


def completed(record: Mapping[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Return recorded options of the dataclass `kind` with those that came later and are not named.

    Nothing else is mended: what else is missing, unknown or of the wrong type stays so.
    """
    before = {
        field.name: field.metadata[_BEFORE]
        for field in dataclasses.fields(kind)
        if _BEFORE in field.metadata
    }

    return {**before, **record}


def make_options(model: type[Model], given: dict[str, str], name: str) -> Any:
    """Turn `--option key=value` strings into the model's options dataclass.

    Raises UsageError for an option that the model does not have or a value of the wrong type.
    """
    kinds = typing.get_type_hints(model.Options)
    values = {}
    for key, text in given.items():
        if key not in kinds:
            raise UnknownName(f"option of model {name!r}", key, kinds, f"'mserbench models {name}'")

        try:
            values[key] = _convert(kinds[key], text)
        except (KeyError, ValueError) as error:
            raise UsageError(
                f"option {key!r} of model {name!r} is {text!r}, but "
                f"{type_name(kinds[key])} was expected"
            ) from error

    try:
        return model.Options(**values)
    except (TypeError, ValueError) as error:
        raise UsageError(f"options of model {name!r} are not valid: {error}") from error


def type_name(kind: Any) -> str:
    """Return how a person reads the type of an option: `float or none`, `training or speaker`."""
    choices = typing.get_args(kind)
    if not choices:
        return "none" if kind is type(None) else str(getattr(kind, "__name__", kind))
    return " or ".join(
        choice if isinstance(choice, str) else type_name(choice) for choice in choices
    )


def _convert(kind: Any, text: str) -> object:
    choices = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return {str(choice): choice for choice in choices}[text]
    if choices:  # a union: the first kind that takes the text
        if (
            type(None) in choices
            and text.lower() == "none"
            and not any("none" in typing.get_args(c) for c in choices)
        ):
            return None

        for choice in choices:
            with contextlib.suppress(KeyError, ValueError):
                return _convert(choice, text)

        raise ValueError(text)
    if kind is type(None):
        raise ValueError(text)
    if kind is bool:
        return {"true": True, "false": False}[text.lower()]

    return kind(text)
