"""A colour and a marker for each value of a field, told apart by colour-blind readers and in grey
print.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mserbench.embeddings.gathering import UNPARSED
from mserbench.labels import CANONICAL

MOST = 24  # values with a style of their own; the rarest of more share one
UNKNOWN = "not known"
UNASKED = "not asked"  # a prediction, of a clip that no run was of

# Okabe and Ito, Color Universal Design (2008), with grey for black; in this order the seven
# canonical emotions get grey, orange, blue, vermilion, sky blue, green and purple. Yellow is last,
# as it is weak on white.
_COLOURS = ("#595959", "#E69F00", "#0072B2", "#D55E00", "#56B4E9", "#009E73", "#CC79A7", "#F0E442")
_MARKERS = ("o", "^", "s", "v", "D", "P", "X", "<", "*", ">")
_PALE = "#C8C8C8"


@dataclass(frozen=True, slots=True)
class Style:
    """What a value is called in the legend, how it is drawn, and the positions of its points."""

    name: str
    colour: str
    marker: str
    rows: tuple[int, ...]


def styles(field: str, values: Sequence[str | None]) -> list[Style]:
    """Return a style for each value of a field: emotions in the order of `CANONICAL`, others by
    name.

    An emotion has the same style in every picture, be it a truth or a prediction. Of more than
    `MOST` values the rarest share one style; so do the points whose value is not known, and answers
    that could not be read.
    """
    counts = Counter(value for value in values if value is not None and value != UNPARSED)
    # Equally frequent ones go by name: the order of clips must not choose.
    frequent = {
        value for value, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
    }
    chosen = [
        _style(number, f"{value} ({counts[value]})", _rows(values, {value}))
        for number, value in _numbered(field, frequent)
    ]
    apart = (
        (f"{len(counts) - len(frequent)} others", set(counts) - frequent),
        (UNPARSED, {UNPARSED}),
        (UNASKED if field == "prediction" else UNKNOWN, {None}),
    )

    for name, group in apart:
        if rows := _rows(values, group):
            chosen.append(
                Style(f"{name} ({len(rows)})", _PALE, "x" if name == UNPARSED else ".", rows)
            )

    return chosen


def _numbered(field: str, values: set[str]) -> list[tuple[int, str]]:
    """Number values; an emotion's number is fixed, others start at the second colour, as the first
    is grey.
    """
    if field not in ("emotion", "prediction"):
        return list(enumerate(sorted(values), start=1))

    fixed = [(number, label) for number, label in enumerate(CANONICAL) if label in values]
    return fixed + list(enumerate(sorted(values - set(CANONICAL)), start=len(CANONICAL)))


def _style(number: int, name: str, rows: tuple[int, ...]) -> Style:
    """Colours repeat after eight, each time with the marker before: the first 80 pairs differ."""
    colours, markers = len(_COLOURS), len(_MARKERS)
    return Style(
        name, _COLOURS[number % colours], _MARKERS[(number + number // colours) % markers], rows
    )


def _rows(values: Sequence[str | None], group: set[str] | set[None]) -> tuple[int, ...]:
    return tuple(i for i, value in enumerate(values) if value in group)
