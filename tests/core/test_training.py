"""Training: weights appear whole or not at all, with a manifest of every clip."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench import dataset, evaluate, registry, train
from mserbench.errors import DataError, ModelError, UnknownName, UsageError

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
    items = dataset.load(registry.task(TASK), None).items
    assert source["clips"] == sorted(item.facts.key for item in items)
    assert (source["family"], source["languages"], source["synthetic"]) == ("emodb", ["de"], False)
    assert (folder / "weights.json").read_text() == "70"


def test_a_model_tested_on_what_it_was_trained_on_is_leaked(plugin: Install, tmp_path: Path) -> None:
    plugin()
    run = evaluate("trainee", TASK, weights=train("trainee", [TASK], tmp_path / "w"), out=tmp_path / "runs")
    assert run.verdict == "leaked"


def test_other_clips_of_the_same_speakers_are_in_corpus(
    plugin: Install, build_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    plugin()
    weights = train("trainee", ["emodb"], tmp_path / "w", data=build_corpus())
    assert evaluate("trainee", TASK, weights=weights, out=tmp_path / "runs").verdict == "in-corpus"


def test_a_training_that_fails_leaves_nothing(plugin: Install, tmp_path: Path) -> None:
    plugin(BROKEN, models=["Broken"])
    with pytest.raises(ModelError, match=r"model 'broken' failed while training on emodb-sample \(ValueError: loss"):
        train("broken", [TASK], tmp_path / "deep/w")
    assert list((tmp_path / "deep").iterdir()) == []


def test_an_empty_folder_is_taken_and_a_full_one_refused(plugin: Install, tmp_path: Path) -> None:
    plugin()
    (tmp_path / "w").mkdir()
    train("trainee", [TASK], tmp_path / "w")
    with pytest.raises(UsageError, match="is not empty: give another --out, or remove it first"):
        train("trainee", [TASK], tmp_path / "w")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is not empty"):
        train("trainee", [TASK], tmp_path / "file")


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
    with pytest.raises(UsageError, match="is given to train and to validate on: validation needs clips of its own"):
        train("trainee", [TASK], tmp_path / "w", validate_on=[TASK])


def test_weights_that_a_run_cannot_take_are_refused(plugin: Install, tmp_path: Path) -> None:
    plugin()
    weights = train("trainee", [TASK], tmp_path / "w")
    (tmp_path / "none").mkdir()
    for model, given, error, words in (
        ("trainee", None, UsageError, "model 'trainee' needs weights and ships none: train some and give --weights"),
        ("trainee", "best", UnknownName, "weights of 'trainee' 'best' is not known"),
        ("trainee", tmp_path / "none", DataError, r"have no manifest\.json"),
        ("steady", weights, UsageError, "model 'steady' takes no weights: leave --weights away"),
    ):
        with pytest.raises(error, match=words):
            evaluate(model, TASK, weights=given, out=tmp_path / "runs")


def test_weights_of_another_model_are_refused(plugin: Install, tmp_path: Path) -> None:
    plugin(BROKEN, models=["Broken"])
    weights = train("trainee", [TASK], tmp_path / "w")
    with pytest.raises(DataError, match="are of model 'trainee', not of 'broken'"):
        evaluate("broken", TASK, weights=weights, out=tmp_path / "runs")


def test_a_device_that_the_model_has_not_is_refused(plugin: Install, tmp_path: Path) -> None:
    plugin()
    with pytest.raises(UsageError, match="runs on cpu, not on 'cuda'"):
        train("trainee", [TASK], tmp_path / "w", device="cuda")
