"""Training: weights appear whole or not at all, with a manifest of every clip."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

from mserbench import evaluate, train
from mserbench.data import dataset, lookup
from mserbench.engine import processes
from mserbench.errors import DataError, ModelError, UnknownName, UsageError
from mserbench.results.manifest import read_manifest
from mserbench.running import training

if TYPE_CHECKING:
    from conftest import Outcome

TASK = "emodb-sample"
Install = Callable[..., Path]
BROKEN = """
    class Broken(TrainableModel):
        @property
        def card(self):
            return _card("broken")

        def fit(self, training, validation, out):
            (out / "half.bin").write_text("half")
            raise ValueError("loss is NaN")

        def predict(self, clips, labels):
            raise NotImplementedError
"""


def test_weights_come_with_every_clip_they_were_trained_on(plugin: Install, tmp_path: Path) -> None:
    plugin()
    folder = train("trainee", [TASK], tmp_path / "w")
    manifest = json.loads((folder / "manifest.json").read_text())
    (source,) = manifest["sources"]
    items = dataset.load(lookup.task(TASK), None).items
    assert source["clips"] == sorted(item.facts.key for item in items)
    assert (source["family"], source["languages"], source["synthetic"]) == ("emodb", ["de"], False)
    assert (folder / "weights.json").read_text() == "70"


def test_a_model_tested_on_what_it_was_trained_on_is_leaked(
    plugin: Install, tmp_path: Path
) -> None:
    plugin()
    run = evaluate(
        "trainee", TASK, weights=train("trainee", [TASK], tmp_path / "w"), out=tmp_path / "runs"
    )
    assert run.verdict == "leaked"


def test_other_clips_of_the_same_speakers_are_in_corpus(
    plugin: Install, build_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    plugin()
    weights = train("trainee", ["emodb"], tmp_path / "w", data=build_corpus())
    assert evaluate("trainee", TASK, weights=weights, out=tmp_path / "runs").verdict == "in-corpus"


@pytest.mark.parametrize(
    ("origins", "verdict"),
    [
        (("emodb-sample:03a01Fa", ""), "leaked"),
        (("emodb:03a02Fc", "meld:a"), "in-corpus"),
        (("", ""), "zero-shot"),
    ],
)
def test_speech_made_from_test_clips_counts_as_them(
    plugin: Install,
    tone: Callable[..., Any],
    tmp_path: Path,
    origins: tuple[str, str],
    verdict: str,
) -> None:
    """Stage 2 of mser-llm learns translations of speech: of none that it is tested on, whatever
    they sound like.
    """
    plugin()
    for name, hertz in (("a", 200.0), ("b", 300.0)):
        soundfile.write(tmp_path / f"{name}.wav", tone(0.5, 16_000, hertz), 16_000)

    rows = "".join(
        f"{name}.wav,{name},{origin}\n" for name, origin in zip("ab", origins, strict=True)
    )
    (tmp_path / "t.csv").write_text(f"file,emo,source\n{rows}")
    (tmp_path / f"made-{verdict}.toml").write_text(
        'language = "fr"\ntable = "t.csv"\nsynthetic = true\n[columns]\npath = '
        '"file"\nlabel = "emo"\n'
        'derived_from = "source"\n[labels]\na = "happy"\nb = "sad"\n'
    )
    weights = train("trainee", [str(tmp_path / f"made-{verdict}.toml")], tmp_path / "w")
    (source,) = read_manifest(weights).sources
    assert source.origins == tuple(sorted(filter(None, origins)))
    run = evaluate("trainee", TASK, weights=weights, out=tmp_path / "runs", limit=None)
    assert run.verdict == verdict


CHOSEN = """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Going:
        init: str = ""

    class Chosen(Trainee):
        Options = Going

        @property
        def card(self):
            return ModelCard("chosen", "chosen", "1", "MIT", "", (), True, development=("emovo", "emodb-sample"))
