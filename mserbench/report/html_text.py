"""Pieces of a line as HTML: text that nobody vouches for is escaped, signs of ours are elements."""

from __future__ import annotations

import re
from html import escape as escaped
from typing import assert_never

from mserbench.report import foreign
from mserbench.report.blocks import (
    Cell,
    Code,
    Emphasis,
    Inline,
    Link,
    Marks,
    Number,
    Shaded,
    Strong,
    Written,
)
from mserbench.report.numbers import percent

LONGEST = 300  # characters of one text: a page breaks lines, but a name of 5,000 is no name

# What authors of ours write in Markdown: a text in stars or backticks, and a link. Their text is
# escaped before, so that these patterns alone become elements.
_WRITTEN = re.compile(
    r"\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*]+)\*|`(?P<code>[^`]+)`"
    r"|\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)"
)

# A relative path, an anchor or an address of the web; `javascript:` and `data:` are none of these.
_TARGET = re.compile(r"(?:https?://|[^:]*$)")


def cell_of(cell: Cell) -> str:
    """Return a cell of a table, or a line of prose, as HTML."""
    return "".join(map(inline_of, cell)) if isinstance(cell, tuple) else inline_of(cell)


def inline_of(piece: Inline) -> str:
    """Return one piece of a line as HTML."""
    match piece:
        case str():
            # A space at an end of a piece parts it from its neighbour.
            before, after = piece[:1].isspace(), piece[1:] and piece[-1:].isspace()
            return f"{' ' if before else ''}{escape(piece)}{' ' if after else ''}"
        case Written(text):
            return _written(text)
        case Number():
            return _number(piece)
        case Marks(names):
            return ", ".join(map(escape, names))
        case Strong(text):
            return f"<strong>{escape(text)}</strong>"
        case Emphasis(text):
            return f"<em>{escape(text)}</em>"
        case Shaded(text, _, is_strong):
            return f"<strong>{escape(text)}</strong>" if is_strong else escape(text)
        case Link(text, target):
            return f'<a href="{address(target)}">{escape(text)}</a>'
        case Code(text, longest):
            return f"<code>{escape(text, longest)}</code>"
        case _:
            assert_never(piece)


def _number(number: Number) -> str:
    text = percent(number.value, signed=number.signed)
    whole = percent(number.value, number.interval, number.by_clip, number.signed)
    ends = whole.removeprefix(text).lstrip()
    # Where there is no room a line may break before the interval, and never within.
    return (f"<strong>{text}</strong>" if number.strong else text) + (
        f' <span class="ends">{ends}</span>' if ends else ""
    )


def _written(text: str) -> str:
    """Return Markdown of ours as HTML; what is none of its few signs stands as it is."""
    return _WRITTEN.sub(_element, escaped(" ".join(text.split())))


def _element(match: re.Match[str]) -> str:
    if match["code"]:
        return f"<code>{match['code']}</code>"

    # Within stars and brackets there may be code, or a word in stars.
    name = match.lastgroup
    inside = _WRITTEN.sub(_element, match["text"] or match[name or 0])
    if name == "target":
        return f'<a href="{address(match["target"], is_escaped=True)}">{inside}</a>'
    return f"<{name}>{inside}</{name}>"


def address(target: str, is_escaped: bool = False) -> str:
    """Return the target of a link for an attribute; one that could run code leads nowhere."""
    if not _TARGET.match(target):
        return "#"
    return target if is_escaped else escaped(target)


def escape(text: str, longest: int = LONGEST) -> str:
    """Return `text` as HTML that shows it literally, for elements and attributes, cut after
    `longest` characters.

    Characters that turn or hide text become visible escapes, runs of white space a space.

    >>> escape('<b> "a" & b')
    '&lt;b&gt; &quot;a&quot; &amp; b'
    """
    short = " ".join(foreign.shown(text[: 4 * longest]).split())
    return escaped(short if len(short) <= longest else f"{short[: longest - 1]}…")
