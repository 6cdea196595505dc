"""Markdown from strings nobody vouches for: escaped text, and tables of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import tabulate

LONGEST = 160  # characters of one text; a table with longer ones cannot be read

# A numeric character reference is plain text to every Markdown reader: it opens no link, tag, code
# or cell. A colon before a space is prose; any other may start an address or an emoji.
_SPECIAL = re.compile(r"[^\w\s.,;:()+=/%'\"-]|_|:(?! )")
# GitHub makes links of www. and of http: without any brackets
_ADDRESS = re.compile(r"(?i)(?<=www)\.")


def escape(text: str, longest: int = LONGEST) -> str:
    """Return `text` as one line of Markdown that shows it literally, cut after `longest`
    characters.

    Control characters, those that change the direction of writing, and runs of white space become a
    space.

    >>> escape("a|b <b> `c`")
    'a&#124;b &#60;b&#62; &#96;c&#96;'
    """
    plain = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text[: 4 * longest]
    )
    short = " ".join(plain.split())
    short = short if len(short) <= longest else f"{short[: longest - 1]}…"
    escaped = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", short)

    return _ADDRESS.sub("&#46;", escaped)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return a table of cells that are Markdown already; the columns named in `right` are aligned
    to the right.
    """
    align = ["right" if name in right else "left" for name in head]
    return tabulate.tabulate(rows, head, tablefmt="pipe", colalign=align, disable_numparse=True)
