"""Which of many speakers a report shows: with a hundred of them the ends tell where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_MANY = 24  # of more the first and the last are shown
_FIRST, _LAST = 12, 6

Item = TypeVar("Item")


def of_many(speakers: Sequence[Item], first: str, last: str) -> tuple[list[Item], str]:
    """Return the speakers that are shown, and a sentence on those that are not, empty where all
    are.

    Args:
        speakers: in the order in which they are shown. first, last: what those at the ends are.

    >>> of_many(range(30), "lowest", "highest")[1]
    'The 12 lowest and the 6 highest of 30 speakers; --json has all.'
    """
    if len(speakers) <= _MANY:
        return list(speakers), ""

    note = f"The {_FIRST} {first} and the {_LAST} {last} of {len(speakers)} speakers"
    return [*speakers[:_FIRST], *speakers[-_LAST:]], f"{note}; --json has all."
