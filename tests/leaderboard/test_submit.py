"""`mserbench submit check` on the folders that strangers send: honest, careless, and worse."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mserbench.data import dataset, lookup
from mserbench_leaderboard import command, offered, store, submitted

pytestmark = pytest.mark.usefixtures("no_settings")
TASK = "emodb-sample"
OTHER = {
    "corpus": "ravdess", "languages": ["en"], "kind": "emotion-labels", "evidence": "our script",
}  # fmt: skip
CARD: dict[str, Any] = {
    "title": "Mine", "version": "1", "licence": "MIT", "citation": "", "exposure": [OTHER],
    "exposure_complete": True, "tasks": {TASK: 1}, "verdict": "zero-shot",
}  # fmt: skip

Write = Callable[..., Path]


def truth() -> list[tuple[str, str]]:
    labelled = dataset.truth(lookup.task(TASK), None)
    return [(utterance.id, label) for utterance, label in labelled]


def answers(right: float = 0.6, seed: int = 3) -> list[str]:
    """Return the lines of a table by a model that is right in so many cases."""
    generator = random.Random(seed)
    labels = lookup.task(TASK).labels
    return [
        f"{name},{label if generator.random() < right else generator.choice(labels)}"
        for name, label in truth()
    ]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a submission and returns its folder."""

    def make(
        card: dict[str, Any] | str | None = CARD,
        lines: list[str] | None = None,
        readme: str = "",
        name: str = "my-model",
        table: str = f"{TASK}.csv",
        head: str = "id,prediction",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        text = "\n".join([head, *(answers() if lines is None else lines)]) + "\n"
        (folder / table).write_text(text, encoding="utf-8")
        if card is not None:
            text = card if isinstance(card, str) else json.dumps(card)
            (folder / "card.json").write_text(text, encoding="utf-8")
        if readme:
            (folder / "README.md").write_text(readme, encoding="utf-8")
        return folder

    return make


def findings(folder: Path, board: Path) -> list[str]:
    return submitted.check(folder, board).findings


def test_an_honest_submission_is_clean(cli, write: Write, board: Path) -> None:
    folder = write(readme="Trained by us. It is zero-shot in German.\n")
    done = cli("submit", "check", folder, "--dir", board)
    assert done.code == 0
    line, last = done.out.splitlines()
    assert line.startswith(f"{TASK}: UA ")
    assert "verdict 'zero-shot'" in line
    assert last == f"0 to mend, 0 to look at in '{folder}'"
    assert done.err == ""


def test_json_has_all_of_it(cli, write: Write, board: Path) -> None:
    done = cli("submit", "check", write(lines=answers(right=1.0)), "--dir", board, "--json")
    assert done.code == 1
    record = json.loads(done.out)
    assert list(record) == ["name", "tasks", "findings", "doubts", "notes"]
    assert record["tasks"][0]["UA"] == 1.0
    assert "70 of 70 answers equal the labels" in record["doubts"][0]


def test_nothing_is_written_anywhere(
    write: Write, board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write()
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    submitted.check(folder, board)
    assert sorted(tmp_path.rglob("*")) == before


CHANGED: list[tuple[dict[str, Any], str]] = [
    ({"verdict": "great"}, "'verdict' is 'great'"),
    ({"exposures": []}, "did you mean 'exposure'?"),
    ({"tasks": {TASK: 7}}, "version '7' of task 'emodb-sample'"),
    ({"tasks": {TASK: 1, "aesdd": 1}}, "names the task 'aesdd'"),
    ({"tasks": [TASK]}, "'tasks' must be an object"),
    ({"title": "safe \u202e gnp.exe"}, "turn the direction of text"),
    ({"exposure": [{**OTHER, "kind": "labels"}]}, "'kind' is 'labels'"),
    ({"exposure": [{**OTHER, "languages": ["Klingon"]}]}, "'languages'"),
    ({"exposure_complete": "yes"}, "'exposure_complete'"),
    ({"exposure_complete": False}, "claims 'zero-shot', but for task 'emodb-sample' its exposure"),
    ({"exposure": [{**OTHER, "corpus": "emodb"}]}, "gives 'in-corpus'"),
    ({"exposure": [{**OTHER, "languages": ["de"]}]}, "gives 'cross-corpus'"),
]


@pytest.mark.parametrize(("change", "words"), CHANGED, ids=lambda value: str(value)[:40])
def test_a_card_that_does_not_hold_is_found(
    write: Write, board: Path, change: dict[str, Any], words: str
) -> None:
    found = findings(write({**CARD, **change}), board)
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("text", "is_claim"),
    [
        ("A zero-shot model.", True),
        ("It works Zero Shot!", True),
        ("It is not zero-shot: it was trained on German.", False),
        ("Nothing special.", False),
    ],
)
def test_what_the_readme_claims_is_held_against_the_card(
    write: Write, board: Path, text: str, is_claim: bool
) -> None:
    card = {key: value for key, value in CARD.items() if key != "verdict"}
    card["exposure"] = [{**OTHER, "languages": ["de"]}]
    found = findings(write(card, readme=text), board)
    assert ["README.md' claims 'zero-shot'" in sentence for sentence in found] == [True] * is_claim


TABLES: list[tuple[str, list[str], str]] = [
    ("id,prediction", ["03a01Fa,happy"], "of the task are missing"),
    ("id,prediction", [*answers(), "x,happy"], "1 id(s) are not of this task"),
    (
        "id,prediction",
        [*answers(), *(f"{truth()[0][0]},{label}" for label in ("sad", "happy"))],
        "occur more than once",
    ),
    ("id,prediction", [line.split(",")[0] + ",joyous" for line in answers()], "'joyous'"),
    ("id,label,prediction", [f"{name},sad,sad" for name, _ in truth()], "another task"),
    ("file,emotion", answers(), "needs 'id'"),
    ("id,answer", [f"{name},\x1b[2J sad" for name, _ in truth()], "hold controls"),
]


@pytest.mark.parametrize(("head", "lines", "words"), TABLES, ids=lambda value: str(value)[:30])
def test_predictions_that_do_not_fit_are_found(
    write: Write, board: Path, head: str, lines: list[str], words: str
) -> None:
    assert any(words in sentence for sentence in findings(write(lines=lines, head=head), board))


def test_half_a_character_in_an_answer_is_a_finding(write: Write, board: Path) -> None:
    folder = write(lines=[])
    (folder / f"{TASK}.csv").unlink()
    rows = [json.dumps({"id": name, "answer": "sad \ud800"}) for name, _ in truth()]
    (folder / f"{TASK}.jsonl").write_text("\n".join(rows))
    assert findings(folder, board)


def test_a_file_of_no_task_and_two_of_one_are_found(write: Write, board: Path) -> None:
    (sentence,) = findings(write({**CARD, "tasks": {}}, table="emodb-smaple.csv"), board)
    assert "named after no task" in sentence
    assert "emodb-sample" in sentence

    write(name="twice")
    folder = write(name="twice", table=f"{TASK}.tsv")
    assert any("has two files" in sentence for sentence in findings(folder, board))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("random", "the name of a model that is installed"),
        ("my model", "what the model would be called"),
    ],
)
def test_a_name_that_misleads_is_found(write: Write, board: Path, name: str, words: str) -> None:
    assert any(words in sentence for sentence in findings(write(name=name), board))


