"""The page of the board as people use it: opened from disk in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mserbench_leaderboard.command import PAGE
from mserbench_leaderboard.site import page as site
from tests.browser import HOSTILE, chromium, violations
from tests.leaderboard.browser import hostile_values, made_values

pytestmark = pytest.mark.slow  # a browser starts, and reads some pages

WIDTHS = (375, 768, 1280)
Opened = Callable[..., Any]

ROWS = "tbody tr:not(.group) th[scope=row]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give one browser for all tests."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def problems() -> list[str]:
    """Collect what a page told the console, asked of the network, or failed with."""
    return []


@pytest.fixture
def show(browser: Any, tmp_path: Path, problems: list[str]) -> Iterator[Opened]:
    """Return a function that opens a page of some values; no test may leave a problem in it."""
    contexts = []

    def opened(
        values: dict[str, Any] | None = None, address: str = "", width: int = 1280, **more: Any
    ) -> Any:
        path = tmp_path / PAGE
        path.write_text(site.render(values or made_values(4, 8)), encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **more))
        view = contexts[-1].new_page()
        view.set_default_timeout(5000)

        # An own page is the one request there may be: anything else would be the network, or a file.
        view.on("console", lambda message: problems.append(message.text))
        view.on("pageerror", lambda error: problems.append(str(error)))
        view.on("request", lambda request: problems.append(request.url)
                 if request.url.partition("#")[0] != path.as_uri() else None)  # fmt: skip
        view.on("dialog", lambda dialog: problems.append(dialog.message))
        view.goto(path.as_uri() + address)
        return view

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def names(view: Any, task: int = 0) -> list[str]:
    """Return the names of the systems in the table of a task, as they stand."""
    links = view.locator(".task").nth(task).locator(f"table.systems {ROWS} > a")
    return list(links.all_inner_texts())


def test_zero_shot_alone_is_shown_first(show: Opened) -> None:
    """Who comes by must not take an in-corpus number, or synthetic speech, for a result."""
    view = show()
    assert view.locator(".task:visible").count() == 3  # of four one is synthetic
    groups = view.locator(".task").first.locator("tr.group th").all_inner_texts()
    assert [text.split("\n")[0] for text in groups] == ["Zero-shot", "Floors"]
    assert "18 of 32 results" in view.inner_text("#status")


def test_filters_show_and_hide(show: Opened) -> None:
    """A filter that leaves rows standing shows numbers under the wrong heading."""
    view = show()
    view.get_by_label("cross-corpus").check()
    assert len(names(view)) == 8
    view.get_by_label("zero-shot", exact=True).uncheck()
    assert len(names(view)) == 3
    assert view.locator(".published:visible").count() == 0

    view.get_by_label("Model or training corpus contains").fill("MODEL-003")
    assert names(view) == ["model-003, normalise=speaker"]
    view.get_by_label("Model or training corpus contains").fill("")
    view.get_by_label("Test speech").select_option("fa")
    assert view.locator(".task:visible").count() == 1
    view.get_by_label("Test speech").select_option("")
    view.get_by_label("synthetic speech").check()
    assert view.locator(".task:visible").count() == 4


def test_columns_sort(show: Opened) -> None:
    """A column that sorts as text puts 9.5 above 80."""
    view = show(made_values(1, 40))
    view.get_by_role("button", name="Show all").click()

    def column() -> list[float]:
        body = view.locator("table.systems tbody").first
        return [float(text) for text in body.locator("td.number b").all_inner_texts()]

    assert column() == sorted(column(), reverse=True)
    view.get_by_role("button", name="UA").click()
    assert column() == sorted(column())
    assert view.locator("table.systems th[aria-sort]").get_attribute("aria-sort") == "ascending"
    view.get_by_role("button", name="Model").click()
    ranked = view.locator(f"table.systems tbody >> nth=0 >> {ROWS} > a").all_inner_texts()
    assert ranked == sorted(ranked)


def test_a_card_opens_and_its_address_leads_to_it(show: Opened) -> None:
    """A link to a result that opens something else is worse than none."""
    view = show()
    view.locator(f"table.systems {ROWS} > a").first.click()
    card = view.get_by_role("dialog")
    name, address = card.get_by_role("heading").first.inner_text(), view.url
    assert name == names(view)[0]
    assert card.locator("table.confusion tbody tr").count() == 7
    assert "emodb, emovo" in card.inner_text()
    assert "results/task-0/model-" in str(
        card.get_by_text("seed 0", exact=True).get_attribute("href")
    )

    linked = show(address="#" + address.partition("#")[2])
    assert linked.get_by_role("dialog").get_by_role("heading").first.inner_text() == name
    linked.get_by_role("button", name="Close").click()
    linked.wait_for_url("**/index.html")
    assert linked.get_by_role("dialog").count() == 0


def test_a_card_that_the_filter_hides_opens_by_its_address(show: Opened) -> None:
    """An address is passed on to people whose filters are others."""
    view = show(address="#task-2/model-3-0123456789ab")
    assert "model-003" in view.get_by_role("dialog").inner_text()
    assert "no result nowhere" in show(address="#nowhere").inner_text("#status")
    assert "no result %E0" in show(address="#%E0").inner_text("#status")


def test_the_heat_map_has_a_row_for_a_model_and_leads_on(show: Opened) -> None:
    """A cell that shows another task's number, or leads to another card, misleads quietly."""
    view = show(made_values(8, 5))
    view.get_by_label("synthetic speech").check()
    table = view.locator("table.heat")
    languages = table.locator("thead th[scope=colgroup]").all_inner_texts()
    assert languages == ["de", "el", "en", "fa", "ru", "ur", "zh"]  # of eight tasks two are Greek
    assert table.locator("thead th[scope=colgroup]").nth(1).get_attribute("colspan") == "2"
    assert table.locator("tbody tr").count() == 3

    link = table.locator("tbody tr").first.locator("td a").nth(1)
    value = link.inner_text()
    link.click()
    card = view.get_by_role("dialog")
    assert card.locator("td.number").first.inner_text() == value
    assert "task-0: Task 0" in card.inner_text()
    view.go_back()
    assert view.get_by_role("dialog").count() == 0

    hidden = show(made_values(8, 5), address="#task-2")  # synthetic, so not shown at first
    hidden.get_by_role("heading", name="task-2").wait_for()
    assert hidden.evaluate("document.activeElement.textContent") == "task-2"


