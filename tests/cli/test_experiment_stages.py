"""Tables whose systems learn in stages: each stage once, in order, found again, told where it
fails; and the sets that a user makes for them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import soundfile
from processes import is_alive, wait_for
from small_tables import toml_setting, toml_system

from mserbench.data import lookup
from mserbench.experiments import describing, plan, sets, validating, work
from mserbench.experiments.definition import load
from mserbench.experiments.learning import Training
from mserbench.labels import CANONICAL
from mserbench.results.manifest import read_manifest
from mserbench.running.lookup import model_class

Cli = Callable[..., Any]
Install = Callable[..., Path]
MODELS = """
    import hashlib
    import os
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Options:
        seed: int = 0
        init: str = ""
        stage: int = 1
        rate: float = 0.1
        broken: int = 0
        wait: int = 0

    class Staged(TrainableModel):
        Options = Options
        needs_weights = True

        def __init__(self, options=None, weights=None, device="cpu"):
            super().__init__(options, weights, device)
            self.trained = (weights / "weights.txt").read_text() if weights else ""

        card = property(lambda self: _card("staged"))

        def fit(self, training, validation, out):
            mine = self.options
            corpora = " ".join(sorted({item.corpus for item in training}))
            with open(os.environ["TRAINED"], "a") as log:
                log.write(f"{os.getpid()} {corpora} {mine.stage} {mine.rate} {mine.seed}\\n")
            if mine.wait == mine.stage and not os.path.exists(os.environ["GO"]):
                time.sleep(60)
            if mine.broken == mine.stage:
                raise ValueError("the loss is not finite")
            start = (Path(mine.init) / "weights.txt").read_text() if mine.init else "nothing"
            (out / "weights.txt").write_text(f"{start}, then {corpora} {mine.rate} {mine.seed}")

        def predict(self, clips, labels):
            said = [hashlib.sha256(f"{clip.key} {self.trained}".encode()).digest() for clip in clips]
            return np.array([[one[i] / 256 for i in range(len(labels))] for one in said])
"""
TWO_STAGES = 'stages = [{ train = ["source"] }, { train = ["others"], options = { stage = 2 } }]'
TABLE = f"""
title = "Stages"
reference = "english"
seeds = [0, 1]

[corpora.EN]
train = "emovo"

[corpora.SET]
train = "small-set"
build = "mserbench m5ser build --sources emovo --out small-set"

[corpora.DE]
test = "emodb"

{toml_setting("to-DE", "EN", "DE", "SET")}
{toml_system("english", "staged", "source")}
[[systems]]
name = "two"
model = "staged"
{TWO_STAGES}

[[systems]]
name = "two-fast"
model = "staged"
stages = [{{ train = ["source"] }}, {{ train = ["others"], options = {{ stage = 2, rate = 0.9 }} }}]
"""
SET = """
name = "NAME"
language = "fr"
synthetic = true
pattern = '(?P<speaker>.)-(?P<label>[a-z]+)[.]wav'

[labels]
"""


@pytest.fixture(autouse=True)
def no_corpora_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget where corpora of one's own lie, as each start of the program does."""
    monkeypatch.setattr(lookup, "_owned", {})
    monkeypatch.setattr(lookup, "_meant", {})