"""


@pytest.mark.parametrize(
    ("chosen_on", "manifest", "development"),
    [
        (None, None, ["emodb", "emovo"]),
        ("none", [], []),
        ("emovo,aesdd", ["aesdd", "emovo"], ["aesdd", "emovo"]),
        ("emodb-sample", ["emodb"], ["emodb"]),
    ],
)
def test_weights_may_say_what_their_options_were_chosen_on(
    plugin: Install,
    cli: Callable[..., Outcome],
    tmp_path: Path,
    chosen_on: Any,
    manifest: Any,
    development: list[str],
) -> None:
    """A blind choice of options gives a blind run, though the defaults were chosen otherwise; and
    the other way.
    """
    plugin(CHOSEN, models=["Chosen"])
    words = [] if chosen_on is None else ["--chosen-on", chosen_on]
    assert (
        cli("train", "--model", "chosen", "--on", TASK, *words, "--out", tmp_path / "w").code == 0
    )
    assert json.loads((tmp_path / "w" / "manifest.json").read_text()).get("chosen_on") == manifest
    run = evaluate("chosen", TASK, weights=tmp_path / "w", out=tmp_path / "runs")
    assert run.record.model.development == tuple(development)
    assert (
        run.record.verdict.development == ("development" in run.marks) == ("emodb" in development)
    )


def test_what_earlier_stages_were_chosen_on_counts_for_later_ones(
    plugin: Install, tmp_path: Path
) -> None:
    """Else one more step of training would wash a development corpus clean."""
    plugin(CHOSEN, models=["Chosen"])
    first = train("chosen", [TASK], tmp_path / "a", chosen_on=["aesdd"])
    plain = train("chosen", [TASK], tmp_path / "b")

    for start, chosen_on, names in (
        (first, None, ["aesdd", "emodb-sample", "emovo"]),
        (first, ["ravdess"], ["aesdd", "ravdess"]),
        (plain, ["ravdess"], ["emodb-sample", "emovo", "ravdess"]),
        (plain, None, None),
    ):
        out = tmp_path / f"{start.name}{chosen_on}"
        train("chosen", [TASK], out, chosen_on=chosen_on, options={"init": str(start)})
        assert read_manifest(out).chosen_on == (None if names is None else tuple(names))


def test_a_corpus_that_nothing_can_be_chosen_on_is_refused(
    plugin: Install, cli: Callable[..., Outcome], tmp_path: Path
) -> None:
    plugin(CHOSEN, models=["Chosen"])
    for names, words in (
        ("emodbb", "did you mean 'emodb'"),
        ("emodb,emodb", "different names was expected"),
    ):
        done = cli(
            "train",
            "--model",
            "chosen",
            "--on",
            TASK,
            "--chosen-on",
            names,
            "--out",
            tmp_path / "w",
        )
        assert (done.code, words in done.err) == (2, True), done.err


def test_a_training_that_fails_leaves_nothing(plugin: Install, tmp_path: Path) -> None:
    plugin(BROKEN, models=["Broken"])
    with pytest.raises(
        ModelError, match=r"model 'broken' failed while training on emodb-sample \(ValueError: loss"
    ):
        train("broken", [TASK], tmp_path / "deep/w")

    assert list((tmp_path / "deep").iterdir()) == []


def test_an_empty_folder_is_taken_and_a_full_one_refused(plugin: Install, tmp_path: Path) -> None:
    plugin()
    (tmp_path / "w").mkdir()
    train("trainee", [TASK], tmp_path / "w")

    with pytest.raises(UsageError, match="is not empty, it holds weights of another training"):
        train("trainee", [TASK], tmp_path / "w", chosen_on=["emodb"])

    (tmp_path / "w/manifest.json").unlink()
    with pytest.raises(UsageError, match="is not empty: give another --out, or remove it first"):
        train("trainee", [TASK], tmp_path / "w")

    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is not empty"):
        train("trainee", [TASK], tmp_path / "file")


def test_a_training_killed_after_its_end_is_done(
    plugin: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the same command called its own weights a full folder, nobody could go on after a kill."""
    plugin()
    train("trainee", [TASK], tmp_path / "w")
    before = {path.name: path.read_bytes() for path in (tmp_path / "w").iterdir()}

    assert train("trainee", [TASK], tmp_path / "w") == tmp_path / "w"
    assert "holds the weights of this very training already" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "w").iterdir()} == before


