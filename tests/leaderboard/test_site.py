"""The page of the board without a browser: its numbers, its bytes, its policy, its labels."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from mserbench.cards import Exposure
from mserbench.cli import main
from mserbench_leaderboard import board as boards
from mserbench_leaderboard import published, registered, store
from mserbench_leaderboard.command import PAGE
from mserbench_leaderboard.site import content, page
from tests.browser import LONG
from tests.leaderboard.browser import hostile_values, made_values
from tests.leaderboard.conftest import MakeRun, toy_task, trained

MOST_BYTES = 3_000_000


def sections_of(board: Path) -> list[boards.Section]:
    """Return the sections of a board on disk."""
    entries, _ = store.collect(board / store.RESULTS)
    reported = published.read(board / published.FILE)
    return boards.build(entries, reported, registered.question)[0]


def call(board: Path, *arguments: str) -> int:
    """Run the command without pictures; return its exit code."""
    with pytest.raises(SystemExit) as stopped:
        main(["leaderboard", "--dir", str(board), "--no-pictures", *arguments])
    return int(stopped.value.code or 0)


class Blocks(HTMLParser):
    """The raw texts of the script and style elements of a page, and its policy."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.policy = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember which element a text is in, and the policy."""
        facts = dict(attrs)
        if "http-equiv" in facts:
            self.policy = facts["content"] or ""
        self._inside = facts.get("id") or tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep the text of a script or a style."""
        if self._inside:
            self.texts.append((self._inside, data))


def test_the_page_has_the_numbers_of_the_board(board: Path, make_run: MakeRun) -> None:
    """If the page rounded by itself, the two would contradict each other in the last digit."""
    for seed in range(3):
        make_run(model="good", seed=seed, weights=trained(seed), right=0.7)
    make_run(model="worse", right=0.4)
    assert call(board) == 0
    readme = (board / "README.md").read_text(encoding="utf-8")

    systems = content.of(sections_of(board))["systems"]
    assert [system["name"] for system in systems] == ["good", "worse"]
    for system in systems:
        value, low, high = system["ua"]
        line = rf"\| {system['rank']} \| {system['name']} \| {value} \[{low}, {high}\] \|"
        assert re.search(line, readme), line
        assert " | ".join(map(str, system["more"])) in readme
    assert [seed for seed, _, _ in systems[0]["seeds"]] == ["0", "1", "2"]


def test_a_model_has_one_name_on_all_tasks(board: Path, make_run: MakeRun) -> None:
    """If it had another where a neighbour is called alike, the heat map would part its row."""
    for corpus in ("x", "y"):
        exposure = Exposure(corpus, ("de",), "emotion-labels", "its manifest")
        make_run(model="good", seed=len(corpus) + ord(corpus), exposures=(exposure,))
    systems = content.of(sections_of(board))["systems"]
    assert sorted(system["name"] for system in systems) == ["good, on x", "good, on y"]
    assert [system["called"] for system in systems] == ["good", "good"]


def test_what_is_zero_is_not_left_out(board: Path, make_run: MakeRun) -> None:
    """Zero is equal to False in Python, and a number that is left out looks like none."""
    make_run()
    (system,) = content.of(sections_of(board))["systems"]
    assert system["unparsed"] == 0.0
    assert "trained" in system


def test_groups_are_filtered_by_what_the_board_calls_them(board: Path, make_run: MakeRun) -> None:
    """A group without a kind would be shown to nobody."""
    make_run(model="good")
    make_run(model="shifting", transductive=True)
    make_run(model="tuned", development=("toy-a-corpus",))
    make_run(model="insider", verdict="in-corpus")
    make_run(model="prior")
    values = content.of(sections_of(board))
    kinds = {system["name"]: values["groups"][system["group"]]["kind"]
             for system in values["systems"]}  # fmt: skip
    assert kinds == {
        "good": "zero-shot", "shifting": "transductive", "tuned": "development",
        "insider": "other", "prior": "floor",
    }  # fmt: skip
    assert set(content.KINDS) == set(boards.GROUPS)


def test_written_then_checked(
    board: Path, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page edited by hand, or older than its runs, must not survive a check."""
    make_run()
    site = board / "site"
    assert call(board, "--html", str(site)) == 0
    before = (site / PAGE).read_bytes()
    assert call(board, "--html", str(site)) == 0
    assert (site / PAGE).read_bytes() == before
    assert call(board, "--replay", "--html", str(site)) == 0

    (site / PAGE).write_bytes(before.replace(b"Zero-shot", b"Zero-Shot"))
    capsys.readouterr()
    assert call(board, "--replay", "--html", str(site)) == 1
    assert f"run 'mserbench leaderboard --html {site}'" in capsys.readouterr().out
    assert call(board, "--replay") == 0
    (site / PAGE).unlink()
    assert call(board, "--replay", "--html", str(site)) == 1


