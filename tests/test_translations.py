"""Each translation of the README says what the README says today, and is read the right way round.

What is compared is in translations.py, which also renews the stamp of a section.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pytest
import translations
from markdown_it import MarkdownIt
from pages import FENCED, LINK, Page, page_named
from translations import ORIGINAL, behind, language_of, mark_seen, sections

PAGES = {language_of(page): page for page in translations.translations()}
EVERY = pytest.mark.parametrize("language", PAGES)
FROM_THE_RIGHT = ("ar", "fa", "he", "ur")
TURNED = [language for language in PAGES if language in FROM_THE_RIGHT]
TURNING = {"R", "AL"}  # letters that are written from right to left, as Unicode calls them
INSIDE = re.compile(r"^<div dir=\"rtl\">\n\n(.*?)^</div>$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Edited(Page):
    """A page as it would be after an edit."""

    edited: str

    @property
    def text(self) -> str:
        return self.edited


def edited(page: Page, old: str, new: str) -> Page:
    assert old in page.text
    return Edited(page.path, page.text.replace(old, new, 1))


@EVERY
def test_a_translation_says_what_the_readme_says(language: str) -> None:
    """Its readers cannot see that a command, a figure or a warning of the English page is newer."""
    assert behind(PAGES[language]) == []


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("make run", "make go", "blocks of code"),
        ("`wide`", "wide", "words in `code`"),
        ("3.2 GB", "3.3 GB", "numbers"),
        ("71.5", "71.6", "numbers"),
        ("](adaptation.md)", "](stress.md)", "links"),
        ("](../leaderboard/README.md)", "](leaderboard/README.md)", "links"),
        ("\n\n模型、任务", "", "paragraphs and points"),
        ("- 没有在 GPU", "没有在 GPU", "paragraphs and points"),
        ("| 理解一个数字的含义 | [docs/results.md](results.md) |\n", "", "tables"),
        ("## 引用", "### 引用", "level"),
        ("## 引用", "**引用**", "headings"),
        ("*盲*", "盲", "emphasis"),
        ("<!-- from ", "<!-- of ", "python tests/translations.py --seen zh"),
    ],
)
def test_what_a_translation_has_otherwise_is_seen(old: str, new: str, difference: str) -> None:
    """A check that passes whatever stands there is none."""
    faults = behind(edited(PAGES["zh"], old, new))
    assert any(difference in fault for fault in faults), faults


@EVERY
def test_a_changed_english_section_is_named_with_what_to_do(language: str) -> None:
    """A sentence that became false would go on standing in the languages of those concerned."""
    newer = edited(ORIGINAL, "there are no GPU figures", "one row has GPU figures")
    (fault,) = behind(PAGES[language], newer)
    assert "What is not here" in fault
    assert f"--seen {language} 'What is not here'" in fault


def test_new_runs_and_new_breaks_of_lines_are_no_change() -> None:
    """Else every result would ask for translators who find nothing to translate."""
    first = sections(ORIGINAL)[0]
    wrapped = edited(ORIGINAL, "that they have\nnever", "that they\nhave never")
    rescored = edited(ORIGINAL, "**71.5**", "**71.9**")
    retitled = edited(ORIGINAL, "| test speech |", "| speech |")
    assert sections(wrapped)[0].stamp == sections(rescored)[0].stamp == first.stamp
    assert sections(retitled)[0].stamp != first.stamp


def test_a_section_is_marked_as_seen() -> None:
    """The one command that a translator types, and what it says of a name that is none."""
    page = PAGES["zh"]
    stale = edited(page, f"<!-- from {sections(ORIGINAL)[1].stamp} -->", "<!-- from 00000000 -->")
    assert len(behind(stale)) == 1
    assert mark_seen(stale, "Run it") == page.text

    with pytest.raises(ValueError, match="no section 'Run'"):
        mark_seen(page, "Run")
    with pytest.raises(ValueError, match="from 00000000"):
        mark_seen(edited(page, "<!-- from ", "<!-- of "), sections(ORIGINAL)[0].title)


@pytest.mark.parametrize("page", [ORIGINAL, *PAGES.values()], ids=lambda page: page.name)
def test_each_page_leads_to_the_others(page: Page) -> None:
    """Who lands on a page in a language that is not theirs looks at its first line."""
    (line,) = translations.LIST_OF_LANGUAGES.findall(page.text)[:1]
    assert page.text.partition(line)[0].count("\n") == 2
    linked = [(page.path.parent / link).resolve() for link in LINK.findall(line)]
    expected = {ORIGINAL.path, *(translation.path for translation in PAGES.values())} - {page.path}
    assert sorted(linked) == sorted(expected)


@EVERY
def test_a_translation_says_who_has_read_it_and_how_to_mend_it(language: str) -> None:
    """A reader should know which of two texts holds, and where to send a better word."""
    (note,) = re.findall(r"^> .*$", PAGES[language].text, re.MULTILINE)
    assert LINK.findall(note) == ["../CONTRIBUTING.md#translations"]
    assert "translations" in page_named("CONTRIBUTING.md").anchors


@EVERY
def test_emphasis_is_seen_by_markdown(language: str) -> None:
    """Beside the signs of another script, stars may stay stars: `。**` is no end of bold words."""
    marks = [
        re.findall(r"<(?:strong|em)>", MarkdownIt().enable("table").render(page.text))
        for page in (ORIGINAL, PAGES[language])
    ]
    assert sorted(marks[1]) == sorted(marks[0])


@pytest.mark.parametrize("language", TURNED)
def test_prose_is_turned_and_commands_are_not(language: str) -> None:
    """From right to left, `--task ravdess` would be typed as it cannot be read."""
    text = PAGES[language].text
    assert text.count("<div") == text.count("</div>") == len(INSIDE.findall(text))
    assert FENCED.findall("".join(INSIDE.findall(text))) == []

    # The cells of the board are English, below titles that are not.
    outside = translations.LIST_OF_LANGUAGES.sub("", FENCED.sub("", INSIDE.sub("", text)))
    board, titles, cells = re.split(r"^(\|.*)$", outside, maxsplit=1, flags=re.MULTILINE)
    assert "<!-- board -->" in board
    assert TURNING & set(map(unicodedata.bidirectional, titles))
    assert not TURNING & set(map(unicodedata.bidirectional, board + cells))


@pytest.mark.parametrize("language", TURNED)
def test_what_is_turned_begins_with_a_word_of_its_language(language: str) -> None:
    """Forges turn each paragraph by its first letter, whatever stands around it."""
    for block in re.split(r"\n\n|\n(?=- )", "".join(INSIDE.findall(PAGES[language].text))):
        # Of a link the name is shown, of a comment or a picture nothing.
        letters = re.sub(r"<!--.*?-->|!\[.*?\]\(.*?\)|\]\([^)]*\)", "", block)
        ways = [unicodedata.bidirectional(sign) for sign in letters]
        first = next((way for way in ways if way in {"L", *TURNING}), None)
        assert first != "L", block


def test_the_program_says_what_is_behind(capsys: pytest.CaptureFixture[str]) -> None:
    """Who translates has this list alone."""
    assert translations.main([]) == 0
    assert capsys.readouterr().out == f"{len(PAGES)} translation(s), 0 fault(s)\n"
    assert translations.main(["--seen", "xx", "Run it"]) == 1
    assert "README.xx.md" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        translations.main(["--seen", "zh"])