def test_what_cannot_be_trained_is_refused_before_any_data(plugin: Install, tmp_path: Path) -> None:
    plugin()
    for model, tasks, error, words in (
        ("steady", [TASK], UsageError, "model 'steady' cannot be trained: it has no 'fit'"),
        ("trainer", [TASK], UnknownName, "did you mean .*'trainee'"),
        ("trainee", ["emodb-sampel"], UnknownName, "did you mean .*'emodb-sample'"),
        ("trainee", ["emodb"], DataError, "corpus 'emodb' needs a data folder: give --data"),
    ):
        with pytest.raises(error, match=words):
            train(model, tasks, tmp_path / "w")

        assert not (tmp_path / "w").exists()


def test_one_task_cannot_both_train_and_validate(plugin: Install, tmp_path: Path) -> None:
    plugin()
    with pytest.raises(
        UsageError, match="is given to train and to validate on: validation needs clips of its own"
    ):
        train("trainee", [TASK], tmp_path / "w", validate_on=[TASK])


def test_weights_that_a_run_cannot_take_are_refused(plugin: Install, tmp_path: Path) -> None:
    plugin()
    weights = train("trainee", [TASK], tmp_path / "w")
    (tmp_path / "none").mkdir()

    for model, folder, error, words in (
        (
            "trainee",
            None,
            UsageError,
            "model 'trainee' needs weights and ships none: train some and give --weights",
        ),
        ("trainee", "best", UnknownName, "weights of 'trainee' 'best' is not known"),
        ("trainee", tmp_path / "none", DataError, r"have no manifest\.json"),
        ("steady", weights, UsageError, "model 'steady' takes no weights: leave --weights away"),
    ):
        with pytest.raises(error, match=words):
            evaluate(model, TASK, weights=folder, out=tmp_path / "runs")


def test_weights_of_another_model_are_refused(plugin: Install, tmp_path: Path) -> None:
    plugin(BROKEN, models=["Broken"])
    weights = train("trainee", [TASK], tmp_path / "w")
    with pytest.raises(DataError, match="are of model 'trainee', not of 'broken'"):
        evaluate("broken", TASK, weights=weights, out=tmp_path / "runs")


def test_a_device_that_the_model_has_not_is_refused(plugin: Install, tmp_path: Path) -> None:
    plugin()
    with pytest.raises(UsageError, match="runs on cpu, not on 'cuda'"):
        train("trainee", [TASK], tmp_path / "w", device="cuda")


SLOW = """
    class Slow(Trainee):
        @property
        def card(self):
            return _card("slow")

        def fit(self, training, validation, out):
            (out / "half.bin").write_text("half")
            (Path(out).parent / "started").touch()
            time.sleep(60)
"""


