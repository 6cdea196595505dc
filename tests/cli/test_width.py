"""Every command that prints a table keeps to the width of the terminal, and says what it left
out.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mserbench.data import dataset, lookup

TASK = "emodb-sample"
WIDTHS = (60, 80)
LISTINGS = (
    "tasks",
    "models",
    "corpora",
    "plugins",
    "weights list",
    "data status",
    "experiment",
    "experiment mser-table1 --plan",
    "experiment transfer-real --plan",
    "models mser-llm",
    "models prior",
    "packages",
    "conform task emodb-sample",
    "conform corpus emodb-sample",
    "conform model prior",
    "audit emodb-sample --no-audio",
    "data show emodb",
    "data verify emodb-sample",
    "weights verify",
)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of predictions of the sample that ships with the package."""
    path = tmp_path_factory.mktemp("answers") / "mine.csv"
    items = dataset.load(lookup.task(TASK), None).items
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "prediction"])
        writer.writerows([item.utterance.id, "happy"] for item in items)

    return path


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("words", LISTINGS)
def test_no_line_is_wider_than_the_terminal(
    cli, monkeypatch: pytest.MonkeyPatch, words: str, columns: int
) -> None:
    """A table whose rows wrap cannot be read: nobody sees which cell stands below which head."""
    monkeypatch.setenv("COLUMNS", str(columns))
    done = cli(*words.split())
    lines = [*done.out.splitlines(), *done.err.splitlines()]
    assert (done.code, [line for line in lines if len(line) > columns]) == (0, [])


@pytest.mark.parametrize("columns", WIDTHS)
def test_no_line_about_runs_is_wider_than_the_terminal(
    cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: Path, columns: int
) -> None:
    """So with the numbers themselves; the score stays, whatever has to go."""
    monkeypatch.setenv("COLUMNS", str(columns))
    shared = ["--task", TASK, "--out", tmp_path]
    ran = cli("run", "--model", "prior,random", *shared)
    scored = cli("score", answers, "--name", "a-name-that-is-long-for-a-table", *shared)
    folders = sorted(path.parent for path in tmp_path.rglob("run.json"))
    compared = cli("compare", *folders[:2])

    for done in (ran, scored, compared):
        assert done.code == 0
        assert [line for line in done.out.splitlines() if len(line) > columns] == []

    assert "UA [95 % interval]" in " ".join(ran.out.split())


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_tables_and_sentences_of_an_audit_fit_the_terminal(
    cli, monkeypatch: pytest.MonkeyPatch, build_corpus, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = cli("audit", "emodb", "--data", build_corpus())
    assert done.code == 0
    assert [line for line in done.out.splitlines() if len(line) > columns] == []


def test_what_was_left_out_is_said_and_can_be_had(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that is silently missing would be looked for in vain."""
    monkeypatch.setenv("COLUMNS", "60")
    before, _, hint = cli("tasks").out.partition("left out: ")
    assert " ".join(hint.split()) == "languages, labels, plugin; --wide shows all columns"
    assert before.splitlines()[0].split() == ["name", "title", "clips"]

    wide = cli("tasks", "--wide").out.splitlines()
    assert wide[0].split() == ["name", "title", "languages", "labels", "clips", "plugin"]
    assert not wide[-1].startswith("left out")


def test_a_pipe_gets_whole_rows(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads a pipe takes lines for rows, and asked for no width."""
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = cli("tasks").out
    assert piped == cli("tasks", "--wide").out
    assert len(piped.splitlines()) == len(cli("tasks", "--json").out.split('"name":')) - 1 + 2


def test_json_knows_no_width(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs get the same whatever terminal they were started from."""
    whole = cli("models", "--json").out
    monkeypatch.setenv("COLUMNS", "20")
    assert cli("models", "--json").out == whole
