"""Blocks as a terminal and as Markdown show them: nothing is lost that is not said, nothing is
wider than asked.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mserbench.report import markdown, terminal
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
    paragraphs,
    written_table,
)

WORDS = st.text(st.sampled_from("abcdefg-,"), min_size=1, max_size=12)
SENTENCES = st.lists(WORDS, max_size=8).map(" ".join)
BLOCKS: list[Block] = [
    Heading("A board", 1),
    Paragraph(("all of ", Strong("leaked"), " and ", Emphasis("wide"), Written(" *as typed*"))),
    Bullets(["first", ("second, ", Link("file", "a/b.csv"))]),
    Commands(["mserbench tasks"]),
    Picture("board.svg", "the board"),
    Folded("more", [Paragraph("inside")]),
    Table(
        [Column("UA", right=True), Column("marks"), Column("run")],
        [[Number(0.453, (0.41, 0.5)), Marks(["wide", "partial"]), Code("train --on x", 99)]],
    ),
]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table of 2 to 6 columns; the first is always shown."""
    size = draw(st.integers(2, 6))
    columns = [
        Column(f"head{at}", draw(st.booleans()) and at > 0, draw(st.integers(1, 4)) if at else 0)
        for at in range(size)
    ]
    rows = draw(st.lists(st.lists(SENTENCES, min_size=size, max_size=size), max_size=5))
    rows = [["9" * (len(cell) % 7) if column.right else cell
             for column, cell in zip(columns, row, strict=True)] for row in rows]  # fmt: skip
    return Table(columns, rows)


@given(tables(), st.integers(40, 120))
def test_no_line_of_a_table_is_wider_than_asked(table: Table, width: int) -> None:
    """Whatever stands in the cells."""
    lines = terminal.text_of([table], width, "--wide shows all columns").splitlines()
    assert max(map(len, lines)) <= width


@given(tables())
def test_without_a_width_each_row_is_a_line(table: Table) -> None:
    assert len(terminal.text_of([table], None).split("\n")) == len(table.rows) + 2


@given(tables(), st.integers(40, 120))
def test_the_least_important_columns_go_first(table: Table, width: int) -> None:
    """Else the score could go, and its footnote stay."""
    # The sentence is broken to the width anywhere, so that line breaks are no part of it.
    text = " ".join(terminal.text_of([table], width, "HINT").split())
    sentence = text.partition("left out: ")[2].partition("; HINT")[0]
    gone = [column for column in table.columns if column.name in sentence.split(", ")]
    stayed = [column for column in table.columns if column not in gone]
    assert all(a.priority >= b.priority for a, b in itertools.product(gone, stayed))


def test_without_a_hint_nothing_is_left_out() -> None:
    """What no option can show again must be shown now."""
    columns = [Column(name, priority=1) for name in ("first", "second", "third")]
    text = terminal.text_of([Table(columns, [["a " * 20, "b " * 20, "c " * 20]])], 40)
    assert all(name in text for name in ("first", "second", "third"))
    assert (text.count("a"), text.count("b"), text.count("c ") + text.count("c\n")) >= (20, 20, 1)
    assert max(map(len, text.splitlines())) <= 40


def test_long_texts_wrap_and_numbers_do_not() -> None:
    columns = [Column("name"), Column("what it is"), Column("clips", right=True)]
    text = terminal.text_of([Table(columns, [["mine", "word " * 12, "1,234"]])], 40)
    assert "1,234" in text
    assert text.count("word") == 12
    assert len(text.splitlines()) > 3


@pytest.mark.parametrize(
    ("columns", "width"), [("80", 80), ("0", None), ("", None), ("wide", None)]
)
def test_the_width_is_that_of_the_environment_or_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int | None
) -> None:
    """The tests have no terminal: then a pipe is what it is."""
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal.width_at_hand() == width


def test_every_block_has_a_form_on_the_terminal() -> None:
    text = terminal.text_of(BLOCKS, 80)
    for words in (
        "A board", "all of leaked and wide *as typed*", "- second, file", "mserbench tasks",
        "the board: board.svg", "inside", "45.3 [41.0, 50.0]  wide, partial  train --on x",
    ):  # fmt: skip
        assert words in text


def test_every_block_has_a_form_in_markdown() -> None:
    page = markdown.page(BLOCKS)
    for words in (
        "# A board\n", "all of **leaked** and *wide* *as typed*", "- second, [file](a/b.csv)",
        "```sh\nmserbench tasks\n```", "![the board](board.svg)",
        "<details><summary>more</summary>\n\ninside\n\n</details>",
        "| UA | marks | run |\n| ---: | --- | --- |\n"
        "| 45.3 [41.0, 50.0] | wide, partial | `train --on x` |",
    ):  # fmt: skip
        assert words in page

    kinds = {token.type for token in MarkdownIt("gfm-like", {"linkify": False}).parse(page)}
    assert {"table_open", "fence", "bullet_list_open", "heading_open"} <= kinds


def test_how_a_text_is_wrapped_in_its_source_moves_no_byte() -> None:
    """Else every reformatting of our texts would be a change of the published page."""
    wrapped, flat = Paragraph(Written("\n    one\n    two\n")), Paragraph(Written("one two"))
    assert markdown.page([wrapped]) == markdown.page([flat])
    assert markdown.page(paragraphs("\n  one\n  two\n\n  three\n")) == "one two\n\nthree\n"


def test_columns_of_numbers_are_seen_by_their_cells() -> None:
    """Gaps between numbers are no words; a column of gaps alone is none of numbers."""
    table = written_table(["a", "b", "c"], [["+1.0", "x", ""], ["", "2", ""]])
    assert [column.right for column in table.columns] == [True, False, False]


def test_a_bar_that_an_author_wrote_ends_no_cell() -> None:
    assert "| a\\|b |" in markdown.block(written_table(["t"], [["a|b"]]))
