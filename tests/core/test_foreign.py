"""Text from outside commands neither a terminal nor a spreadsheet, and no line is endless."""

from __future__ import annotations

import io

import pytest

from mserbench.report import foreign, screens
from mserbench.report.blocks import Column, Commands, Table
from mserbench.report.markdown import block, escape
from mserbench.report.terminal import text_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]8;;http://x\x07", "\\x1b]8;;http://x\\x07"),
        ("\x9b1m", "\\x9b1m"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("a\rb", "a\\rb"),
        ("half \ud800", "half \\ud800"),
        ("\udcff", "\\udcff"),
        ("\u2028", "\\u2028"),
        ("grün\tχαρά\n可", "grün\tχαρά\n可"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_a_terminal_would_obey_is_a_visible_escape(text: str, shown: str) -> None:
    """If it were not, a file's name could rewrite what a person reads."""
    assert foreign.shown(text) == shown
    screen = io.StringIO()
    screens.Screen(screen, keeps_returns=False).write(text)
    assert screen.getvalue() == shown


def test_long_lines_are_cut_and_say_how_much_is_left_out() -> None:
    screen = io.StringIO()
    screens.Screen(screen, keeps_returns=False).write(f"short\n{'x' * 5_000_000}\nlast\n")
    first, second, third = screen.getvalue().splitlines()
    assert (first, third) == ("short", "last")
    assert (
        second == f"{'x' * foreign.LONGEST} ... ({5_000_000 - foreign.LONGEST:,} more characters)"
    )


def test_a_bar_may_return_on_stderr_and_nothing_else() -> None:
    """If returns were escaped there, the bars of libraries would fill the screen."""
    screen = io.StringIO()
    screens.Screen(screen, keeps_returns=True).write("\r10%\x1b[2J")
    assert screen.getvalue() == "\r10%\\x1b[2J"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1.wav", "'+1.wav"),
        ("-2+3.wav", "'-2+3.wav"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("-0.5", "-0.5"),
        ("-1e-05", "-1e-05"),
        ("-", "-"),
        ("a=b.wav", "a=b.wav"),
        ("\x1b[31m.wav", "\\x1b[31m.wav"),
    ],
)
def test_a_cell_is_text_to_a_spreadsheet(text: str, cell: str) -> None:
    """If it were a formula, opening a table of predictions would run what a file's name says."""
    assert foreign.cell(text) == cell


def test_a_cell_can_be_written_in_any_encoding() -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert foreign.cell("zoë", ascii_only) == "zo\\xeb"


def test_tables_and_pages_show_escapes_too() -> None:
    table = Table([Column("name", False, 0)], [["\x1b[31m" + "x" * 5_000]])
    text = text_of([table], None)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 1_100
    assert escape("a\x1b[31m\u202eb") == "a&#92;x1b&#91;31m&#92;u202eb"
    assert block(Commands(("mserbench\n```\nevil",))) == "```sh\nmserbench ``` evil\n```"


def test_the_streams_are_screens_only_while_the_program_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with screens.guarded():
        print("\x1b[31m")
    print("\x1b[32m")
    assert capsys.readouterr().out == "\\x1b[31m\n\x1b[32m\n"
