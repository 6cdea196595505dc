"""The page of the board in each of its languages, as a real browser lays it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mserbench_leaderboard.command import PAGE
from mserbench_leaderboard.site import page as site
from tests.browser import TURNED, chromium
from tests.leaderboard.browser import made_values

pytestmark = pytest.mark.slow  # a browser starts

PHONE = 360  # pixels
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Return a function that opens a made-up board in a language."""
    path = Path(tmp_path_factory.mktemp("site")) / PAGE
    values = made_values(4, 8)
    values["verdicts"] = {"zero-shot": "nothing was seen, " * 20}  # more than a line
    path.write_text(site.render(values), encoding="utf-8")

    with chromium() as browser:

        def opened(language: str, address: str = "", width: int = 1280) -> Any:
            view = browser.new_page(viewport={"width": width, "height": 800})
            view.goto(path.as_uri())
            view.locator("#tongue").select_option(language)
            view.evaluate("address => { location.hash = address; }", address)
            return view

        yield opened


def first_card(view: Any) -> Any:
    view.locator("table.systems tbody th[scope=row] > a:visible").first.click()
    view.locator("#card[open] .confusion").wait_for()  # the address changes first
    return view.locator("#card")


@pytest.mark.parametrize("language", sorted(site.words()))
def test_no_language_is_too_wide_for_a_phone(show: Opened, language: str) -> None:
    """Greek words are long, and Chinese ones break anywhere."""
    view = show(language, width=PHONE)
    for kind in view.locator("#kinds input").all():
        kind.check()
    assert view.evaluate("document.documentElement.scrollWidth") <= PHONE

    card = first_card(view)
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")


def test_short_chinese_titles_leave_a_column_its_width(show: Opened) -> None:
    """A name of which each letter has a line of its own is not read."""
    view = show("zh", width=PHONE)
    assert view.locator("#heat tbody th").first.bounding_box()["width"] > 100
    labels = first_card(view).locator(".confusion tbody th")
    assert max(label.bounding_box()["height"] for label in labels.all()) < 40


def test_a_sentence_has_the_digits_of_its_language(show: Opened) -> None:
    """Two kinds of digits in a sentence look like a mistake; figures are those of the records."""
    view = show("fa")
    status = view.inner_text("#status")
    assert not any(sign in "0123456789" for sign in status), status
    assert "۳۲" in status
    assert view.inner_text("table.systems td.number")[0].isascii()


def test_what_is_english_is_read_from_the_left_on_a_page_from_the_right(show: Opened) -> None:
    """Broken into lines from the right, an English sentence begins where it should end."""
    view = show("fa")
    card = first_card(view)
    assert card.evaluate("card => getComputedStyle(card).direction") == "rtl"
    english = "#card ul, #reading ul[id], #card dd code, #card td.number bdi"
    directions = view.locator(english).evaluate_all(
        "parts => parts.map((part) => getComputedStyle(part).direction)"
    )
    assert len(directions) >= 5
    assert set(directions) == {"ltr"}


def test_a_number_and_its_spread_stay_in_order(show: Opened) -> None:
    """From right to left, `3 ± 1.2` would be `1.2 ± 3`."""
    spread = show("fa").locator(".badge bdi[dir=ltr]").first
    assert spread.text_content() == "3 ± 1.2"


def test_a_name_turns_nothing_of_the_sentence_around_it(show: Opened) -> None:
    """An address may hold signs that turn all that follows, and anybody can send one."""
    status = show("fa", address=TURNED).locator("#status:has-text('evil')")
    assert f"\u2068{TURNED}\u2069" in status.text_content()
