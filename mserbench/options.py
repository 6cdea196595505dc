"""Options that came later: what older weights and runs did, which do not name them; records are as they were."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

_BEFORE, _ALWAYS = "before", "always_told"


def later(*, before: Any, always_told: bool = False) -> dict[str, Any]:
    """Return the metadata of a field of options or settings that was added when weights and runs were about.

    `before`: the value that does what the code did then. Records leave the field out where it has that value, so that
    the keys made of them stay what they were, unless it is `always_told`, as where records have held it since.
    """
    return {_BEFORE: before, _ALWAYS: always_told}


def optional(field: dataclasses.Field[Any]) -> Any:
    """Declare the field that may give a value for another, or None for none given; it came later if that one did."""
    metadata = {**field.metadata, _BEFORE: None} if _BEFORE in field.metadata else {}
    return dataclasses.field(default=None, metadata=metadata)


def told(options: Any) -> dict[str, Any]:
    """Return a dataclass of options as records hold it, JSON-ready."""
    values = dataclasses.asdict(options)
    silent = [
        field.name
        for field in dataclasses.fields(options)
        if _BEFORE in field.metadata and not field.metadata[_ALWAYS] and values[field.name] == field.metadata[_BEFORE]
    ]
    return {name: value for name, value in values.items() if name not in silent}


def completed(record: Mapping[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Return recorded options of the dataclass `kind` with those that came later and are not named.

    Nothing else is mended: what else is missing, unknown or of the wrong type stays so.
    """
    before = {field.name: field.metadata[_BEFORE] for field in dataclasses.fields(kind) if _BEFORE in field.metadata}
    return {**before, **record}