def test_links_lead_from_where_the_page_lies(board: Path, make_run: MakeRun) -> None:
    """A page that is passed on must not tell of the folders of whoever made it."""
    make_run()
    for out, way in ((board / "site", "../results"), (board.parent / "site", "../board/results")):
        way = way.replace("board", board.name)
        text = page.text(sections_of(board), board, out)
        assert f'"results":"{way}"' in text
        assert (out / way).resolve() == (board / "results").resolve()

    text = page.text(sections_of(board), board, board.parent.parent / "elsewhere")
    assert '"results":""' in text
    assert str(board.parent.name) not in text


def test_the_policy_names_what_is_in_the_page_and_nothing_else() -> None:
    """A hash that fits nothing shows an empty page; a source that is allowed lets others in."""
    blocks = Blocks(page.render(hostile_values()))
    texts = dict(blocks.texts)
    for name, kind in (("script", "script-src"), ("style", "style-src")):
        digest = base64.b64encode(hashlib.sha256(texts[name].encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in blocks.policy
    assert blocks.policy.startswith("default-src 'none';")
    assert not re.search(r"unsafe|https?:|\*|data:", blocks.policy)
    assert [name for name, _ in blocks.texts] == ["style", "data", "words", "script"]


def test_strangers_texts_stay_in_the_data() -> None:
    """A name that ends the script block would go on as HTML, and one with a slot as our program."""
    values = hostile_values()
    text = page.render(values)
    texts = dict(Blocks(text).texts)
    assert json.loads(texts["data"]) == json.loads(json.dumps(values))
    assert (texts["data"] + texts["words"]).isascii()
    assert not re.search("[<>&]", texts["data"] + texts["words"])
    assert text.count("<script") == text.count("</script>") == 3


def test_a_name_of_five_thousand_characters_is_cut(board: Path, make_run: MakeRun) -> None:
    """A single stranger's run must not make the page as large as all others."""
    make_run(options={"prompt": LONG}, model="m" * 100)
    values = content.of(sections_of(board))
    assert max(map(len, values["texts"])) <= content.LONGEST
    assert content.cut(LONG) == "x" * (content.LONGEST - 1) + "…"


def test_two_thousand_results_stay_small() -> None:
    """A page of tens of megabytes opens on no phone."""
    assert len(page.render(made_values(20, 100))) < MOST_BYTES


def slots(labels: dict[str, str]) -> dict[str, list[str]]:
    """Return the slots of each label, sorted."""
    return {key: sorted(re.findall(r"\{(\w+)\}", label)) for key, label in labels.items()}


@pytest.mark.parametrize("language", sorted(page.words()))
def test_a_language_has_all_labels(language: str) -> None:
    """A label that is missing would stand in English, or as its key, in a page of another tongue."""
    labels = page.words()[language]
    assert slots(labels) == slots(page.words()[page.FIRST])
    assert all(label.strip() == label != "" for label in labels.values())
    assert labels["direction"] in ("ltr", "rtl")


def test_labels_are_those_that_the_program_uses() -> None:
    """A key that is misspelt shows itself in place of a label, and one that is unused misleads."""
    folder = files("mserbench_leaderboard.site")
    source = "\n".join(
        (folder / name).read_text(encoding="utf-8") for name in (*page.PROGRAM, "page.html")
    )
    keys = set(page.words()[page.FIRST])
    keys_of_program = set(re.findall(r'(?:\bword\(|data-word=|fact\(list, )"([\w.]+)"', source))
    assert keys_of_program <= keys

    quoted = set(re.findall(r'"([\w.]+)"|key: "(\w+)"', source))
    used = {text for pair in quoted for text in pair} | {"name", "direction"}
    used |= {f"kind.{kind}" for kind in re.findall(r'const KINDS = \[(.*?)\]', source)[0]
             .replace('"', "").split(", ")}  # fmt: skip
    assert keys - used == set()


def test_the_parts_of_the_page_are_in_the_package() -> None:
    """A file that is not read at build time is missed by the first user of the wheel."""
    folder = files("mserbench_leaderboard.site")
    present: set[Any] = {entry.name for entry in folder.iterdir()}
    assert {"page.html", "page.css", "languages", *page.PROGRAM} <= present


def test_a_task_of_a_stranger_has_the_corpus_of_its_record(board: Path, make_run: MakeRun) -> None:
    """No plugin is at hand for it, so licence and citation come from the runs."""
    make_run(task=toy_task("toy-z"))
    (task,) = content.of(sections_of(board))["tasks"]
    assert (task["name"], task["corpus"]["licence"]) == ("toy-z", "CC0-1.0")
