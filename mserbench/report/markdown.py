"""Blocks as Markdown: the same bytes on every machine; text that nobody vouches for is escaped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import assert_never

from mserbench.report import foreign
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Commands,
    Emphasis,
    Folded,
    Heading,
    Inline,
    Link,
    Marks,
    Notice,
    Number,
    Paragraph,
    Picture,
    Recording,
    Shaded,
    Strong,
    Table,
    Written,
)
from mserbench.report.numbers import percent

LONGEST = 160  # characters of one text; a table with longer ones cannot be read

# A numeric character reference is plain text to every Markdown reader: it opens no link, tag, code
# or cell. A colon before a space is prose; any other may start an address or an emoji.
_SPECIAL = re.compile(r"[^\w\s.,;:()+=/%'\"-]|_|:(?! )")

# GitHub makes links of www. and of http: without any brackets.
_ADDRESS = re.compile(r"(?i)(?<=www)\.")

# What Markdown shows in a code span as it is: no backtick, and no bar, which would end a cell.
_PLAIN_CODE = re.compile(r"[A-Za-z0-9 ._,=/&+-]+")


def page(blocks: Sequence[Block]) -> str:
    """Return a whole page: blocks with an empty line between them, and a line feed at the end."""
    return "\n\n".join(map(block, blocks)) + "\n"


def block(content: Block) -> str:
    """Return the lines of one block, without a line feed at the end."""
    match content:
        case Table():
            return _table(content)
        case Heading(text, level):
            return f"{'#' * level} {_inline(text)}"
        case Paragraph(text) | Recording(title=text):
            return _joined(_cell(text))
        case Notice(text):
            return f"> {_joined(_cell(text))}"
        case Bullets(items):
            return "\n".join(f"- {_joined(_cell(item))}" for item in items)
        case Commands(lines):
            # In a fence nothing is escaped, so nothing in it may end it or command a terminal.
            # Its spaces stay: two of them set a comment apart.
            shown = [foreign.shown(" ".join(line.splitlines()), foreign.LONGEST) for line in lines]
            return "\n".join(["```sh", *shown, "```"])
        case Picture(target, says):
            return f"![{escape(says)}]({target})"
        case Folded(title, blocks):
            # GitHub reads Markdown within HTML only after an empty line.
            inside = "\n\n".join(map(block, blocks))
            return f"<details><summary>{escape(title)}</summary>\n\n{inside}\n\n</details>"
        case _:
            assert_never(content)


def escape(text: str, longest: int = LONGEST) -> str:
    """Return `text` as one line of Markdown that shows it literally, cut after `longest`
    characters.

    Characters that a terminal would obey become visible escapes, other controls and runs of white
    space a space.

    >>> escape("a|b <b> `c`")
    'a&#124;b &#60;b&#62; &#96;c&#96;'
    """
    # Of a text of any length no more is looked at than can be shown: white space shrinks.
    plain = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign
        for sign in foreign.shown(text[: 4 * longest])
    )
    short = " ".join(plain.split())
    short = short if len(short) <= longest else f"{short[: longest - 1]}…"
    escaped = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", short)

    return _ADDRESS.sub("&#46;", escaped)


def _table(table: Table) -> str:
    # No spaces fill the cells up: they would make each row as long as the longest link in a column.
    ruler = ["---:" if column.right else "---" for column in table.columns]
    head = [_in_a_table(column.name) for column in table.columns]
    rows = [[_in_a_table(_cell(cell)) for cell in row] for row in table.rows]

    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def _in_a_table(text: str) -> str:
    # Escaped text holds no bar any more; one that an author wrote would end the cell.
    return _joined(text).replace("|", "\\|")


def _joined(text: str) -> str:
    return " ".join(text.split())


def _cell(cell: Cell) -> str:
    return "".join(map(_inline, cell)) if isinstance(cell, tuple) else _inline(cell)


def _inline(piece: Inline) -> str:
    match piece:
        case str():
            # A space at an end of a piece parts it from its neighbour.
            before, after = piece[:1].isspace(), piece[1:] and piece[-1:].isspace()
            return f"{' ' if before else ''}{escape(piece)}{' ' if after else ''}"
        case Written(text):
            return text
        case Number(value, interval, by_clip, is_strong, is_signed):
            text = percent(value, interval, by_clip, is_signed)
            plain = percent(value, signed=is_signed)
            return f"**{plain}**{text.removeprefix(plain)}" if is_strong else text
        case Marks(names):
            return ", ".join(map(escape, names))
        case Strong(text):
            return f"**{escape(text)}**"
        case Emphasis(text):
            return f"*{escape(text)}*"
        case Shaded(text, _, is_strong):
            return f"**{escape(text)}**" if is_strong else escape(text)
        case Link(text, target):
            return f"[{escape(text)}]({target})"
        case Code(text, longest):
            return f"`{text}`" if _PLAIN_CODE.fullmatch(text) else escape(text, longest)
        case _:
            assert_never(piece)