@pytest.fixture
def ctrl_c_is_heard() -> Iterator[None]:
    """Undo that a shell lets what it starts in the background ignore Ctrl-C, which a child would
    inherit.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_training_that_is_stopped_leaves_nothing_half_done(
    plugin: Install, tmp_path: Path, number: int, ctrl_c_is_heard: None
) -> None:
    """Launchers end processes by SIGTERM, people by Ctrl-C: half a folder of weights must not be
    found later.
    """
    plugin(SLOW, models=["Slow"])
    folder = tmp_path / "deep"
    command = [
        sys.executable,
        "-m",
        "mserbench",
        "train",
        "--model",
        "slow",
        "--on",
        TASK,
        "--out",
        folder / "w",
    ]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started:
        while not (folder / "started").exists():
            assert started.poll() is None, started.communicate()
            time.sleep(0.02)

        started.send_signal(number)
        _, complaint = started.communicate(timeout=120)

    assert started.returncode == 128 + number
    assert [path.name for path in folder.iterdir()] == ["started"]
    assert "Traceback" not in complaint


class Full:
    """A disk without room, wherever it is written to."""

    def __call__(self, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_and_leaves_nothing(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(
        """
        import errno

        class Broken(Trainee):
            @property
            def card(self):
                return _card("broken")

            def fit(self, training, validation, out):
                (out / "half.bin").write_text("half")
                raise OSError(errno.ENOSPC, "No space left on device")
        """,
        models=["Broken"],
    )
    words = r"output folder '.*w' cannot be written \(No space left on device\): make room or give another --out"
    with pytest.raises(DataError, match=words):
        train("broken", [TASK], tmp_path / "deep/w")

    monkeypatch.setattr(training, "write_manifest", Full())
    with pytest.raises(DataError, match=words):
        train("trainee", [TASK], tmp_path / "deep/w")

    assert list((tmp_path / "deep").iterdir()) == []


def test_a_place_where_no_folder_can_be_is_refused_before_any_training(
    plugin: Install, tmp_path: Path
) -> None:
    plugin()
    (tmp_path / "file").touch()
    with pytest.raises(
        UsageError, match=r"output folder '.*w' cannot be made in '.*file': give another --out"
    ):
        train("trainee", [TASK], tmp_path / "file" / "deep" / "w")


def test_of_two_trainings_into_one_folder_the_second_fails_whole(
    plugin: Install, tmp_path: Path
) -> None:
    """The files of two models in one folder would be weights of neither."""
    plugin(
        """
        class Late(Trainee):
            @property
            def card(self):
                return _card("late")

            def fit(self, training, validation, out):
                (out / "late.json").write_text("")
                other = out.parent / "w"
                other.mkdir()
                (other / "first.json").write_text("")
        """,
        models=["Late"],
    )
    with pytest.raises(DataError, match=r"cannot be written \(Directory not empty\)"):
        train("late", [TASK], tmp_path / "w")

    assert [path.name for path in (tmp_path / "w").iterdir()] == ["first.json"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, processes.Place(0, 1)),
        ({"RANK": "1", "WORLD_SIZE": "2"}, processes.Place(1, 2)),
        ({"RANK": "3"}, processes.Place(0, 1)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, processes.Place(0, 1)),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4"}, processes.Place(1, 4)),
    ],
)
def test_a_launcher_says_which_process_this_is(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: processes.Place
) -> None:
    for name in (
        "RANK",
        "WORLD_SIZE",
        "OMPI_COMM_WORLD_RANK",
        "OMPI_COMM_WORLD_SIZE",
        "PMI_RANK",
        "PMI_SIZE",
    ):
        monkeypatch.delenv(name, raising=False)

    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert processes.place() == expected


def test_of_several_processes_the_main_one_alone_writes(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each would remove what another one wrote, or refuse the folder that the main one
    finished first.
    """
    plugin()
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    assert train("trainee", [TASK], tmp_path / "deep/w") == tmp_path / "deep/w"
    assert not (tmp_path / "deep").exists()
    monkeypatch.setenv("RANK", "0")
    train("trainee", [TASK], tmp_path / "deep/w")
    monkeypatch.setenv("RANK", "1")
    train("trainee", [TASK], tmp_path / "deep/w")
    assert {path.name for path in (tmp_path / "deep/w").iterdir()} == {
        "fingerprints.npy",
        "weights.json",
        "manifest.json",
    }
    assert list((tmp_path / "temporary").iterdir()) == []


# --preset


PRESETS = """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Choice:
        preset: str | None = None
        depth: int = 1

    class Choosing(Trainee):
        Options = Choice

        @property
        def card(self):
            return _card("choosing")

        def fit(self, training, validation, out):
            (out / "weights.json").write_text(f"{self.options.preset} {self.options.depth}")
"""


