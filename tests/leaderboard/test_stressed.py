"""What models lose under stress, on the board: its table, its replay, what is refused, the cards."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mserbench.data import dataset, lookup
from mserbench.running.spec import Spec
from mserbench.stress import measured, record
from mserbench.stress.record import Stressed
from mserbench.stress.stressing import stress
from mserbench_leaderboard import stressed as on_board
from tests.leaderboard.conftest import MakeRun

TASK = "emodb-sample"


@pytest.fixture(scope="module")
def made(own_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Stressed:
    """A quick model on all clips of the sample that ships, which it does not hear."""
    target = dataset.load(lookup.task(TASK), None)
    return stress(Spec.of("random", target), target, tmp_path_factory.mktemp("stress"))


@pytest.fixture
def stressed(made: Stressed, board: Path, make_run: MakeRun) -> Path:
    """The record on the board, beside a run."""
    make_run()
    place = board / on_board.STRESS / TASK / made.folder.name
    shutil.copytree(made.folder, place)
    return place


@pytest.fixture
def do(board: Path, cli: Callable[..., Any]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: str) -> tuple[int, str, str]:
        done = cli("leaderboard", "--dir", board, "--no-pictures", *arguments)
        return done.code, done.out, done.err

    return call


def test_the_board_shows_mean_and_worst(
    do: Callable[..., tuple[int, str, str]], stressed: Path, board: Path, made: Stressed
) -> None:
    assert do()[0] == 0
    page = (board / "README.md").read_text()
    (row,) = [line for line in page.split("\n") if "10 dB quieter" in line]
    assert f"{100 * made.costs.mean.ua:.1f}" in row
    assert f"{100 * made.costs.worst.ua:.1f}" in row
    assert do("--replay")[0] == 0


def test_the_page_has_the_row_of_the_board(
    do: Callable[..., tuple[int, str, str]], stressed: Path, board: Path
) -> None:
    """If the page rounded or ordered by itself, the two would contradict each other."""
    assert do("--html", str(board / "site"))[0] == 0
    (row,) = [
        line for line in (board / "README.md").read_text().split("\n") if "10 dB quieter" in line
    ]
    page = (board / "site" / "index.html").read_text()
    block = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)[0]
    (line,) = json.loads(block)["stress"]
    clean, lower, upper = line["clean"]
    cells = [line["task"], line["name"], f"{clean} [{lower}, {upper}]", str(line["mean"]),
             line["change"], line["worst"], str(line["worstUa"]), line["worstChange"]]  # fmt: skip
    assert row.startswith(f"| {' | '.join(cells)} |")
    assert line["kind"] == "floor"
    assert do("--replay", "--html", str(board / "site"))[0] == 0


def test_without_records_the_board_says_nothing_of_stress(
    do: Callable[..., tuple[int, str, str]], board: Path, make_run: MakeRun
) -> None:
    make_run()
    do()
    assert "## Under stress" not in (board / "README.md").read_text()


def test_the_replay_finds_a_number_that_was_edited(
    do: Callable[..., tuple[int, str, str]], stressed: Path
) -> None:
    do()
    path = stressed / record.RECORD
    kept = json.loads(path.read_text())
    kept["costs"]["mean"]["ua"] = 0.999
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    code, out, _ = do("--replay")
    assert code == 1
    assert "is not what its answers give" in out


def test_what_is_no_record_stops_the_board(
    do: Callable[..., tuple[int, str, str]], stressed: Path, board: Path
) -> None:
    (board / on_board.STRESS / "note.txt").write_text("x")
    (stressed / record.ANSWERS).write_text("id,label,clean\n")
    again = stressed.with_name("random-again")
    shutil.copytree(stressed, again)
    code, _, err = do()
    assert code == 3
    assert "TASK/RUN folders only" in err
    assert err.count("was changed later") == 2


def test_partial_records_and_twins_are_refused(made: Stressed) -> None:
    partial = replace(made, record=replace(made.record, partial=True))
    twin = replace(made, folder=made.folder.with_name("other"))
    partial_fault, twin_fault = on_board._faults([partial, twin])
    assert "is partial" in partial_fault
    assert "are of one system" in twin_fault


def test_a_models_card_tells_its_worst(
    do: Callable[..., tuple[int, str, str]],
    stressed: Path,
    board: Path,
    made: Stressed,
    monkeypatch: pytest.MonkeyPatch,
    cli: Callable[..., Any],
) -> None:
    """As the board of a source tree writes it, and as `mserbench models` reads it."""
    path = board.parent / "mserbench" / "stress" / measured.FILE
    path.parent.mkdir(parents=True)
    path.write_text("[]\n")
    do()
    assert json.loads(path.read_text())[0]["worst"] == made.costs.worst.name
    assert do("--replay")[0] == 0

    path.write_text("[]\n")
    code, out, _ = do("--replay")
    assert code == 1
    assert measured.FILE in out

    do()
    monkeypatch.setattr(measured.importlib.resources, "files", lambda _: path.parent)
    assert f"({made.costs.worst.name}, " in cli("models", "random").out
    assert "stress" not in cli("models", "prior").out
