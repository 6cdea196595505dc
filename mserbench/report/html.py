"""Blocks as HTML: the same bytes on every machine; text that nobody vouches for is escaped.

A whole page holds its style, and a policy under which it can neither load nor run anything.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from html import escape as escaped
from typing import assert_never

from mserbench.report import foreign
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Commands,
    Emphasis,
    Folded,
    Heading,
    Inline,
    Link,
    Marks,
    Number,
    Paragraph,
    Picture,
    Strong,
    Table,
    Written,
)
from mserbench.report.numbers import percent

LONGEST = 300  # characters of one text: a page breaks lines, but a name of 5,000 is no name

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 60rem; }
body, bdi { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; overflow-wrap: normal; }
th, td { text-align: start; padding: 0.2rem 0.6rem; border-bottom: 1px solid #8c959f; }
.right { text-align: end; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; }
img { max-width: 100%; }
""".lstrip()

# What authors of ours write in Markdown: a text in stars or backticks, and a link. Their text is
# escaped before, so that these patterns alone become elements.
_WRITTEN = re.compile(
    r"\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*]+)\*|`(?P<code>[^`]+)`"
    r"|\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)"
)

# A relative path, an anchor or an address of the web; `javascript:` and `data:` are none of these.
_TARGET = re.compile(r"(?:https?://|[^:]*$)")


def page(blocks: Sequence[Block], title: str) -> str:
    """Return a whole page that opens from disk: its pictures are files beside it."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' file:"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{fragment(blocks)}\n</main>\n</body>\n</html>\n"
    )


def fragment(blocks: Sequence[Block]) -> str:
    """Return blocks as elements to stand in a page, without a line feed at the end."""
    return "\n".join(map(block, blocks))


def block(content: Block) -> str:
    """Return the element of one block."""
    match content:
        case Table():
            return _table(content)
        case Heading(text, level):
            return f"<h{level}>{_inline(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_cell(text)}</p>"
        case Bullets(items):
            lines = "\n".join(f"<li>{_cell(item)}</li>" for item in items)
            return f"<ul>\n{lines}\n</ul>"
        case Commands(lines):
            # A command is one line, whatever its text holds, and obeys no terminal it is pasted in.
            typed = [foreign.shown(" ".join(line.splitlines()), foreign.LONGEST) for line in lines]
            return f"<pre><code>{escaped(chr(10).join(typed))}</code></pre>"
        case Picture(target, says):
            return f'<p><img src="{_address(target)}" alt="{escape(says)}"></p>'
        case Folded(title, blocks):
            inside = fragment(blocks)
            return f"<details><summary>{escape(title)}</summary>\n{inside}\n</details>"
        case _:
            assert_never(content)


def escape(text: str, longest: int = LONGEST) -> str:
    """Return `text` as HTML that shows it literally, for elements and attributes, cut after
    `longest` characters.

    Characters that turn or hide text become visible escapes, runs of white space a space.

    >>> escape('<b> "a" & b')
    '&lt;b&gt; &quot;a&quot; &amp; b'
    """
    short = " ".join(foreign.shown(text[: 4 * longest]).split())
    return escaped(short if len(short) <= longest else f"{short[: longest - 1]}…")


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col"{_side(column)}>{escape(column.name)}</th>'
                   for column in table.columns)  # fmt: skip
    rows = "\n".join(f"<tr>{_row(table.columns, row)}</tr>" for row in table.rows)

    # A wide table scrolls by itself, by keyboard too, so that the page never does sideways.
    name = escape(" ".join(["table:", *(column.name for column in table.columns)]))
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">\n<table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _row(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    return "".join(
        f"<td{_side(column)}>{_cell(cell)}</td>" for column, cell in zip(columns, row, strict=True)
    )


def _side(column: Column) -> str:
    return ' class="right"' if column.right else ""


def _cell(cell: Cell) -> str:
    return "".join(map(_inline, cell)) if isinstance(cell, tuple) else _inline(cell)


def _inline(piece: Inline) -> str:
    match piece:
        case str():
            # A space at an end of a piece parts it from its neighbour.
            before, after = piece[:1].isspace(), piece[1:] and piece[-1:].isspace()
            return f"{' ' if before else ''}{escape(piece)}{' ' if after else ''}"
        case Written(text):
            return _written(text)
        case Number(value, interval, by_clip, is_strong):
            text, plain = percent(value, interval, by_clip), percent(value)
            return f"<strong>{plain}</strong>{text.removeprefix(plain)}" if is_strong else text
        case Marks(names):
            return ", ".join(map(escape, names))
        case Strong(text):
            return f"<strong>{escape(text)}</strong>"
        case Emphasis(text):
            return f"<em>{escape(text)}</em>"
        case Link(text, target):
            return f'<a href="{_address(target)}">{escape(text)}</a>'
        case Code(text, longest):
            return f"<code>{escape(text, longest)}</code>"
        case _:
            assert_never(piece)


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
        return f'<a href="{_address(match["target"], is_escaped=True)}">{inside}</a>'
    return f"<{name}>{inside}</{name}>"


def _address(target: str, is_escaped: bool = False) -> str:
    """Return the target of a link for an attribute; one that could run code leads nowhere."""
    if not _TARGET.match(target):
        return "#"
    return target if is_escaped else escaped(target)
