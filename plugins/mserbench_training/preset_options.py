"""The options of a model that has presets: what a user gives, each setting optional, over those of a preset."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from mserbench.options import optional


def options_class(name: str, settings: type[Any], preset: Any, default: str) -> type[Any]:
    """Return a frozen dataclass `name`: `preset`, one of a Literal, and every field of `settings`; all None at first.

    `default` is the preset that a model takes where none is given.
    """
    types = typing.get_type_hints(settings)
    fields = [("preset", typing.Optional[preset], None)] + [  # noqa: UP045 - a value here, not an annotation
        (field.name, typing.Optional[types[field.name]], optional(field))  # noqa: UP045
        for field in dataclasses.fields(settings)
    ]
    made = dataclasses.make_dataclass(name, fields, frozen=True)
    made.__doc__ = (
        f"What a user gives: a preset (`{default}` if none) and the settings that differ from it; see Settings."
    )
    return made


def given(options: Any) -> dict[str, Any]:
    """Return the settings that a user gave, without the preset."""
    found = dataclasses.asdict(options)
    return {name: value for name, value in found.items() if value is not None and name != "preset"}
