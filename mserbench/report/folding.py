"""Many sentences that say the same of different items, as one line with a count."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHOWN = 3  # of one kind that stand alone, or are named in the line for all
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_NUMBER = re.compile(r"\d[\d.,]*")


def folded(sentences: Iterable[str]) -> list[str]:
    """Return the sentences in order, those of one kind together; more than `SHOWN` of a kind are
    one line.

    Of one kind are sentences that differ in what is quoted, and in numbers, alone. That line is the
    first of them, and says how many more there are and of which items.
    """
    kinds: dict[str, list[str]] = {}
    for sentence in sentences:
        kind = _NUMBER.sub("0", _QUOTED.sub("''", sentence))
        kinds.setdefault(kind, []).append(sentence)

    lines: list[str] = []
    for alike in kinds.values():
        lines += alike if len(alike) <= SHOWN else [_line(alike)]

    return lines


def _line(alike: list[str]) -> str:
    first, second = (_QUOTED.findall(sentence) for sentence in alike[:2])
    # What was quoted differently is the item; a command to run is quoted in the same way in all.
    differing = [
        i for i, (one, other) in enumerate(zip(first, second, strict=True)) if one != other
    ]
    more = f"{len(alike) - 1:,} more of this kind"
    if not differing:
        return f"{alike[0]} (and {more})"

    items = [_QUOTED.findall(sentence)[differing[0]] for sentence in alike[1:SHOWN]]
    return f"{alike[0]} (and {more}, such as {', '.join(items)})"
