"""A headless Chromium for tests of pages: what a page does when it is opened from disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HOSTILE = "<script>document.title='owned'</script>"
BREAKING = '"><img src=x onerror="document.title=\'owned\'">'
TURNED = "\u202eevil\u202c \u2067abc\u200f"
LONG = "x" * 5000


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser: Debian's, else Playwright's own; the test is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="wants playwright: pip install it")
    with api.sync_playwright() as playwright:
        system = shutil.which("chromium") or shutil.which("chromium-browser")
        if system is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("wants a browser: apt-get install chromium, or playwright install chromium")

        browser = playwright.chromium.launch(executable_path=system)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def viewed(browser: Any, path: Path, width: int = 1280, **more: Any) -> Iterator[Any]:
    """Give a page that is opened from disk; afterwards it must have been quiet.

    A message of the console, an error, a dialog or a request but for the page itself fails. `more`
    is passed to the context, such as `color_scheme`.
    """
    problems: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 800}, **more)
    view = context.new_page()
    view.set_default_timeout(5000)
    view.on("console", lambda message: problems.append(message.text))
    view.on("pageerror", lambda error: problems.append(str(error)))
    view.on("dialog", lambda dialog: problems.append(dialog.message))
    view.on("request", lambda request: problems.append(request.url[:200])
            if not is_of_page(request.url, path) else None)  # fmt: skip
    view.goto(path.as_uri())
    try:
        yield view
    finally:
        context.close()

    assert problems == []


def is_of_page(address: str, path: Path) -> bool:
    """Return whether an address is the page itself, or lies within it as data."""
    return address.partition("#")[0] == path.as_uri() or address.startswith("data:")


def violations(view: Any) -> list[str]:
    """Return the rules of accessibility that a page breaks; skips where axe is not installed."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="wants axe").Axe()
    broken = axe.run(view).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in broken]