def make_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def make_huge(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(offered.LARGEST + 1)


STRANGE: list[tuple[str, Callable[[Path], object], str]] = [
    ("aesdd.csv", make_link, "is a link"),
    ("aesdd.csv", os.mkfifo, "is no plain file"),
    ("aesdd.csv", Path.mkdir, "is no plain file"),
    ("aesdd.csv", make_huge, "at most were expected"),
    ("README.md", make_link, "is a link"),
    ("README.md", lambda path: path.write_bytes(b"\xff\xfe\xff"), "no text in UTF-8"),
    ("README.md", lambda path: path.write_text("a\u202eb", "utf-8"), "cannot be seen"),
    ("model.pkl", Path.touch, "does not belong there"),
    ("setup.py", Path.touch, "does not belong there"),
    (".github", Path.mkdir, "does not belong there"),
    ("a\n\x1b[31m.csv", Path.touch, "named after no task"),
]


# Numbered: the text of a function holds an address, and two processes must collect the same names.
@pytest.mark.parametrize(("name", "make", "words"), STRANGE, ids=map(str, range(len(STRANGE))))
def test_files_that_do_not_belong_there_are_found_and_never_opened(
    cli, write: Write, board: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    folder = write()
    make(folder / name)
    done = cli("submit", "check", folder, "--dir", board)
    assert done.code == 1
    (line,) = [line for line in done.out.splitlines() if line.startswith("to mend")]
    assert words in line
    assert "root:" not in done.out
    assert "\x1b" not in done.out


def test_ten_thousand_files_are_one_finding(write: Write, board: Path) -> None:
    folder = write({**CARD, "tasks": {}})
    for number in range(2_000):
        (folder / f"z{number:04}.bin").touch()
    found = findings(folder, board)
    assert len(found) <= offered.FILES + 1
    assert any("holds 2,002 files" in sentence for sentence in found)


def test_a_card_that_is_no_json_costs_itself(write: Write, board: Path) -> None:
    for text in ("{", "[" * 100_000, '"text"', '{"exposure": {}}'):
        checked = submitted.check(write(text), board)
        assert len(checked.findings) == 1, checked.findings
        assert checked.answered[0].verdict == "unknown"

    (write(None) / "card.json").unlink()
    (sentence,) = findings(write(None), board)
    assert "holds no card.json" in sentence


def test_a_copy_of_a_run_on_the_board_is_doubted(write: Write, board: Path, tmp_path: Path) -> None:
    from mserbench.running.submission import score_file

    first = write(name="first")
    run = score_file(first / f"{TASK}.csv", TASK, "first", out=tmp_path / "runs")
    command.add(board, [run.folder])
    (doubt,) = submitted.check(write(name="second"), board).doubts
    assert "100.0 % of its answers equal those of run 'emodb-sample/first-" in doubt
    assert submitted.check(write(name="third", lines=answers(seed=4)), board).doubts == []


def test_what_passes_the_check_passes_onto_the_board(
    write: Write, board: Path, tmp_path: Path
) -> None:
    """If the two differed, a contributor would be told that all is well, and then be refused."""
    from mserbench.running.submission import score_file

    folder = write()
    checked = submitted.check(folder, board)
    assert not checked.findings
    run = score_file(folder / f"{TASK}.csv", TASK, folder.name, card=folder / "card.json",
                     out=tmp_path / "runs")  # fmt: skip
    (path,) = command.add(board, [run.folder])
    entry = store.load(path)
    assert entry.verdict == checked.answered[0].verdict
    assert entry.scores["UA"].value == checked.answered[0].ua


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_folder_that_holds_nothing_is_exit_3(cli, tmp_path: Path, board: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    done = cli("submit", "check", tmp_path / name, "--dir", board)
    assert done.code == 3
    assert done.err.startswith("error: submission ")


def test_a_board_that_is_none_is_told(cli, write: Write, tmp_path: Path) -> None:
    folder = write()
    assert cli("submit", "check", folder, "--dir", tmp_path / "x").code == 3
    assert cli("submit", "check").code == 2

    checked = submitted.check(folder, tmp_path / "x")
    assert "nothing was compared" in checked.notes[0]


ODD = (b"\0", b"\xff", b'"', b"\n", b"\r", b",", b"9" * 400, b"\xef\xbb\xbf", b"=cmd|' /C calc'!A0",
       "\u202e".encode(), b"NaN", b"[" * 5_000, b'{"a":', b"", b"\x1b]8;;http://x\x07")  # fmt: skip


@pytest.mark.parametrize("name", [f"{TASK}.csv", "card.json", "README.md"])
def test_bytes_changed_anywhere_are_findings_or_nothing(
    write: Write, board: Path, name: str
) -> None:
    """Whatever a stranger's file holds, the check ends, and says what it found in lines of text."""
    generator = random.Random(11)
    folder = write(readme="A model.\n")
    whole = (folder / name).read_bytes()
    for _ in range(25):
        first, last = sorted(generator.randrange(len(whole)) for _ in range(2))
        end = last if generator.random() < 0.3 else first
        (folder / name).write_bytes(whole[:first] + generator.choice(ODD) + whole[end:])
        checked = submitted.check(folder, board)
        for sentence in (*checked.findings, *checked.doubts, *checked.notes):
            assert "\x1b" not in sentence
            assert len(sentence) < 10_000
