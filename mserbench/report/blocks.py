"""What a report is made of: blocks of text, tables and pictures, which say nothing of their format.

A report is a sequence of blocks. `markdown`, `terminal` and `html` turn them into text: one module
a format.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """Text whose author wrote Markdown in it, and whom we trust: it is not escaped."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A fraction of 1, shown as percent, with its 95 % interval where there is one.

    `by_clip`: the interval is over clips, as no speaker is known. `strong`: the value stands out.
    """

    value: float
    interval: Sequence[float] | None = None
    by_clip: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """The words that qualify a number; `mserbench.results.marks` says what each means."""

    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Strong:
    """A word that a reader must not miss."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """A word that is set apart from the text around it."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to a file of ours, or to a heading of the page."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Code:
    """A command or a name that is typed as it stands, at most `longest` characters of it."""

    text: str
    longest: int


Inline = str | Written | Number | Marks | Strong | Emphasis | Link | Code
"""A piece of a line; a string is text that nobody vouches for, and is shown literally."""

Cell = Inline | tuple[Inline, ...]
"""What stands in a cell of a table: one piece, or several with nothing between them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `right`: aligned to the right, as numbers are.

    `priority`: 0 is always shown; of the others the highest are left out first where there is no
    room.
    """

    name: str
    right: bool = False
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def written_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of texts in which Markdown is meant; columns of numbers to the right."""
    by_column = list(zip(*rows, strict=True)) or [()] * len(head)
    columns = [
        Column(name, right=_are_numbers(texts)) for name, texts in zip(head, by_column, strict=True)
    ]

    return Table(columns, [[Written(text) for text in row] for row in rows])


def _are_numbers(texts: Sequence[str]) -> bool:
    # "" is in every string: a gap is no word, but a column of gaps alone is none of numbers.
    return any(texts) and all(text[:1] in "+-0123456789" for text in texts)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` is 1 for that of the page."""

    text: Inline
    level: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose. White space and line breaks of the source mean nothing: each renderer breaks lines."""

    text: Cell


def paragraphs(text: str) -> list[Block]:
    """Return the paragraphs of a text in which Markdown is meant: empty lines part them."""
    parts = re.split(r"\n[ \t]*\n", text.strip())
    return [Paragraph(Written(part)) for part in parts if part]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, one item a line."""

    items: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines that are typed at a shell, as they stand."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a file of ours; `says` stands for it where it cannot be seen."""

    target: str
    says: str


@dataclass(frozen=True, slots=True)
class Folded:
    """Blocks that a reader opens by a click on `title`, where the format can fold."""

    title: str
    blocks: Sequence[Block]


Block = Table | Heading | Paragraph | Bullets | Commands | Picture | Folded
