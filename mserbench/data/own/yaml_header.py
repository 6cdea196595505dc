"""The header of an audformat database, as YAML without objects and without bombs of aliases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.errors import DataError, why

_MOST_NODES = 1_000_000  # values, each alias counted as often as it stands for some
_DEEPEST = 50


def load(path: Path) -> Any:
    """Return what the header says.

    Raises OSError where it cannot be read, DataError where it is no YAML, asks for objects, is
    nested deeper than any header, or grows by aliases beyond all bounds.
    """
    import yaml

    data = outside.read(path, outside.SETTINGS)
    try:
        header = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = why(error, 500)
        raise DataError(
            f"the header {str(path)!r} of an audformat database cannot be read: {reason}"
        ) from error

    # Aliases share one object, which costs nothing until somebody prints or walks it.
    if _size(header, {}, 0) > _MOST_NODES:
        raise DataError(
            f"the header {str(path)!r} of an audformat database stands for more than "
            f"{_MOST_NODES:,} values by its aliases, or is nested more than {_DEEPEST} deep: it "
            "is none that audformat writes"
        )

    return header


def _size(value: object, sizes: dict[int, int], depth: int) -> int:
    """Count the values inside a value, each shared one as often as it occurs."""
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) in sizes:
        return sizes[id(value)]
    if depth > _DEEPEST:
        return _MOST_NODES + 1

    # A value that holds itself is endless: it counts so until it is known not to.
    sizes[id(value)] = _MOST_NODES + 1
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    sizes[id(value)] = 1 + sum(_size(part, sizes, depth + 1) for part in inside)
    return sizes[id(value)]