def test_a_preset_is_short_for_an_option(
    plugin: Install, cli: Callable[..., Outcome], tmp_path: Path
) -> None:
    plugin(PRESETS, models=["Choosing"])
    base = ("train", "--on", TASK, "--out", tmp_path / "w", "--preset", "deep")
    assert cli(*base, "--model", "choosing", "--option", "depth=3").code == 0
    assert (tmp_path / "w/weights.json").read_text() == "deep 3"
    run = (
        "run",
        "--task",
        TASK,
        "--out",
        tmp_path / "runs",
        "--preset",
        "deep",
        "--limit",
        3,
        "--json",
    )
    assert cli(*run, "--model", "choosing", "--weights", tmp_path / "w").code == 0

    for command, model, more, words in (
        (base, "trainee", (), "model 'trainee' has no presets: leave --preset away"),
        (run, "choosing,steady", (), "model 'steady' has no presets: leave --preset away"),
        (
            base,
            "choosing",
            ("--option", "preset=flat"),
            "--preset deep and --option preset=flat are both given",
        ),
    ):
        answer = cli(*command, "--model", model, *more)
        assert answer.code == 2
        assert words in answer.err


# --stage and --init


STAGES = """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Staged:
        stage: int = 1
        init: str = ""

    class InStages(Trainee):
        Options = Staged

        @property
        def card(self):
            return _card("instages")

        def fit(self, training, validation, out):
            (out / "weights.json").write_text(f"{self.options.stage} {self.options.init}")
"""


def test_stage_and_init_are_short_for_options(
    plugin: Install, cli: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The second of two trainings is typed as the first one is; what a model has not is told, not
    passed over.
    """
    plugin(STAGES, models=["InStages"])
    base = ("train", "--on", TASK, "--out", tmp_path / "w2", "--stage", "2", "--init")
    first = train("instages", [TASK], tmp_path / "w1")
    assert cli(*base, first, "--model", "instages").code == 0
    assert (tmp_path / "w2/weights.json").read_text() == f"2 {first}"

    for model, more, words in (
        (
            "trainee",
            (),
            "model 'trainee' has no option 'stage': leave --stage away; 'mserbench models "
            "trainee' lists",
        ),
        (
            "instages",
            ("--option", "stage=1"),
            "--stage 2 and --option stage=1 are both given: leave one away",
        ),
    ):
        answer = cli(*base[:4], tmp_path / "w3", *base[5:], first, "--model", model, *more)
        assert answer.code == 2
        assert words in answer.err


def test_a_manifest_tells_of_the_weights_before_by_their_hash(
    plugin: Install, tmp_path: Path
) -> None:
    """A path would tell of a machine, and not which weights they were; damaged ones end before
    hours of training.
    """
    plugin(STAGES, models=["InStages"])
    first = train("instages", [TASK], tmp_path / "private-folder")
    second = train("instages", [TASK], tmp_path / "w2", options={"init": str(first)})
    text = (second / "manifest.json").read_text()
    assert "private-folder" not in text
    weights_hash = read_manifest(first).weights_hash
    assert json.loads(text)["options"] == {"stage": 1, "init": f"weights {weights_hash}"}
    assert json.loads((first / "manifest.json").read_text())["options"] == {"stage": 1, "init": ""}
    sources = read_manifest(first).sources
    assert read_manifest(second).earlier == sources
    third = read_manifest(train("instages", [TASK], tmp_path / "w4", options={"init": str(second)}))
    assert third.earlier == (*sources, *sources), "what was learnt two stages before is known still"
    assert read_manifest(first).earlier is None
    (first / "weights.json").write_text("changed")

    with pytest.raises(DataError, match="are not the files that their manifest names"):
        train("instages", [TASK], tmp_path / "w3", options={"init": str(first)})

    assert not (tmp_path / "w3").exists()
