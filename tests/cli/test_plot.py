"""`mserbench plot embeddings` as people type it: the files it writes, what it prints, and its
errors.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

TASK = "emodb-sample"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(cli) -> str:
    """Score the 70 recordings that ship with the package by weights that do too; returns the run
    folder.
    """
    done = cli("run", "--model", "logmel", "--task", TASK, "--json")
    return json.loads(done.out)[0]["run_dir"]


def test_a_picture_a_table_and_numbers(cli, run: str) -> None:
    """If the picture came alone, a reader would take its gaps for findings."""
    done = cli(
        "plot", "embeddings", run, "--by", "emotion,speaker", "--out", "a.png", "--csv", "a.csv"
    )
    assert done.code == 0, done.err
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert Path("a.png").stat().st_size < 200_000
    lines = done.out.splitlines()
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["emotion", "7", "70"],
        ["language", "1", "70"],
        ["speaker", "10", "70"],
    ]
    assert "distances between groups mean little" in done.out
    assert "Written: a.png, a.csv" in done.out
    rows = list(csv.DictReader(Path("a.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 70
    assert list(rows[0]) == [
        "id",
        "task",
        "x",
        "y",
        "emotion",
        "language",
        "speaker",
        "prediction",
        "corpus",
    ]
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert {row["language"] for row in rows} == {"de"}


def test_the_same_run_gives_the_same_bytes(cli, run: str) -> None:
    """Else a published picture would change without a reason."""
    cli("plot", "embeddings", run, "--out", "a.png")
    cli("plot", "embeddings", run, "--out", "b.png")
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_json_prints_json_and_nothing_else(cli, run: str) -> None:
    """If anything stood beside it, no program could read it."""
    record = json.loads(cli("plot", "embeddings", run, "--limit", 30, "--json").out)
    assert (record["model"], record["tasks"], record["n"], record["dim"]) == (
        "logmel",
        [TASK],
        30,
        120,
    )
    assert record["marks"] == ["partial"]
    assert record["files"] == ["embeddings.png"]
    assert record["silhouettes"]["language"] == {"groups": 1, "n": 30, "silhouette": None}
    assert -1 <= record["silhouettes"]["emotion"]["silhouette"] <= 1


def test_several_languages_are_measured_within_each_too(cli, run: str, build_corpus) -> None:
    """Pooled, what divides the languages hides what divides the emotions."""
    data = build_corpus("emovo")
    done = cli(
        "plot", "embeddings", run, "--also", "emovo", "--data", data, "--limit", 40, "--json"
    )
    record = json.loads(done.out)
    assert record["silhouettes"]["language"]["groups"] == 2
    assert record["silhouettes"]["emotion within a language"]["n"] == 80
    assert "each language is one corpus here" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--by", "mood"), "--by names 'mood', but there is emotion, language"),
        (("--by", "emotion,emotion"), "--by is 'emotion,emotion'"),
        (("--also", "emodb-sampel"), "did you mean 'emodb-sample'"),
        (("--limit", 5), "10 or more are needed"),
        (("--weights", "demo"), "are not those that run"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_2(
    cli, run: str, arguments: tuple[object, ...], words: str
) -> None:
    """A traceback helps nobody who typed a wrong word."""
    done = cli("plot", "embeddings", run, *arguments)
    assert done.code == 2
    assert words in done.err
    assert not Path("embeddings.png").exists()


def test_a_model_without_vectors_and_a_folder_without_a_run(cli, plugin) -> None:
    """Each is told in a sentence, before data or weights are read."""
    plugin()
    folder = json.loads(cli("run", "--model", "steady", "--task", TASK, "--json").out)[0]["run_dir"]
    done = cli("plot", "embeddings", folder)
    assert (done.code, done.out) == (2, "")
    assert "model 'steady' gives no embeddings" in done.err
    done = cli("plot", "embeddings", "nowhere")
    assert done.code == 3
    assert "is no finished run" in done.err


def test_without_matplotlib_the_extra_is_named_first(
    cli, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an hour of features would be computed before the picture fails."""
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else real(name)
    )
    done = cli("plot", "embeddings", run)
    assert done.code == 4
    assert "pip install 'mserbench[plots]'" in done.err


def test_a_file_that_cannot_be_written_is_said(cli, run: str) -> None:
    """A traceback of the file system would end a long computation."""
    Path("a-file").write_text("")
    done = cli("plot", "embeddings", run, "--out", "a-file/x.png")
    assert done.code == 3
    assert "cannot be written" in done.err
