"""`mserbench compare`: flips in the terminal, everything in JSON, and one page that is the same for
the same runs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import mserbench
from mserbench.report import html, markdown
from mserbench.results.runs import Run
from mserbench.telling import comparison_page, flips
from mserbench.telling.clips import LookedUp
from mserbench.telling.comparison import ComparisonFacts
from mserbench_leaderboard.entries import Items
from tests.browser import BREAKING, HOSTILE, LONG, TURNED, chromium, viewed, violations
from tests.leaderboard.conftest import rewrite_record, toy_items, toy_task, write_run

pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def pair(tmp_path: Path) -> list[Run]:
    """Two runs of 36 clips by four speakers, the first of which is better."""
    return [
        write_run(tmp_path / "runs", model=name, right=right, seed=seed)
        for name, right, seed in (("good", 0.9, 1), ("poor", 0.4, 2))
    ]


def facts_of(runs: list[Run]) -> ComparisonFacts:
    return ComparisonFacts(mserbench.compare(*runs), LookedUp({}))


def pages_of(runs: list[Run]) -> str:
    facts = facts_of(runs)
    return html.page(comparison_page.report(facts), comparison_page.title(facts.compared))


def test_the_terminal_tells_who_is_right_by_label_and_by_speaker(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    runs = [mserbench.evaluate(name, "emodb-sample", out=tmp_path) for name in ("random", "prior")]
    done = cli("compare", runs[0].folder, runs[1].folder)
    lines = done.out.splitlines()
    assert (done.code, max(map(len, lines))) == (0, 80)

    # What prior always answers it has right ten times, and all else it has wrong.
    counts = facts_of(runs).compared.by_label[0]
    assert (counts.name, counts.both_right + counts.only_b) == ("neutral", 10)
    row = next(line.split() for line in lines if line.startswith("neutral "))
    assert row[:6] == [
        "neutral", "10", f"{counts.both_right}", f"{counts.only_a}", f"{counts.only_b}",
        f"{counts.both_wrong}",
    ]  # fmt: skip
    assert sum(line.startswith("emodb:") for line in lines) == 10
    assert "--html FILE shows which" in " ".join(lines)


def test_json_has_every_clip_that_they_answer_differently(cli, pair: list[Run]) -> None:
    record = json.loads(cli("compare", *(run.folder for run in pair), "--json").out)
    by_id = {row.id: row for row in pair[1].rows}
    differing = {row.id for row in pair[0].rows if row.prediction != by_id[row.id].prediction}
    assert {clip["id"] for clip in record["disagreements"]} == differing
    assert sum(part["only_a"] for part in record["labels"]) == record["only_a"]
    assert sum(part["both_wrong"] for part in record["speakers"]) == record["both_wrong"]
    assert sum(map(sum, record["answers"]["rows_are_a"])) == record["n"] == 36
    assert record["agreement"]["same"] == pytest.approx(1 - len(differing) / 36)
    assert "no task" in record["unknown_of_clips"] or "toy-a" in record["unknown_of_clips"]


def test_a_page_is_the_same_bytes_and_knows_no_folder(cli, pair: list[Run], tmp_path: Path) -> None:
    """A page that is passed on must tell nobody where it was made, or when."""
    elsewhere = [
        Path(shutil.copytree(run.folder, tmp_path / "other" / run.folder.name)) for run in pair
    ]
    for page, folders in (("a.html", [run.folder for run in pair]), ("b.html", elsewhere)):
        done = cli("compare", *folders, "--html", tmp_path / page)
        assert done.code == 0
        assert done.out.startswith("written: ")
        assert "without names of speakers and files" in done.err

    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in text

    # It is made anew where it is there.
    (tmp_path / "a.html").write_text("old")
    assert cli("compare", *elsewhere, "--html", tmp_path / "a.html").code == 0
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == text


def test_a_page_that_cannot_be_written_is_one_sentence(
    cli, pair: list[Run], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    folders = [run.folder for run in pair]
    for more, code, words in (
        ([tmp_path], 2, "is a directory"),
        ([tmp_path / "file" / "d.html"], 3, "cannot be written"),
        ([tmp_path / "d.html", "--json"], 2, "--html and --json are both given"),
    ):
        done = cli("compare", *folders, "--html", *more)
        assert (done.code, done.out) == (code, "")
        assert words in done.err


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(pair: list[Run]) -> list[Run]:
    """Return runs in which each text of a stranger is an attack."""
    attacks = (HOSTILE, BREAKING, TURNED, LONG)

    def attack(record: dict[str, Any]) -> None:
        record["model"] |= {"title": HOSTILE, "version": TURNED, "licence": LONG}
        record["model"]["options"] = dict(zip(attacks, reversed(attacks), strict=True))
        record["verdict"] |= {"reasons": list(attacks), "note": BREAKING}
        record["device"] = HOSTILE

    for run in pair:
        rewrite_record(run.folder, attack)

    return [mserbench.results.runs.read(run.folder) for run in pair]


@pytest.fixture
def attacked(tmp_path: Path) -> list[Run]:
    """Two runs of a stranger, whose task, labels, clips and models are attacks too."""
    task = toy_task("toy<b>", (HOSTILE, BREAKING, "sad"))
    items = toy_items(task)
    names = [f"{TURNED}{number}" for number in range(35)] + [LONG]
    items = Items(tuple(sorted(names)), items.truth, items.clusters)
    runs = [
        write_run(tmp_path, task, model, right, seed, items=items)
        for model, right, seed in ((HOSTILE, 0.9, 1), (BREAKING, 0.4, 2))
    ]
    return hostile(runs)


def test_what_strangers_wrote_is_text_and_nothing_else(attacked: list[Run]) -> None:
    elements = Elements(pages_of(attacked))
    assert {tag for tag, _ in elements.elements}.isdisjoint({"script", "img", "b", "iframe"})
    assert not any(
        name.startswith("on") for _, attributes in elements.elements for name in attributes
    )
    assert "<script>document.title='owned'</script>" in elements.text
    assert "\u202e" not in elements.text
    assert "x" * 301 not in elements.text


def test_a_page_may_load_and_run_nothing(pair: list[Run]) -> None:
    elements = Elements(pages_of(pair)).elements
    (policy,) = [
        attributes["content"] for tag, attributes in elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]  # fmt: skip
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy
    assert not any("src" in attributes or attributes.get("href", "#")[0] != "#"
                   for _, attributes in elements)  # fmt: skip


def test_options_of_one_model_are_those_that_differ(tmp_path: Path) -> None:
    """Of forty options a reader looks for the one that was changed."""
    options = {"layers": 2, "pooling": "mean", "tempo": None}
    runs = [write_run(tmp_path, seed=seed, options={**options, "layers": seed}) for seed in (1, 2)]
    text = markdown.page(comparison_page.report(facts_of(runs)))
    assert "| options that differ | layers=1 | layers=2 |" in text

    runs[1] = write_run(tmp_path, model="else", options=options)
    text = markdown.page(comparison_page.report(facts_of(runs)))
    assert "| options | layers=1, pooling=mean, tempo=None | layers=2, pooling" in text


def test_of_many_speakers_and_clips_the_ends_are_shown_and_counted(tmp_path: Path) -> None:
    task = replace(toy_task(), counts=dict.fromkeys(toy_task().labels, 60))
    ids = tuple(f"clip{number:03}" for number in range(180))
    truth = tuple(task.labels[number % 3] for number in range(180))
    items = Items(ids, truth, tuple(number // 3 % 30 for number in range(180)))
    runs = [
        write_run(tmp_path, task, name, right, seed, items=items)
        for name, right, seed in (("good", 0.9, 1), ("poor", 0.2, 2))
    ]
    text = markdown.page(comparison_page.report(facts_of(runs)))
    assert "The 12 with the lowest A - B and the 6 with the highest of 30 speakers" in text

    clips = len(facts_of(runs).compared.disagreements)
    assert clips > flips.LISTED
    assert f"{clips} of 180 clips, {flips.LISTED} of them here; --json has all" in text
    assert sum(line.startswith(("| clip0", "| clip1"))
               for line in text.splitlines()) == flips.LISTED  # fmt: skip


@pytest.mark.parametrize(
    ("clusters", "words"),
    [
        (None, "no speaker is known, so of other people it says nothing"),
        ((0,) * 36, "of so few speakers no test can tell more"),
        (tuple(number // 3 % 4 for number in range(36)), "A is better than B by"),
    ],
)
def test_the_first_sentence_claims_no_more_than_the_test(
    tmp_path: Path, clusters: tuple[int, ...] | None, words: str
) -> None:
    items = replace(toy_items(toy_task()), clusters=clusters)
    runs = [
        write_run(tmp_path, model=name, right=right, seed=seed, items=items)
        for name, right, seed in (("good", 0.95, 1), ("poor", 0.1, 3))
    ]
    assert words in markdown.page(comparison_page.report(facts_of(runs)))

    same = markdown.page(comparison_page.report(facts_of([runs[0], runs[0]])))
    assert "A and B have the same UA" in same
    assert "They give every clip the same answer" in same


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give one browser for all tests."""
    with chromium() as opened:
        yield opened


@pytest.mark.slow  # a browser starts
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_in_a_browser_a_page_is_quiet_fits_and_can_be_read_by_all(
    browser: Any, attacked: list[Run], tmp_path: Path, width: int, scheme: str
) -> None:
    path = tmp_path / "d.html"
    path.write_text(pages_of(attacked), encoding="utf-8")
    with viewed(browser, path, width, color_scheme=scheme) as view:
        assert "owned" not in view.title() or view.title().startswith("<script>")
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        assert view.locator("h2").count() == 8
        assert violations(view) == []

        # A link of the list at the top leads to its part, by keyboard alone.
        link = view.get_by_role("link", name="Where they disagree")
        link.focus()
        view.keyboard.press("Enter")
        assert view.get_by_role("heading", name="Where they disagree").is_visible()
        assert view.evaluate("window.scrollY") > 0
