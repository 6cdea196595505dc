"""Sentences that say the same of many things, as one line with a count and the first names."""

from __future__ import annotations

import re
from collections.abc import Iterable

FEW = 3
"""So many sentences of a kind are shown one by one, and so many names of a larger kind."""

# What a sentence is about: a name in quotes, a line of a file, another number.
_NAME = re.compile(
    r"""(?<!\w)'(?:[^'\\]|\\.)*'(?!\w) | "(?:[^"\\]|\\.)*" | \bline\ \d+ | \d+(?:[.,]\d+)*""",
    re.VERBOSE,
)


def together(sentences: Iterable[str]) -> list[str]:
    """Return sentences, those that differ in names and numbers alone as one, by first occurrence.

    The one is the first of them, with how many more there are and two further names, so that
    thousands of equal faults do not hide the others. Up to `FEW` of a kind stay as they are.

    >>> together(f"utterance 'a{n}' is missing" for n in range(5))
    ["utterance 'a0' is missing (and 4 more like this: 'a1', 'a2', ...)"]
    """
    kinds: dict[str, list[str]] = {}
    for sentence in sentences:
        kinds.setdefault(_NAME.sub("\0", sentence), []).append(sentence)

    lines = []
    for alike in kinds.values():
        lines += alike if len(alike) <= FEW else [_as_one(alike)]

    return lines


def _as_one(alike: list[str]) -> str:
    first, *further = alike
    names = list(dict.fromkeys(_differing(first, sentence) for sentence in further[: FEW * FEW]))
    listed = ", ".join(filter(None, names[: FEW - 1]))
    more = f"and {len(further)} more like this"
    return f"{first} ({more}: {listed}, ...)" if listed else f"{first} ({more})"


def _differing(first: str, second: str) -> str:
    """Return the first name in quotes, else line or number, in which two sentences differ."""
    pairs = zip(_NAME.findall(first), _NAME.findall(second), strict=True)
    different = [name for before, name in pairs if before != name]
    quoted = [name for name in different if name[0] in "'\""]
    lines = [name for name in different if name.startswith("line")]

    return next(iter((*quoted, *lines, *different)), "")
