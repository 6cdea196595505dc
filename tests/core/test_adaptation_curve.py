"""The experiment on adaptation: its numbers are those of runs, and page and picture are remade."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_adapting import CODE

from mserbench import evaluate
from mserbench.data import dataset, lookup
from mserbench.errors import DataError, UsageError
from mserbench.experiments import folder
from mserbench.experiments.adaptation import curve, letters, warnings
from mserbench.experiments.adaptation.curve import Curve, Point
from mserbench.experiments.lookup import experiment_file
from mserbench.running.spec import Spec

Cli = Callable[..., Any]
TASK = "emodb-sample"
TOML = """
kind = "adaptation"
title = "Two draws"
models = ["centred"]
tasks = ["emodb-sample"]
clips = [3, 100]
draws = 2
"""


@pytest.fixture
def made(plugin: Callable[..., Path], cli: Cli, tmp_path: Path) -> Path:
    """Return the folder of a small curve, made in this process."""
    plugin(CODE, models=["Centred"])
    (tmp_path / "mine.toml").write_text(TOML)
    done = cli("experiment", tmp_path / "mine.toml", "--out", tmp_path / "out", "--jobs", 1)
    assert done.code == 0, done.err
    return tmp_path / "out"


def test_every_number_of_a_curve_is_that_of_a_run(made: Path, tmp_path: Path) -> None:
    """Else the curve would be of another protocol than the command that it stands for."""
    runs = {
        Point(clips, draw): evaluate("centred", TASK, out=tmp_path, adapt=clips, draw=draw)
        for clips, draw in ((0, 0), (3, 0), (3, 1))
    }
    record = json.loads((made / "record.json").read_text())
    data = (made / "answers" / "emodb-sample.centred.txt.gz").read_bytes()
    labels = record["tasks"][TASK]["labels"]
    lines = letters.read("a", data, 70, list(runs))
    for point, run in runs.items():
        assert letters.answers_of(lines[point], labels) == [row.prediction for row in run.rows]

    page = (made / "README.md").read_text()
    mean = np.mean([runs[Point(3, draw)].metrics["UA"] for draw in range(2)])
    # A hundred clips are not there to hear.
    assert f"| {100 * runs[Point(0)].metrics['UA']:.1f} | {100 * mean:.1f} ± " in page
    assert "centred on emodb-sample: zero-shot" in page


def test_a_curve_is_remade_byte_for_byte_and_what_was_changed_is_found(
    made: Path, cli: Cli
) -> None:
    words = ["experiment", "mine.toml", "--out", made]
    assert cli(*words, "--replay").code == 0
    (made / "curve.svg").write_text("<svg/>")
    assert cli(*words, "--replay").code == 1
    assert cli(*words, "--rewrite").code == 0
    assert folder.is_remade(made)

    answers = made / "answers" / "emodb-sample.centred.txt.gz"
    said = gzip.decompress(answers.read_bytes())
    answers.write_bytes(gzip.compress(said.replace(b"a", b"b"), mtime=0))
    assert cli(*words, "--replay").code == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b"3 0 ab\n"), gzip.compress(b"x" * 100_000_000)[:5_000],
     gzip.compress(b"3 0 aba\n") + b"more", gzip.compress(b"a" * 10_000_000)],
)  # fmt: skip
def test_answers_that_are_damaged_are_told_and_cost_no_memory(data: bytes) -> None:
    with pytest.raises(DataError, match="is damaged"):
        letters.read("answers", data, 3, [Point(3)])


def test_letters_are_answers_and_back() -> None:
    labels = ("sad", "happy")
    text = letters.letters_of(["happy", "", "sad"], labels)
    assert text == "b-a"
    assert letters.answers_of(text, labels) == ["happy", None, "sad"]
    packed = letters.write({Point(3, 1): text, Point(0): "aaa"})
    assert letters.read("a", packed, 3, [Point(0), Point(3, 1)])[Point(3, 1)] == text
    assert packed == letters.write({Point(0): "aaa", Point(3, 1): text})


def test_a_curve_that_was_cut_off_asks_for_what_is_missing_alone(
    made: Path, cli: Cli, tmp_path: Path
) -> None:
    (lines,) = (made / "lines").iterdir()
    text = lines.read_text()
    # As a kill leaves it: the last line is torn.
    lines.write_text(text[:-20])
    page = (made / "README.md").read_bytes()
    again = cli("experiment", tmp_path / "mine.toml", "--out", made, "--jobs", 1)
    assert again.code == 0
    assert lines.read_text() == text
    assert (made / "README.md").read_bytes() == page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("draws = 2", "draws = 0"), "'draws' is 0, but a whole number from 1"),
        (("clips = [3, 100]", "clips = [-1]"), "'clips' is"),
        (("draws = 2", 'adapt_from = "us"'), "'adapt_from' is 'us'"),
        (("draws = 2", "draws_of.centred = true"), "'centred' is True"),
        (("draws = 2", "drawn = 2"), "did you mean 'draws'"),
    ],
)
def test_a_mistake_in_the_file_is_named(
    change: tuple[str, str], words: str, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    plugin(CODE, models=["Centred"])
    (tmp_path / "mine.toml").write_text(TOML.replace(*change))
    with pytest.raises(UsageError) as error:
        curve.load(str(tmp_path / "mine.toml"))

    assert words in str(error.value)


def test_options_of_tables_are_refused_and_a_plan_asks_nothing(
    plugin: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    plugin(CODE, models=["Centred"])
    (tmp_path / "mine.toml").write_text(TOML)
    refused = cli("experiment", tmp_path / "mine.toml", "--seeds", "1")
    assert refused.code == 2
    assert "leave the other options out" in " ".join(refused.err.split())
    plan = cli("experiment", tmp_path / "mine.toml", "--plan")
    assert "adaptations: 5" in plan.out
    (tmp_path / "mine.toml").write_text(f"{TOML}draws_of.centred = 1\n")
    assert "adaptations: 3" in cli("experiment", tmp_path / "mine.toml", "--plan").out


def test_the_shipped_curve_is_of_the_issue() -> None:
    """Every model that can, on four corpora of people, 20 draws of each number."""
    shipped = curve.load("adaptation")
    assert isinstance(shipped, Curve)
    assert shipped.tasks == ("ravdess", "emodb", "emovo", "aesdd")
    assert (shipped.clips, shipped.draws) == ((0, 1, 3, 10, 30, 100), 20)
    assert len(list(shipped.points("logmel"))) == 101
    assert experiment_file("adaptation").is_file()


def test_the_rate_of_warnings_counts_draws_that_are_called_far_or_one_sided(
    plugin: Callable[..., Path],
) -> None:
    """A rate that is always 0 would let any warning pass for a right one."""
    plugin(
        CODE
        + """
    class Loud(Centred):
        def predict(self, clips, labels):
            return np.array([[label == "sad" for label in labels]] * len(clips), float)

        def remoteness(self, clips):
            return Remoteness(float(len(clips) > 25), 0.5, "small corpus")
""",
        models=["Loud"],
    )
    target = dataset.load(lookup.task(TASK), None)
    near = warnings.rates(Spec.of("steady", target), target, [20, 30, 500], 5)
    assert [(rate.clips, rate.one_sided) for rate in near] == [(20, 0.0), (30, 0.0)]
    far = warnings.rates(Spec.of("loud", target), target, [20, 30], 5)
    assert [(rate.far, rate.one_sided) for rate in far] == [(0.0, 1.0), (1.0, 1.0)]
