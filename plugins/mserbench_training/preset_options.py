"""The options of a model that has presets: what a user gives, each setting optional, over those of
a preset.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import typing
from pathlib import Path
from typing import Any

from mserbench.options import optional
from mserbench.results.manifest import MANIFEST


def options_class(name: str, settings: type[Any], preset: Any, default: str) -> type[Any]:
    """Return a frozen dataclass `name`: `preset`, one of a Literal, and every field of `settings`;
    all None at first.

    `default` is the preset that a model takes where none is given; the class tells it as
    `DEFAULT_PRESET`.
    """
    types = typing.get_type_hints(settings)
    fields = [("preset", typing.Optional[preset], None)] + [  # noqa: UP045 - a value here, not an annotation
        (field.name, typing.Optional[types[field.name]], optional(field))  # noqa: UP045
        for field in dataclasses.fields(settings)
    ]
    made = dataclasses.make_dataclass(
        name, fields, frozen=True, namespace={"DEFAULT_PRESET": default}
    )
    made.__doc__ = (
        f"What a user gives: a preset (`{default}` if none) and the settings that differ "
        f"from it; see Settings."
    )

    return made


def given(options: Any) -> dict[str, Any]:
    """Return the settings that a user gave, without the preset."""
    found = dataclasses.asdict(options)
    return {name: value for name, value in found.items() if value is not None and name != "preset"}


def preset_of(options: Any, weights: Path | None) -> str:
    """Return the preset that weights were trained with, by the manifest beside them; without any
    that of the options.

    Weights without a readable manifest count as those of the options: who uses them is told of it
    elsewhere.
    """
    asked = options.preset
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        asked = (
            asked
            if weights is None
            else json.loads((weights / MANIFEST).read_bytes())["options"]["preset"]
        )

    return str(asked or options.DEFAULT_PRESET)
