"""Blocks as HTML: every block has a form, strangers' texts are text, and the page runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.report import html, markdown, terminal
from mserbench.report.blocks import (
    Axes,
    Block,
    Bullets,
    Code,
    Column,
    Commands,
    Drawn,
    Emphasis,
    Folded,
    Heading,
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
from tests.browser import BREAKING, HOSTILE, LONG, TURNED, chromium, viewed, violations
from tests.elements import Elements

NAME = '<b>a & "b"</b>'


def every_block(text: str) -> list[Block]:
    """Return one block of each kind, with a stranger's text wherever one may stand."""
    number = Number(0.5, (0.4, 0.6), strong=True)
    cells = (text, number, (Strong(text), " ", Emphasis(text)), Shaded(text, 0.5))
    columns = [Column(text), Column("UA", right=True), Column("more"), Column("s", long=text)]
    table = Table(columns, [cells], Drawn(1, 0.25, text))
    inside: list[Block] = [table, Commands([text])]
    return [
        Heading(text, 1),
        Notice(text),
        Recording(text, b"fLaC", b"PNG", Axes([(0.5, text)], [(0.5, text)]), text),
        Paragraph((text, Written("**bold**, *set apart*, `code`, [a page](docs/results.md)"))),
        Bullets([text, Marks(["wide", text]), Code(text, 40), Link(text, "#here")]),
        Picture("pictures/board.svg", text),
        Folded(text, inside),
    ]


def test_every_block_has_a_form() -> None:
    """A block that is left out takes its numbers with it."""
    elements = Elements(html.fragment(every_block(NAME)))
    assert elements.open == []
    assert {"audio", "svg", "figure"} <= set(elements.names)
    assert {"h1", "p", "ul", "li", "img", "details", "table", "pre", "a"} <= set(elements.names)
    assert {"strong", "em", "code"} <= set(elements.names)
    assert elements.text.count(NAME) == 19
    assert "50.0 [40.0, 60.0]" in elements.text
    assert ("href", "docs/results.md") in elements.attributes


@given(
    st.text(min_size=1)
    | st.sampled_from([HOSTILE, BREAKING, TURNED, LONG, "<!--", "]]>", "&#60;b>"])
)
def test_a_strangers_text_is_text(text: str) -> None:
    """A name that becomes an element, or an attribute, speaks for us."""
    plain, hostile = (Elements(html.fragment(every_block(words))) for words in ("x", text))
    assert hostile.names == plain.names
    assert hostile.open == []
    # A class tells how long a word is.
    names = [
        [name for name, _ in parsed.attributes if name != "class"] for parsed in (plain, hostile)
    ]
    assert names[0] == names[1]


def test_what_is_drawn_lies_on_its_scale() -> None:
    """A dot beside the wrong number is worse than none."""
    rows = [[name, Number(value, (value, 0.8))] for name, value in (("a", -0.5), ("b", 0.5))]
    columns = [Column("of"), Column("difference", right=True)]
    drawn = Drawn(1, line=0.0, says="dashed: none", low=-1.0)
    table = html.block(Table(columns, rows, drawn))
    assert '<line class="chance" x1="50%" x2="50%" y1="0" y2="100%"/>' in table
    assert '<line x1="75%" x2="90%" y1="50%" y2="50%"/><circle cx="75%"' in table
    assert "<span>-100</span><span>0</span><span>100</span>" in table
    assert "dashed: none" in table
    assert '<th scope="row">a</th>' in table


def test_a_ground_is_the_darker_the_larger_the_share() -> None:
    """Readers look for the dark cells of a confusion."""
    cells = [Shaded(str(share), share) for share in (0.0, 0.01, 0.5, 1.0)]
    table = html.block(Table([Column("n")] * 4, [cells]))
    assert re.findall(r"shade-(\d)", table) == ["0", "1", "3", "5"]


@pytest.mark.parametrize("shown", [markdown.page, lambda blocks: terminal.text_of(blocks, 80)],
                         ids=["markdown", "terminal"])  # fmt: skip
def test_where_nothing_can_be_drawn_its_text_stands(shown: Callable[[list[Block]], str]) -> None:
    """A reader of a terminal must not miss what a page has, but for sound and pictures."""
    text = shown(every_block("words"))
    assert text.count("words") >= 15
    assert "50.0" in text
    assert "fLaC" not in text


def test_a_page_lets_in_what_it_holds_and_no_more() -> None:
    """A policy that is wider than the page needs is a hole that waits for a fault."""
    table, recording = (
        next(block for block in every_block("x") if isinstance(block, kind))
        for kind in (Bullets, Recording)
    )
    plain, heard = (html.page([Folded("x", [block])], "x") for block in (table, recording))
    assert "data:" not in plain
    assert "img-src" not in plain
    assert "img-src data:; media-src data:;" in heard
    for page in (plain, heard):
        assert "default-src 'none'" in page
        assert "base-uri 'none'; form-action 'none'" in page
        assert "http" not in page.replace("http-equiv", "")


def test_the_parts_of_a_page_are_listed_and_named() -> None:
    """Who cannot see a page finds its parts by their headings."""
    source = html.page(
        [Heading("Page", 1), Heading(NAME, 2), Paragraph("a"), Heading("Next", 2)], "Page"
    )
    elements = Elements(source)
    assert elements.open == []
    assert elements.text.count(NAME) == 2
    assert [value for name, value in elements.attributes if name == "href"] == [
        "#part-1",
        "#part-2",
    ]
    assert {"part-1", "part-2"} <= {value for name, value in elements.attributes if name == "id"}


def test_a_long_text_is_cut() -> None:
    """One name must not fill a page."""
    assert len(html.escape(LONG)) == html.LONGEST


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "JAVASCRIPT:x", " javascript:x", "data:text/html,x", "file:/x"],
)
def test_a_link_that_could_run_code_leads_nowhere(target: str) -> None:
    """A click must open a page, and never a program."""
    assert '"#"' in html.block(Paragraph(Link("here", target)))
    assert 'href="a/b.md#c"' in html.block(Paragraph(Link("here", "a/b.md#c")))


def test_signs_within_one_another() -> None:
    """Authors write bold links and code in a link's text."""
    written = html.block(Paragraph(Written("**[the `board`](b.md)** costs 3 * 2 < 7")))
    assert written == (
        '<p><strong><a href="b.md">the <code>board</code></a></strong> costs 3 * 2 &lt; 7</p>'
    )


@pytest.mark.slow  # a browser starts
def test_a_page_opens_from_disk_and_axe_finds_nothing(tmp_path: Path) -> None:
    """The policy must let the style in, and nothing else."""
    silent = (Picture, Recording)  # their files are not there
    blocks = [block for block in every_block(BREAKING) if not isinstance(block, silent)]
    path = tmp_path / "page.html"
    path.write_text(html.page(blocks, HOSTILE), encoding="utf-8")
    with chromium() as browser, viewed(browser, path) as view:
        assert view.title() == HOSTILE
        view.evaluate(
            "for (const folded of document.querySelectorAll('details')) folded.open = true"
        )
        assert (
            view.locator("td.right").evaluate("cell => getComputedStyle(cell).textAlign") == "end"
        )
        assert violations(view) == []
