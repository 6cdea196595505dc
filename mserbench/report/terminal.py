"""Blocks as text for a terminal: at the width at hand no table and no sentence is wider."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
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

LONGEST_CELL = 1_000  # characters; a table with longer ones cannot be read
GAP = 2  # columns between two columns of a table
READABLE = 22  # columns in which a long text still reads well; below, other columns rather go
LEAST = 8  # columns of a table's column, however narrow the terminal is


def width_at_hand() -> int | None:
    """Return how many columns there are: those of $COLUMNS, else of the terminal that stdout is.

    None where stdout is a file or a pipe: what reads it wants whole lines, and no column left out.
    """
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0

    if columns > 0:
        return columns

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def text_of(blocks: Sequence[Block], width: int | None, hint: str = "") -> str:
    """Return blocks as text, an empty line between them.

    Args:
        blocks: what is shown.
        width: how many columns there are; None for as many as are wanted, and no column left out.
        hint: what shows the columns of a table that were left out; where it is empty, none is.
    """
    return "\n\n".join(_block(content, width, hint) for content in blocks)


def wrapped(text: str, width: int | None) -> str:
    """Return each line of `text` broken at spaces to `width` columns; as it is where that is None.

    A word that is longer than a line, such as a path, is broken too.
    """
    if width is None:
        return text

    return "\n".join(
        textwrap.fill(line, width, break_on_hyphens=False, subsequent_indent=_indent(line))
        for line in text.split("\n")
    )


def _indent(line: str) -> str:
    # What goes on below a point of a list stands under its text.
    return "  " if line.startswith("- ") else ""


def _block(content: Block, width: int | None, hint: str) -> str:
    match content:
        case Table():
            return _table(content, width, hint)
        case Heading(text, _):
            return wrapped(plain(text), width)
        case Paragraph(text) | Notice(text) | Recording(title=text):
            return wrapped(" ".join(plain(text).split()), width)
        case Bullets(items):
            lines = (f"- {' '.join(plain(item).split())}" for item in items)
            return "\n".join(wrapped(line, width) for line in lines)
        case Commands(lines):
            # Broken, they could not be copied.
            return "\n".join(map(foreign.shown, lines))
        case Picture(target, says):
            return wrapped(f"{says}: {target}", width)
        case Folded(title, blocks):
            return f"{wrapped(title, width)}\n\n{text_of(blocks, width, hint)}"
        case _:
            assert_never(content)


def plain(cell: Cell) -> str:
    """Return a cell without any markup."""
    return "".join(map(_inline, cell)) if isinstance(cell, tuple) else _inline(cell)


def _inline(piece: Inline) -> str:
    match piece:
        case str():
            return piece
        case Written(text) | Strong(text) | Emphasis(text) | Shaded(text) | Link(text) | Code(text):
            return text
        case Number(value, interval, by_clip, _, is_signed):
            return percent(value, interval, by_clip, is_signed)
        case Marks(names):
            return ", ".join(names)
        case _:
            assert_never(piece)


def _table(table: Table, width: int | None, hint: str) -> str:
    texts = [[foreign.shown(plain(cell), LONGEST_CELL) for cell in row] for row in table.rows]
    positions = list(range(len(table.columns)))
    if width is None:
        return _drawn(table.columns, texts)

    floors = [_floor(column, texts, at) for at, column in enumerate(table.columns)]
    if hint:
        positions = _with_room(table.columns, floors, width)

    columns = [table.columns[at] for at in positions]
    visible = [[row[at] for at in positions] for row in texts]
    room = _widths(columns, visible, [floors[at] for at in positions], width)
    drawn = _drawn(
        [_broken_head(column, size) for column, size in zip(columns, room, strict=True)],
        [[_broken(text, size) for text, size in zip(row, room, strict=True)] for row in visible],
    )

    gone = [column.name for at, column in enumerate(table.columns) if at not in positions]
    left_out = f"left out: {', '.join(gone)}; {hint}"

    return f"{drawn}\n{wrapped(left_out, width)}" if gone else drawn


def _with_room(columns: Sequence[Column], floors: Sequence[int], width: int) -> list[int]:
    """Return the positions of the columns that have room: the least important ones go first."""
    positions = list(range(len(columns)))
    while _total([floors[at] for at in positions]) > width:
        # Of equally important ones the last goes: what stands first is what a row is about.
        least = max(positions, key=lambda at: (columns[at].priority, at))
        if columns[least].priority == 0:
            break

        positions.remove(least)

    return positions


def _widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], floors: Sequence[int], width: int
) -> list[int]:
    """Return how wide each column is: all as wide as they want, or the widest ones less."""
    room = [_natural(column, rows, at) for at, column in enumerate(columns)]

    # Two rounds: no column goes below what reads well unless all of them stand there already.
    for least in (list(floors), [min(LEAST, size) for size in floors]):
        while _total(room) > width:
            spare = [at for at in range(len(room)) if room[at] > least[at]]
            if not spare:
                break

            room[max(spare, key=room.__getitem__)] -= 1

    return room


def _total(sizes: Sequence[int]) -> int:
    return sum(sizes) + GAP * max(len(sizes) - 1, 0)


def _natural(column: Column, rows: Sequence[Sequence[str]], at: int) -> int:
    return max(len(column.name), *(len(row[at]) for row in rows)) if rows else len(column.name)


def _floor(column: Column, rows: Sequence[Sequence[str]], at: int) -> int:
    """Return the least columns in which a column reads well: numbers whole, long texts in lines."""
    natural = _natural(column, rows, at)
    if column.right:
        return max([len(word) for word in column.name.split()] + [len(row[at]) for row in rows])

    # A name or an option that is broken within a word is neither read nor copied.
    words = [word for row in rows for word in row[at].split()]
    longest = max(map(len, words), default=0)

    return min(natural, max(READABLE, min(longest, 2 * READABLE)))


def _broken(text: str, size: int) -> str:
    return textwrap.fill(text, size, break_on_hyphens=False) if len(text) > size else text


def _broken_head(column: Column, size: int) -> Column:
    return Column(_broken(column.name, size), column.right, column.priority)


def _drawn(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    import tabulate

    # As a row of its own: below a head that tabulate knows as one it would add two columns to each.
    head = [column.name for column in columns]
    rulers = ["-" * max(map(_longest_line, cells)) for cells in zip(head, *rows, strict=True)]
    align = ["right" if column.right else "left" for column in columns]
    drawn = tabulate.tabulate(
        [head, rulers, *rows], tablefmt="plain", colalign=align, disable_numparse=True
    )

    return "\n".join(line.rstrip() for line in drawn.split("\n"))


def _longest_line(text: str) -> int:
    return max(map(len, text.split("\n")))
