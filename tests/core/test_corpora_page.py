"""The page of all corpora: what the cards say, and not older than they are."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mserbench.data import corpora_page, lookup
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry
from mserbench.report import markdown
from mserbench.report.blocks import Column, Table

PAGE = Path(__file__).parents[2] / "docs/corpora.md"


@pytest.fixture(scope="module")
def page() -> str:
    return corpora_page.page()


def test_the_committed_page_is_what_the_cards_say(page: str) -> None:
    """A reader of the page must not be told an old count or licence."""
    assert PAGE.read_text(encoding="utf-8") == page, (
        "remake it: mserbench corpora --markdown > docs/corpora.md"
    )


def test_each_corpus_has_one_row_with_all_columns(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {10}
    names = [row.split("|")[1].strip() for row in rows[2:]]
    assert names == [f"[{name}](#{name})" for name in registry.entries(CorpusEntry)]
    assert [f"## {name}" for name in registry.entries(CorpusEntry)] == [
        line for line in page.splitlines() if line.startswith("## ")
    ]


def test_a_row_holds_the_published_figures(page: str) -> None:
    assert (
        "| [emodb](#emodb) | de | 10 | 535 | 0.41 | 7 | open | CC0-1.0 | `emodb` "
        "`emodb-4` `emodb-4-paper2` `emodb-5` |" in page
    )
    assert (
        "- Expected, original: 535 utterances: A 69, E 46, F 71, L 81, N 79, T 62, W 127." in page
    )


def test_every_task_stands_in_the_row_of_its_corpus(page: str) -> None:
    rows = {
        line.split("](#")[1].split(")")[0]: line
        for line in page.splitlines()
        if line.startswith("| [")
    }
    for name in registry.entries(TaskEntry):
        assert f"`{name}`" in rows[lookup.task(name).corpus]


def test_what_is_known_to_be_bad_is_told(page: str) -> None:
    for name in registry.entries(CorpusEntry):
        card = lookup.corpus(name).card
        for pattern, reason in card.skipped.items():
            assert f"- Left out, `{pattern}`: {reason}" in page

        assert card.notes.replace("*", r"\*") in page
        assert card.how_to_get.replace("*", r"\*") in page


def test_the_command_prints_the_page_and_only_that(cli, page: str) -> None:
    done = cli("corpora", "--markdown")
    assert (done.code, done.out, done.err) == (0, page, "")
    assert cli("corpora", "--markdown", "--json").code == 2
    assert cli("corpora").out.startswith("name ")


def test_bars_and_stars_of_a_card_do_not_break_the_table() -> None:
    card = dataclasses.replace(lookup.corpus("emodb").card, licence="a|b")
    table = Table([Column(name) for name in corpora_page._COLUMNS], [corpora_page._cells(card)])
    assert r"| a\|b |" in markdown.block(table)
    assert corpora_page._sentence("see *_emo.csv") == r"see \*_emo.csv."
