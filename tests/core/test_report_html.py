"""Blocks as HTML: every block has a form, strangers' texts are text, and the page runs nothing."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.report import html
from mserbench.report.blocks import (
    Block,
    Bullets,
    Code,
    Column,
    Commands,
    Emphasis,
    Folded,
    Heading,
    Link,
    Marks,
    Number,
    Paragraph,
    Picture,
    Strong,
    Table,
    Written,
)
from tests.leaderboard.browser import BREAKING, HOSTILE, LONG, TURNED, chromium

NAME = '<b>a & "b"</b>'


class Elements(HTMLParser):
    """Elements with their attributes, and all text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element, and that it is open."""
        self.names.append(tag)
        self.attributes += attrs
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the innermost."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def every_block(text: str) -> list[Block]:
    """Return one block of each kind, with a stranger's text wherever one may stand."""
    cells = (text, Number(0.5, (0.4, 0.6), strong=True), (Strong(text), " ", Emphasis(text)))
    columns = [Column(text), Column("UA", right=True), Column("more")]
    inside: list[Block] = [Table(columns, [cells]), Commands([text])]
    return [
        Heading(text, 1),
        Paragraph((text, Written("**bold**, *set apart*, `code`, [a page](docs/results.md)"))),
        Bullets([text, Marks(["wide", text]), Code(text, 40), Link(text, "#here")]),
        Picture("pictures/board.svg", text),
        Folded(text, inside),
    ]


def test_every_block_has_a_form() -> None:
    """A block that is left out takes its numbers with it."""
    elements = Elements(html.fragment(every_block(NAME)))
    assert elements.open == []
    assert {"h1", "p", "ul", "li", "img", "details", "table", "pre", "a"} <= set(elements.names)
    assert {"strong", "em", "code"} <= set(elements.names)
    assert elements.text.count(NAME) == 12
    assert "50.0 [40.0, 60.0]" in elements.text
    assert ("href", "docs/results.md") in elements.attributes


@given(st.text() | st.sampled_from([HOSTILE, BREAKING, TURNED, LONG, "<!--", "]]>", "&#60;b>"]))
def test_a_strangers_text_is_text(text: str) -> None:
    """A name that becomes an element, or an attribute, speaks for us."""
    plain, hostile = (Elements(html.fragment(every_block(words))) for words in ("x", text))
    assert hostile.names == plain.names
    assert hostile.open == []
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]


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
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="wants axe").Axe()
    blocks = [block for block in every_block(BREAKING) if not isinstance(block, Picture)]
    (tmp_path / "page.html").write_text(html.page(blocks, HOSTILE), encoding="utf-8")
    with chromium() as browser:
        view = browser.new_page()
        messages: list[str] = []
        view.on("console", lambda message: messages.append(message.text))
        view.goto((tmp_path / "page.html").as_uri())
        assert view.title() == HOSTILE
        view.evaluate(
            "for (const folded of document.querySelectorAll('details')) folded.open = true"
        )
        assert (
            view.locator("td.right").evaluate("cell => getComputedStyle(cell).textAlign") == "end"
        )
        broken = axe.run(view).response["violations"]

    assert [rule["id"] for rule in broken] == []
    assert messages == []
