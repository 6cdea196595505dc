"""The page of a run as people use it: opened from disk in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mserbench import evaluate
from mserbench.report import html
from mserbench.results.runs import Run
from mserbench.telling import listening, page
from mserbench.telling.clips import LookedUp, look_up_all
from mserbench.telling.facts import RunFacts
from tests.browser import HOSTILE, chromium, viewed, violations
from tests.hostile_runs import hostile_run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_settings")]  # a browser starts
SURE = """
    class Sure(Model):
        card = property(lambda self: _card("sure"))

        def predict(self, clips, labels):
            return _scores(clips, labels)
"""


LENGTHS = """async () => {
    const clips = [...document.querySelectorAll("audio")];
    const ready = (clip) => clip.readyState || new Promise((told) => clip.onloadedmetadata = told);
    await Promise.all(clips.map(ready));
    return clips.map((clip) => clip.duration);
}"""
PLAYED = """async () => {
    const clip = document.querySelector("audio");
    clip.muted = true;
    await clip.play();
    while (clip.currentTime < 0.2) await new Promise((next) => setTimeout(next, 50));
    return clip.currentTime;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give one browser for all tests."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def run(plugin: Callable[..., Path], tmp_path: Path) -> Run:
    plugin(SURE, models=["Sure"])
    return evaluate("sure", "emodb-sample", out=tmp_path / "runs")


@pytest.fixture
def path(run: Run, tmp_path: Path) -> Path:
    """Return a page with audio, of a corpus whose licence is not known."""
    looked_up = look_up_all(run, None)
    assert looked_up.corpus is not None
    corpus = replace(looked_up.corpus, card=replace(looked_up.corpus.card, licence="unknown"))
    facts = RunFacts(run, looked_up)
    blocks = page.report(facts, listening.blocks(facts, corpus))
    return written(html.page(blocks, run.name), tmp_path)


def written(text: str, folder: Path) -> Path:
    (folder / "page.html").write_text(text, encoding="utf-8")
    return folder / "page.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, path: Path, scheme: str) -> None:
    """Roles, names and contrasts; a phone scrolls tables that a screen shows whole."""
    for width in (360, 1280):
        with viewed(browser, path, width, color_scheme=scheme) as view:
            assert violations(view) == []


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_no_width_scrolls_sideways(browser: Any, path: Path, tmp_path: Path, width: int) -> None:
    """On a phone a page that is wider than the screen is read through a keyhole."""
    hostile = html.page(page.report(RunFacts(hostile_run(tmp_path), LookedUp({}))), HOSTILE)
    for opened in (path, written(hostile, tmp_path / "runs")):
        with viewed(browser, opened, width) as view:
            assert view.evaluate("document.documentElement.scrollWidth") <= width


def test_clips_play_and_are_seen(browser: Any, path: Path) -> None:
    """A player without sound, or a picture that the policy stops, shows nothing and says nothing."""
    with viewed(browser, path) as view:
        # No wait of the tool's own: it evaluates text, which the policy rightly refuses.
        sizes = view.evaluate("[...document.images].map((image) => image.naturalWidth)")
        lengths = view.evaluate(LENGTHS)
        assert len(sizes) == len(lengths) == 10
        assert min(sizes) > 100
        assert min(lengths) > 1
        assert view.evaluate(PLAYED) > 0.1


def test_by_keyboard_alone(browser: Any, path: Path) -> None:
    """Who uses no mouse must come to each part, and to each player."""
    with viewed(browser, path) as view:
        view.keyboard.press("Tab")
        assert view.evaluate("document.activeElement.textContent") == "What it reached"
        view.keyboard.press("Enter")
        assert view.url.endswith("#part-1")
        for _ in range(60):
            view.keyboard.press("Tab")
            if view.evaluate("document.activeElement.tagName") == "AUDIO":
                break
        assert view.evaluate("document.activeElement.getAttribute('aria-label')")


def test_paper_says_that_it_is_not_to_be_passed_on(browser: Any, path: Path) -> None:
    """A sheet of paper goes from hand to hand; players on it are of no use."""
    with viewed(browser, path) as view:
        notice = view.locator("p.notice")
        assert "Local page, not to be passed on." in notice.inner_text()
        assert notice.bounding_box()["y"] < 200
        view.emulate_media(media="print")
        assert notice.is_visible()
        assert not view.locator("audio").first.is_visible()
        assert not view.locator("nav").is_visible()
        assert view.evaluate("getComputedStyle(document.body).page") == "private"
        assert len(view.pdf()) > 10_000


def test_hostile_texts_do_nothing(browser: Any, tmp_path: Path) -> None:
    """A name that runs as code speaks for us to whoever opens the page."""
    run = hostile_run(tmp_path)
    text = html.page(page.report(RunFacts(run, LookedUp({}))), HOSTILE)
    with viewed(browser, written(text, tmp_path)) as view:
        assert view.title() == HOSTILE
        assert view.locator("img, script").count() == 0
        assert HOSTILE in view.locator("main").inner_text()


def test_the_policy_stops_what_escaping_would_miss(browser: Any, path: Path) -> None:
    """Escaping may fail one day; then nothing may run, load or be sent."""
    source = path.read_text(encoding="utf-8")
    attack = "<script>document.title='owned'</script><img src='https://example.org/x.png'>"
    path.write_text(source.replace("<h1>", f"{attack}<h1>"), encoding="utf-8")
    context = browser.new_context()
    view = context.new_page()
    refused: list[str] = []
    view.on("console", lambda message: refused.append(message.text))
    view.goto(path.as_uri())
    assert view.title() != "owned"
    assert len([text for text in refused if "Content Security Policy" in text]) == 2
    context.close()