@pytest.fixture
def table(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build_corpus: Install
) -> Path:
    """Write the table and its set; returns the data folder."""
    plugin(MODELS, models=["Staged"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAINED", str(tmp_path / "trained"))
    monkeypatch.setenv("GO", str(tmp_path / "go"))
    (tmp_path / "stages.toml").write_text(dedent(TABLE))
    a_set(tmp_path / "small-set")

    folder = build_corpus("emovo")
    # Its recordings must not be those of the other corpus.
    for path in (folder / "emovo").rglob("*.wav"):
        path.write_bytes(path.read_bytes()[:-2] + b"\1\0")

    return build_corpus("emodb")


def a_set(folder: Path, name: str = "small-set") -> None:
    """Make a corpus of one's own of two speakers, as a folder with `corpus.toml`."""
    folder.mkdir()
    noise = np.random.default_rng(1)
    for label in CANONICAL:
        for speaker in "ab":
            wave = noise.normal(0, 0.1, 1_600).astype(np.float32)
            soundfile.write(folder / f"{speaker}-{label}.wav", wave, 16_000)

    labels = "".join(f'{label} = "{label}"\n' for label in CANONICAL)
    (folder / "corpus.toml").write_text(SET.replace("NAME", name) + labels)


def trained(folder: Path) -> list[str]:
    """Return what was trained, in order, without the process."""
    lines = (folder / "trained").read_text().splitlines()
    return [line.split(maxsplit=1)[1] for line in lines]


def contents(folder: Path) -> dict[str, object]:
    """Return what a table leaves that must not depend on how often it was killed."""
    record = json.loads(
        (folder / "record.json").read_text(), object_hook=lambda entry: {**entry, "seconds": 0}
    )
    weights = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.glob("trainings/*/*.*")
    }
    answers = {path.name: path.read_bytes() for path in folder.glob("answers/*")}
    return {"record": record, **weights, **answers}


def test_a_stage_goes_on_from_the_one_before_and_is_shared(
    cli: Cli, table: Path, tmp_path: Path
) -> None:
    """Trained again for each row, a table of stages would cost days more; trained from nothing, it
    would show something else than it says.
    """
    done = cli("experiment", "stages.toml", "--data", table, "--jobs", 1)
    assert done.code == 0, done.err
    assert sorted(trained(tmp_path)) == [
        *(f"emovo 1 0.1 {seed}" for seed in (0, 1)),
        *(f"small-set 2 {rate} {seed}" for rate in (0.1, 0.9) for seed in (0, 1)),
    ]
    assert "training 6/6: staged on small-set, seed 1, stage 2: done" in done.err

    out = tmp_path / "experiments/stages"
    weights = {path.read_text(): path.parent for path in out.glob("trainings/*/weights.txt")}
    folder = weights["nothing, then emovo 0.1 1, then small-set 0.9 1"]
    manifest = read_manifest(folder)
    assert [stage.on for stage in manifest.stages] == [("emovo",), ("small-set",)]
    assert {source.corpus for source in manifest.all_sources} == {"emovo", "small-set"}
    assert str(tmp_path) not in (folder / "manifest.json").read_text()

    page = (out / "README.md").read_text()
    assert "| two | staged 1 | source, then others | stage 2: stage=2 | 4 |" in page
    assert cli("experiment", "stages.toml", "--replay").code == 0
    again = cli("experiment", "stages.toml", "--data", table)
    assert again.err.count("was there") == 6
    assert len(trained(tmp_path)) == 6


def test_killed_in_its_second_stage_a_table_does_not_train_the_first_again(
    cli: Cli, table: Path, tmp_path: Path
) -> None:
    """The first stage of the paper takes days of a GPU."""
    slow = ["--data", str(table), "--jobs", "1", "--seeds", "0", "--option", "staged.wait=2"]
    command = [sys.executable, "-m", "mserbench", "experiment", "stages.toml", *slow]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    log = tmp_path / "trained"
    wait_for(lambda: log.exists() and "small-set 2" in log.read_text(), 300)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    workers = {int(line.split()[0]) for line in log.read_text().splitlines()}
    wait_for(lambda: not any(map(is_alive, workers)))

    (tmp_path / "go").touch()
    before = trained(tmp_path)
    assert [line.split()[0] for line in before] == ["emovo", "small-set"]
    done = cli("experiment", "stages.toml", *slow)
    assert done.code == 0, done.err
    assert [line.split()[0] for line in trained(tmp_path)[2:]] == ["small-set", "small-set"]

    assert cli("experiment", "stages.toml", *slow, "--out", "whole").code == 0
    assert contents(tmp_path / "whole") == contents(tmp_path / "experiments/stages")


def test_a_stage_that_fails_fails_its_followers_by_a_sentence(
    cli: Cli, table: Path, tmp_path: Path
) -> None:
    """Else they would fail for weights that are not there, in words that help nobody."""
    options = ["--data", table, "--seeds", 0, "--option", "staged.broken=1"]
    done = cli("experiment", "stages.toml", *options)
    assert done.code == 4
    assert "3 cell(s) have no numbers" in done.err
    assert len(trained(tmp_path)) == 1
    page = (tmp_path / "experiments/stages/README.md").read_text()
    cause = "model 'staged' failed while training on emovo (ValueError: the loss is not finite"
    assert f"- english in to-DE: {cause}" in page
    assert (
        f"- two in to-DE, two-fast in to-DE: the stage before, staged on emovo, seed 0: {cause}"
        in page
    )


CHAIN = {
    'train = ["source"] }, {': [
        ('trian = ["source"] }, {', "stage 1, 'trian' is no key .* did you mean 'train'"),
        ('train = ["sorce"] }, {', "systems 'two', stage 1, 'train' has 'sorce', but only"),
        ("}, {", "stage 1, 'train' is missing: give it"),
        ('train = ["source", "target"] }, {', "stage 1, 'train' is .*'one source' stand alone"),
    ],
    "options = { stage = 2 }": [
        ("options = { stag = 2 }", "'two' in .*'options': option of model 'staged' 'stag'"),
        ("options = { seed = 2 }", "'options': 'seed' is given by 'seeds' of the table"),
        ('options = { init = "x" }', "'two', 'options': 'init' is given by 'stages', of which"),
    ],
    TWO_STAGES: [
        (f'{TWO_STAGES}\ntrain = ["source"]', "'train' stands beside 'stages': say there"),
        ('stages = [{ train = ["source"] }]', "'two', 'stages' holds one training: a system of"),
        ("stages = 2", r"'stages' is 2, but tables \[\[stages\]\] were expected"),
    ],
    'model = "staged"\nstages': [
        (
            'model = "trainee"\nstages',
            "'two', 'stages': model 'trainee' cannot go on from weights, as it has no option",
        )
    ],
    'test = "emodb"': [('train = "emodb"', "'target' is 'DE', which has no 'test': give its")],
    "small-set": [("emodb", "'emodb' is the name of an installed corpus or task: give the set")],
}


@pytest.mark.parametrize(
    ("old", "new", "words"), [(old, *pair) for old, pairs in CHAIN.items() for pair in pairs]
)
def test_a_mistake_in_a_chain_is_one_sentence_before_anything_runs(
    plugin: Install, tmp_path: Path, old: str, new: str, words: str
) -> None:
    """A stage that cannot be trained would be found after the days that those before it took."""
    plugin(MODELS, models=["Staged"])
    file = tmp_path / "stages.toml"
    assert old in TABLE
    file.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(Exception, match=words) as caught:
        validating.check(load(str(file)))

    assert "\n" not in str(caught.value)


def test_a_fold_is_left_out_of_every_stage(plugin: Install, tmp_path: Path) -> None:
    """A clip of the first stage is no unseen clip after the second one."""
    plugin(MODELS, models=["Staged"])
    file = tmp_path / "stages.toml"
    folds = 'test = "emodb"\nfolds = ["halves.a", "halves.b"]'
    table = TABLE.replace('train = "emovo"', 'train = ["emovo", "emodb"]')
    file.write_text(table.replace('test = "emodb"', folds))
    cells = plan.cells(load(str(file)))
    asked = {(question.task, question.training) for cell in cells for question in cell.questions}
    for task, training in asked:
        assert training is not None
        half = task.rpartition(".")[2]
        assert training.chain[0].on == (f"emodb:halves.not-{half}", "emovo")
        assert [stage.on for stage in training.chain[1:]] in ([], [("small-set",)])


def test_a_set_is_found_here_in_the_data_folder_or_where_it_is_said(
    cli: Cli, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,009 hours of speech lie where there is room for them."""
    line = ["experiment", "stages.toml", "--data", table, "--seeds", 0, "--only", "two"]
    assert cli(*line).code == 0
    first = contents(tmp_path / "experiments/stages")

    # Wherever it lies it is the same set: nothing is trained again.
    (tmp_path / "small-set").rename(table / "small-set")
    monkeypatch.setattr(lookup, "_owned", {})
    assert cli(*line).code == 0
    (table / "small-set").rename(tmp_path / "elsewhere")
    monkeypatch.setattr(lookup, "_owned", {})
    assert cli(*line, "--source", "small-set=elsewhere").code == 0
    assert contents(tmp_path / "experiments/stages") == first
    assert len(trained(tmp_path)) == 2

    missing = cli(*line)
    assert missing.code == 3
    assert (
        f"error: 1 of 3 corpora, small-set, are not in {str(table)!r}; small-set is made by "
        "'mserbench m5ser build --sources emovo --out small-set' and looked for in this folder"
    ) in missing.err
    assert missing.err.count("\n") == 1


def test_several_processes_are_told_of_the_files_of_sets_and_of_the_weights_before(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are programs of their own, to which the name of a set in a table means nothing."""
    asked: list[Training] = []
    monkeypatch.setattr(work, "train_together", lambda training, *rest: asked.append(training))
    monkeypatch.setattr(model_class("staged"), "trains_together", True, raising=False)
    files = sets.find(load("stages.toml"), {}, table)
    place = work.Workplace(tmp_path / "out", table, sets=files)
    first = Training("staged", (("seed", "0"),), ("emovo",), ())
    second = Training("staged", (("seed", "0"), ("stage", "2")), ("small-set",), (), first)

    before = work.do_training(place, first, "", 1, "cpu").folder
    work.do_training(place, second, before, 2, "cpu")
    (training,) = asked
    assert training.on == (str(tmp_path / "small-set/corpus.toml"),)
    assert dict(training.options) == {
        "seed": "0",
        "stage": "2",
        "init": str(tmp_path / "out" / before),
    }


def test_a_plan_needs_no_set_and_says_how_it_is_made(cli: Cli, table: Path, tmp_path: Path) -> None:
    (tmp_path / "small-set").rename(tmp_path / "elsewhere")
    done = cli("experiment", "stages.toml", "--plan", "--data", table)
    assert done.code == 0
    assert "small-set is made by 'mserbench m5ser build --sources emovo" in done.out
    described = describing.describe(load("stages.toml"), table)
    assert [training["after"] for training in described["trainings"]] == [None, None, 1, 2, 1, 2]

    for text, code, words in (
        ("small-set=nowhere", 3, "--source small-set=nowhere holds no set, as there is no"),
        ("big-set=elsewhere", 2, "is for no set of this table, which has small-set: leave it away"),
        ("small-set", 2, "--source 'small-set' is not understood: NAME=FOLDER was expected"),
    ):
        wrong = cli("experiment", "stages.toml", "--plan", "--source", text)
        assert (wrong.code, wrong.err.count("\n")) == (code, 1)
        assert words in wrong.err


def test_ids_of_trainings_are_those_of_the_committed_tables() -> None:
    """Records name trainings by them: with other ids a table that is taken up again would not fit
    its record.
    """
    leaderboard = Path(__file__).parents[2] / "leaderboard"
    for name in ("transfer-real", "mser-real", "mser-prompts"):
        record: Mapping[str, Any] = json.loads((leaderboard / name / "record.json").read_text())
        ids = {training.id for training in plan.trainings(plan.cells(load(name)))}
        assert set(record["trainings"]) <= ids
