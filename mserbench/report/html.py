"""Blocks as HTML: the same bytes on every machine; text that nobody vouches for is escaped.

A whole page holds its style and all that it shows, and a policy under which it can neither load nor
run anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape as escaped
from importlib.resources import files
from typing import assert_never

from mserbench.report import foreign, inline
from mserbench.report.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Commands,
    Drawn,
    Folded,
    Heading,
    Notice,
    Number,
    Paragraph,
    Picture,
    Recording,
    Shaded,
    Table,
)
from mserbench.report.html_text import LONGEST as LONGEST
from mserbench.report.html_text import address, cell_of, escape, inline_of
from mserbench.report.terminal import plain

_LONG_WORD = 24  # characters
_PART = 2  # level of the headings that part a page


def page(blocks: Sequence[Block], title: str) -> str:
    """Return a whole page that opens from disk: its pictures are files beside it.

    Its parts begin at headings of level 2, which a list at the top leads to.
    """
    parts = _parts(blocks)
    style = _style()
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(blocks, style)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
        f"{_whole(parts)}\n</main>\n</body>\n</html>\n"
    )


def policy(blocks: Sequence[Block], style: str) -> str:
    """Return the content security policy of a page: its own style and what its blocks need, and
    nothing else. No address is allowed at all, so that a page can neither fetch nor send.
    """
    kinds = {type(content) for content in _each(blocks)}
    images = [
        *(["'self' file:"] if Picture in kinds else []),
        *(["data:"] if Recording in kinds else []),
    ]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        *([f"img-src {' '.join(images)}"] if images else []),
        *(["media-src data:"] if Recording in kinds else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules)


def _each(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield blocks, and those folded into them."""
    for content in blocks:
        yield content
        if isinstance(content, Folded):
            yield from _each(content.blocks)


@cache
def _style() -> str:
    return (files(__package__) / "page.css").read_text(encoding="utf-8")


def _parts(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return what stands before the first heading of level 2, then each of these with what follows
    it.
    """
    parts: list[list[Block]] = [[]]
    for content in blocks:
        if isinstance(content, Heading) and content.level == _PART:
            parts.append([])

        parts[-1].append(content)

    return parts


def _whole(parts: Sequence[Sequence[Block]]) -> str:
    """Return the parts of a page, each in a section that its heading names."""
    opening, *named = parts
    headings = [part[0].text for part in named if isinstance(part[0], Heading)]
    links = "".join(
        f'<li><a href="#part-{number}">{inline_of(text)}</a></li>\n'
        for number, text in enumerate(headings, 1)
    )
    sections = [
        f'<section aria-labelledby="part-{number}">\n<h{_PART} id="part-{number}">'
        f"{inline_of(text)}</h{_PART}>\n{fragment(part[1:])}\n</section>"
        for number, (text, part) in enumerate(zip(headings, named, strict=True), 1)
    ]
    contents = f'<nav aria-label="Parts of this page">\n<ul>\n{links}</ul>\n</nav>'
    return "\n".join([fragment(opening), *([contents] if links else []), *sections])


def fragment(blocks: Sequence[Block]) -> str:
    """Return blocks as elements to stand in a page, without a line feed at the end."""
    return "\n".join(map(block, blocks))


def block(content: Block) -> str:
    """Return the element of one block."""
    match content:
        case Table():
            return _table(content)
        case Heading(text, level):
            return f"<h{level}>{inline_of(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{cell_of(text)}</p>"
        case Bullets(items):
            lines = "\n".join(f"<li>{cell_of(item)}</li>" for item in items)
            return f"<ul>\n{lines}\n</ul>"
        case Commands(lines):
            # A command is one line, whatever its text holds, and obeys no terminal it is pasted in.
            typed = [foreign.shown(" ".join(line.splitlines()), foreign.LONGEST) for line in lines]
            return f"<pre><code>{escaped(chr(10).join(typed))}</code></pre>"
        case Picture(target, says):
            return f'<p><img src="{address(target)}" alt="{escape(says)}"></p>'
        case Notice(text, is_private):
            kind = "notice private" if is_private else "notice"
            return f'<p class="{kind}" role="note">{cell_of(text)}</p>'
        case Recording():
            return _recording(content)
        case Folded(title, blocks):
            inside = fragment(blocks)
            return f"<details><summary>{escape(title)}</summary>\n{inside}\n</details>"
        case _:
            assert_never(content)


def _recording(content: Recording) -> str:
    # Nothing plays by itself. Its name alone tells a screen reader one player from another.
    player = (
        f'<audio controls preload="metadata" aria-label="{escape(plain(content.title))}" '
        f'src="{inline.data_uri(content.flac, "audio/flac")}"></audio>'
    )
    picture = inline.with_axes(content.png, content.axes, escape(content.says))
    caption = f"<figcaption>{cell_of(content.title)}</figcaption>"
    return f"<figure>\n{caption}\n{player}\n{picture}\n</figure>"


def _table(table: Table) -> str:
    head = [_head(column) for column in table.columns]
    rows = [[_data(*pair) for pair in zip(table.columns, row, strict=True)] for row in table.rows]
    if table.columns and not table.columns[0].right:
        rows = [[_as_head(cells[0]), *cells[1:]] for cells in rows]

    if drawn := table.drawn:
        head.insert(drawn.at + 1, _drawn_head(table.columns[drawn.at], drawn))
        for cells, row in zip(rows, table.rows, strict=True):
            cells.insert(drawn.at + 1, _drawn(row[drawn.at], drawn))

    names = (column.name for column in table.columns)
    # A wide table scrolls by itself, by keyboard too, so that the page never does sideways.
    name = escape(" ".join(["table:", table.name or " ".join(names)]))
    lines = "\n".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">\n<table>\n'
        f"<thead><tr>{''.join(head)}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table>\n</div>"
    )


def _head(column: Column) -> str:
    name = escape(column.name)
    if column.long:
        name = f'<span class="long">{escape(column.long)}</span><span class="short">{name}</span>'

    return f'<th scope="col"{_kinds(column, column.long or column.name)}>{name}</th>'


def _drawn_head(column: Column, drawn: Drawn) -> str:
    says = escape(drawn.says or f"{column.name}, drawn")
    return f'<th scope="col" class="plot">{says}{inline.scale(drawn)}</th>'


def _drawn(cell: Cell, drawn: Drawn) -> str:
    number = cell if isinstance(cell, Number) else None
    return f'<td class="plot">{inline.interval(number, drawn)}</td>'


def _data(column: Column, cell: Cell) -> str:
    if isinstance(cell, Shaded):
        main = " main" if cell.strong else ""
        level = inline.shade(cell.share)
        return f'<td class="shade shade-{level}{main}">{escape(cell.text)}</td>'

    return f"<td{_kinds(column, plain(cell))}>{cell_of(cell)}</td>"


def _as_head(cell: str) -> str:
    """Return the first cell of a row as what the others are about."""
    return f'<th scope="row"{cell.removeprefix("<td").removesuffix("</td>")}</th>'


def _kinds(column: Column, text: str) -> str:
    """Return the classes of a cell with some text, as an attribute."""
    # Broken within, a short word is hard to read, and a long one makes a table too wide.
    is_long = any(len(word) > _LONG_WORD for word in text.split())
    kinds = ["right"] * column.right + ["breaks"] * is_long
    return f' class="{" ".join(kinds)}"' if kinds else ""
