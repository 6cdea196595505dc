"""The page of the board in Firefox: that it works in another engine than Chromium's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mserbench_leaderboard.command import PAGE
from mserbench_leaderboard.site import page as site
from tests.browser import firefox
from tests.leaderboard.browser import made_values

pytestmark = pytest.mark.slow  # a browser starts

DARK = {"layout.css.prefers-color-scheme.content-override": 0}
MESSAGES = """
    return Services.console.getMessageArray()
        .map((message) => message.toString()).filter((text) => text.includes(arguments[0]));
"""

Do = Callable[..., Any]


@pytest.fixture
def session() -> Iterator[Any]:
    """Give a Firefox in dark mode."""
    with firefox(**DARK) as opened:
        yield opened


@pytest.fixture
def do(session: Any) -> Do:
    """Return a function that runs a script in the page and returns what it does."""

    def run(script: str, *values: object) -> Any:
        return session.execute_script(script, script_args=values, sandbox=None)

    return run


def press(session: Any, key: str) -> None:
    """Press a key and let it go."""
    session.actions.sequence("key", "keyboard").key_down(key).key_up(key).perform()


def wait(do: Do, script: str) -> None:
    """Wait until a script in the page returns something true."""
    end = time.monotonic() + 5.0
    while not do(script):
        assert time.monotonic() < end, script
        time.sleep(0.05)


def test_it_works_in_firefox(session: Any, do: Do, tmp_path: Path) -> None:
    """A page that one engine alone can show is a program that people must install first."""
    path = tmp_path / PAGE
    path.write_text(site.render(made_values(4, 8)), encoding="utf-8")
    session.navigate(path.as_uri())
    status = "return document.getElementById('status').textContent"
    assert "18 of 32 results" in do(status)

    session.find_element("css selector", "input[value=cross-corpus]").click()
    assert "24 of 32 results" in do(status)
    session.find_element("css selector", ".task button[data-sort=wa]").click()
    assert "Sorted by WA, descending." in do(status)
    assert do("return document.activeElement.dataset.sort") == "wa"

    # A card by mouse, closed by keyboard; then the same card by its address.
    session.find_element("css selector", ".task tbody th[scope=row] a").click()
    wait(do, "return document.querySelector('dialog').open")
    name, address = do("return [document.getElementById('card-title').textContent, location.hash]")
    press(session, "\ue00c")  # Escape
    wait(do, "return !document.querySelector('dialog').open")
    assert do("return document.activeElement.textContent") == name
    session.navigate("about:blank")
    session.navigate(path.as_uri() + address)
    wait(do, "return document.querySelector('dialog').open")
    assert do("return document.getElementById('card-title').textContent") == name

    with session.using_context("chrome"):
        assert session.execute_script(MESSAGES, script_args=[path.as_uri()]) == []


def test_a_task_is_where_its_address_leads_in_firefox(session: Any, do: Do, tmp_path: Path) -> None:
    """Firefox scrolls what gets the focus to the middle, where the task before it is read."""
    path, values = tmp_path / PAGE, made_values(30, 3)
    values["tasks"][17]["name"] = "far"  # no identifier of an element, which would be scrolled to
    path.write_text(site.render(values), encoding="utf-8")
    session.navigate(path.as_uri() + "#far")
    wait(do, "return document.activeElement.tagName === 'H2'")
    time.sleep(0.5)  # what scrolls afterwards would do so by then
    assert abs(do("return document.activeElement.getBoundingClientRect().top")) < 2
    assert do("return document.activeElement.textContent") == "far"

    # Dark mode, right to left, as narrow as a window goes.
    session.set_window_rect(width=450, height=900)
    do("const menu = document.getElementById('tongue'); menu.value = 'fa';"
       "menu.dispatchEvent(new Event('change'));")  # fmt: skip
    assert do("return document.documentElement.dir") == "rtl"
    assert do("return getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    assert do("return document.documentElement.scrollWidth <= innerWidth")
