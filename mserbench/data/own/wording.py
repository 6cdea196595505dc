"""Values and names from files of people, as a sentence may hold them: short, whatever they are."""

from __future__ import annotations

import difflib
import itertools
import reprlib
from collections.abc import Iterable

_COMPARED = 500  # names that a wrong one is compared with: difflib is slow, tables may be wide
_LISTED = 20
_LONGEST = 100  # characters of a value that a sentence holds

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = _LONGEST
_short.maxlevel = 3


def shown(value: object) -> str:
    """Return a value as Python writes it, cut in its middle where it is long or deep.

    >>> shown("x"), len(shown("x" * 1_000_000))
    ("'x'", 100)
    """
    return _short.repr(value)


def listed(values: Iterable[object], most: int = _LISTED) -> str:
    """Return values separated by commas, the first `most` of them and how many more there are."""
    every = list(values)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(map(shown, every[:most])) + more


def nearest(name: str, names: Iterable[str]) -> str:
    """Say which name a wrong one is near to, else which there are."""
    every = list(names)
    compared = list(itertools.islice(every, _COMPARED))
    near = difflib.get_close_matches(name[:_LONGEST], compared, n=1, cutoff=0.5)
    return f"did you mean {shown(near[0])}?" if near else f"known are {listed(every)}"