def test_by_keyboard_alone(show: Opened) -> None:
    """Who uses no mouse must filter, sort, open and close a card, and be where they were."""
    view = show()
    view.get_by_label("cross-corpus").focus()
    view.keyboard.press("Space")
    assert len(names(view)) == 8
    view.locator("table.systems button[data-sort=wa]").first.focus()
    view.keyboard.press("Enter")
    assert view.evaluate("document.activeElement.dataset.sort") == "wa"

    for _ in range(12):
        view.keyboard.press("Tab")
        if view.evaluate("document.activeElement.matches('tbody th a')"):
            break
    chosen = view.evaluate("document.activeElement.textContent")
    view.keyboard.press("Enter")
    assert view.get_by_role("dialog").get_by_role("heading").first.inner_text() == chosen
    assert view.evaluate("document.activeElement.closest('dialog') !== null")
    view.keyboard.press("Escape")
    assert view.get_by_role("dialog").count() == 0
    assert view.evaluate("document.activeElement.textContent") == chosen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show: Opened, scheme: str) -> None:
    """Roles, names and contrasts, of the page, of a card, and with everything shown."""
    view = show(color_scheme=scheme)
    for kind in ("cross-corpus", "synthetic speech"):
        view.get_by_label(kind).check()
    view.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
    assert violations(view) == []
    view.locator(f"table.systems {ROWS} > a").first.click()
    assert violations(view) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_scrolls_sideways(show: Opened, width: int) -> None:
    """On a phone a page that is wider than the screen is read through a keyhole."""
    view = show(width=width)
    for values in (None, hostile_values()):
        view = show(values, width=width)
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        view.locator(f"table.systems {ROWS} > a").first.click()
        assert view.evaluate("document.querySelector('dialog').scrollWidth") <= width


def test_hostile_texts_do_nothing(show: Opened) -> None:
    """A name that runs as code speaks for us to whoever opens the page."""
    values = hostile_values()
    view = show(values)
    for _ in range(2):
        assert view.locator("img").count() == 0
        assert view.evaluate("document.scripts.length") == 3
        assert "owned" not in view.title()
        view.evaluate(
            "for (const folded of document.querySelectorAll('details')) folded.open = true"
        )
        view.get_by_label("cross-corpus").check()
    for place in [system["place"] for system in values["systems"]]:
        view.evaluate("place => { location.hash = addressOf(place); }", place)
        view.wait_for_selector("dialog[open]")
        assert view.locator("img").count() == 0
    assert view.evaluate("document.scripts.length") == 3
    assert "owned" not in view.title()
    assert HOSTILE in view.locator("#tasks").inner_text()  # shown as it stands, as text
    assert view.locator("a[href^='javascript']").count() == 0


def test_the_policy_forbids_what_is_not_of_the_page(show: Opened, problems: list[str]) -> None:
    """Escaping may fail one day; then the policy must still stop code and the network."""
    view = show()
    view.evaluate("() => { window.refused = []; addEventListener('securitypolicyviolation',"
                   " (event) => refused.push(event.effectiveDirective)); }")  # fmt: skip
    view.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
        const image = document.createElement("img");
        image.src = "https://example.org/x.png";
        document.body.append(image);
        return fetch("https://example.org/").catch(() => 0);
    }""")
    view.wait_for_function("refused.length >= 3")
    assert sorted(view.evaluate("refused")) == ["connect-src", "img-src", "script-src-elem"]
    assert "owned" not in view.title()

    # What it refused it told the console too, which is right here and nowhere else.
    refused = ("Content Security Policy", "https://example.org/x.png")
    assert all(any(text in problem for text in refused) for problem in problems), problems
    problems.clear()


def test_it_prints(show: Opened) -> None:
    """Controls are of no use on paper, and what was folded can no longer be opened."""
    view = show()
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    view.emulate_media(media="print")
    assert not view.locator("#filters").is_visible()
    assert view.locator("details.corpus dl").first.is_visible()
    assert len(view.pdf()) > 10_000


def test_every_language_shows_all_labels(show: Opened) -> None:
    """A label that is missing shows its key, and a page from right to left must turn."""
    view = show()
    for code, labels in site.words().items():
        if len(site.words()) > 1:
            view.locator("#tongue").select_option(code)
        assert view.evaluate("document.documentElement.dir") == labels["direction"]
        assert view.inner_text("h1") == labels["title"]
        assert view.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_data_is_what_the_page_shows(show: Opened) -> None:
    """A value lost on the way from Python to the browser would be a number that nobody made."""
    values = made_values(2, 3)
    view = show(values)
    block = json.loads(view.locator("#data").text_content())
    assert block == json.loads(json.dumps(values))
