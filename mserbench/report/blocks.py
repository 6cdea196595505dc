"""What a report is made of: blocks of text, tables and pictures, which say nothing of their format.

A report is a sequence of blocks. `markdown`, `terminal` and `html` turn them into text: one module
a format. What one of them cannot show is said by a text that stands for it.
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
    `signed`: it is a difference, in points, which would be read as a score without its sign.
    """

    value: float
    interval: Sequence[float] | None = None
    by_clip: bool = False
    strong: bool = False
    signed: bool = False


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
class Shaded:
    """A text on a ground the darker the larger `share` is, a fraction of 1; where a format has no
    grounds, the text alone. `strong`: it is what the others of its row are compared with.
    """

    text: str
    share: float
    strong: bool = False


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


Inline = str | Written | Number | Marks | Strong | Emphasis | Shaded | Link | Code
"""A piece of a line; a string is text that nobody vouches for, and is shown literally."""

Cell = Inline | tuple[Inline, ...]
"""What stands in a cell of a table: one piece, or several with nothing between them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `right`: aligned to the right, as numbers are.

    `priority`: 0 is always shown; of the others the highest are left out first where there is no
    room. `long` is its name where there is room for more than `name`.
    """

    name: str
    right: bool = False
    priority: int = 0
    long: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """That a column of numbers is drawn beside them too, where a format can: a dot and its interval
    a row, on a scale from `low` to `high`; fractions of 1.

    `at` is the position of the column. `line` is a value that a dashed line marks in each row, such
    as chance, and `says` tells what that is.
    """

    at: int
    line: float | None = None
    says: str = ""
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns. What is drawn says nothing that no cell says.

    `name` is what tells it from others of the same columns to those who hear a page.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    drawn: Drawn | None = None
    name: str = ""


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
class Notice:
    """What a reader must see before all else. `is_private`: the page may not be passed on, which
    each sheet of paper says too.
    """

    text: Cell
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Axes:
    """What stands beside a picture: places as fractions of its width and height, each with a text;
    0 is left, and below.
    """

    across: Sequence[tuple[float, str]]
    up: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip to be heard and looked at where a format can; elsewhere its title stands for it.

    `flac` and `png` hold whole files. `says` tells what the picture shows.
    """

    title: Cell
    flac: bytes
    png: bytes
    axes: Axes
    says: str


@dataclass(frozen=True, slots=True)
class Folded:
    """Blocks that a reader opens by a click on `title`, where the format can fold."""

    title: str
    blocks: Sequence[Block]


Block = Table | Heading | Paragraph | Bullets | Commands | Picture | Notice | Recording | Folded
