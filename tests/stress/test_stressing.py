"""A stress from end to end: numbers by hand, resumed after a kill, replayed, refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mserbench.data import dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.disk.files import cache_dir
from mserbench.errors import DataError, UsageError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.running import evaluation
from mserbench.running.lookup import described_class
from mserbench.running.spec import Spec
from mserbench.statistics.compare import compare
from mserbench.stress import record
from mserbench.stress.altered import CLEAN, altered, conditions
from mserbench.stress.answering import nothing_kept
from mserbench.stress.numbers import costs
from mserbench.stress.record import Stressed
from mserbench.stress.stressing import stress

TASK = "emodb-sample"
FILES = (record.ANSWERS, record.RECORD)
SLOW_MODEL = """
    class Slow(Model):
        card = property(lambda self: _card("slow"))

        def predict(self, clips, labels):
            time.sleep(0.01)
            return _scores(clips, labels)
"""


@pytest.fixture(scope="module")
def target(own_cache: Path) -> Dataset:
    """Three clips of the sample that ships."""
    return dataset.load(lookup.task(TASK), None, limit=3)


@pytest.fixture(scope="module")
def finished(target: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Stressed:
    return stress(Spec.of("logmel", target), target, tmp_path_factory.mktemp("stress"))


def of_files(folder: Path) -> dict[str, object]:
    """Return what a stress left, without when and how long it ran."""
    kept = json.loads((folder / record.RECORD).read_text())
    for name in ("created", "seconds"):
        kept.pop(name)

    return {"record": kept, "answers": (folder / record.ANSWERS).read_bytes()}


def test_numbers_are_those_of_the_paired_test() -> None:
    labels, speakers = ["x", "y"], [0, 0, 1, 1, 2, 2, 3, 3]
    truth = ["x", "y"] * 4
    clean = ["x", "y", "x", "x", "x", "y", "y", "y"]
    worse = ["y", "y", "x", "x", "y", "x", "y", ""]
    better = truth
    answers = {"clean": clean, "a:1": worse, "a:2": better, "b:1": clean}
    found = costs(truth, answers, labels, speakers)

    apart = compare(truth, worse, clean, labels, speakers)
    first = found.conditions[0]
    assert (found.clean.ua, found.worst.name, first.ua) == (0.75, "a:1", 0.25)
    assert first.difference == pytest.approx(apart.differences["UA"], abs=1e-6)
    assert first.difference_interval == pytest.approx(apart.intervals["UA"], abs=1e-6)
    assert first.p == pytest.approx(apart.ua_p, rel=1e-3)

    assert [cost.name for cost in found.alterations] == ["a", "b"]
    assert found.alterations[0].ua == pytest.approx((0.25 + 1.0) / 2)
    assert found.mean.ua == pytest.approx((0.25 + 1.0 + 0.75) / 3, abs=1e-6)
    assert found.mean.difference == pytest.approx(found.mean.ua - 0.75, abs=1e-6)


def test_a_model_hears_ordinary_clips(target: Dataset) -> None:
    every = altered(target)
    assert len(every.items) == len(target.items) * len(conditions())
    assert [item.utterance.id for item in every.items] == sorted(
        item.utterance.id for item in every.items
    )

    clips = list(every.clips(range(len(every.items))))
    plain = list(target.clips(range(len(target.items))))
    assert {clip.seed for clip in clips} == {clip.seed for clip in plain}
    assert len({clip.key for clip in clips}) == len(clips)
    assert {clip.key for clip in plain} <= {clip.key for clip in clips}, "clean ones are as ever"
    for clip in clips[:: len(clips) // 20]:
        assert abs(len(clip.waveform) - clip.seconds * 16_000) <= 4


def test_shown_again_and_replayed(
    finished: Stressed, target: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sorted(path.name for path in finished.folder.glob("[!.]*")) == sorted(FILES)
    assert record.finding(finished) == ""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the model was made again")

    monkeypatch.setattr(Spec, "subject", property(refuse))
    again = stress(Spec.of("logmel", target), target, finished.folder.parents[1])
    assert again.shown_again
    assert again.summary() == finished.summary()


def test_clean_answers_verdict_and_marks_are_those_of_a_run(
    finished: Stressed, target: Dataset, tmp_path: Path
) -> None:
    run = evaluation.run_spec(Spec.of("logmel", target), target, tmp_path)
    assert finished.costs.clean.ua == pytest.approx(run.metrics["UA"], abs=1e-6)
    assert finished.record.verdict == run.record.verdict
    assert list(finished.record.marks) == run.marks
    assert finished.record.task == run.record.task
    assert finished.name == run.name


def test_interrupted_it_goes_on_to_the_same_bytes(
    finished: Stressed, target: Dataset, tmp_path: Path
) -> None:
    class Interrupted(Exception):
        """Stands for Ctrl-C."""

    def interrupt(done: int, total: int) -> None:
        if 20 < done < total:
            raise Interrupted

    spec = Spec.of("logmel", target)
    with pytest.raises(Interrupted):
        stress(spec, target, tmp_path, progress=interrupt)

    (journal,) = tmp_path.rglob("journal.jsonl")
    before = journal.read_bytes()
    heard: list[int] = []
    whole = stress(spec, target, tmp_path, progress=lambda done, total: heard.append(done))
    assert before
    assert heard[0] > 20, "it began from the start"
    assert of_files(whole.folder) == of_files(finished.folder)


def test_killed_at_its_end_it_leaves_only_its_record(
    finished: Stressed, target: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the record and the removal of the run that it was made of."""
    from mserbench.stress import stressing

    with monkeypatch.context() as patch:
        patch.setattr(stressing, "_clear", lambda folder: None)
        folder = stress(Spec.of("logmel", target), target, tmp_path).folder

    assert (folder / "run.json").is_file()
    again = stress(Spec.of("logmel", target), target, tmp_path)
    assert again.shown_again
    assert sorted(path.name for path in folder.glob("[!.]*")) == sorted(FILES)
    assert of_files(folder) == of_files(finished.folder)


@pytest.mark.slow
def test_killed_at_random_it_goes_on_to_the_same_bytes(
    plugin: Callable[..., Path], tmp_path: Path
) -> None:
    plugin(SLOW_MODEL, models=["Slow"])
    arguments = ["stress", "--model", "slow", "--task", TASK, "--limit", "4"]
    command = [sys.executable, "-m", "mserbench", *arguments, "--batch-seconds", "9", "--out"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)

    out = tmp_path / "killed"
    for moment in (0.8, 1.0, 1.2, 1.5, 2.0):
        with subprocess.Popen([*command, str(out)], stderr=subprocess.PIPE) as process:
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)

    subprocess.run([*command, str(out)], check=True, capture_output=True)
    (whole,) = (tmp_path / "whole").rglob(record.RECORD)
    (resumed,) = out.rglob(record.RECORD)
    assert of_files(resumed.parent) == of_files(whole.parent)


@pytest.mark.slow
def test_workers_answer_alike(finished: Stressed, tmp_path: Path) -> None:
    arguments = ["stress", "--model", "logmel", "--task", TASK, "--limit", "3", "--workers", "2"]
    subprocess.run(
        [sys.executable, "-m", "mserbench", *arguments, "--out", str(tmp_path)],
        check=True, capture_output=True, env=dict(os.environ),
    )  # fmt: skip
    (path,) = tmp_path.rglob(record.RECORD)
    assert of_files(path.parent)["answers"] == of_files(finished.folder)["answers"]


def test_fresh_begins_anew(target: Dataset, tmp_path: Path) -> None:
    spec = Spec.of("prior", target)
    first = stress(spec, target, tmp_path)
    anew = stress(spec, target, tmp_path, fresh=True)
    assert not anew.shown_again
    assert of_files(anew.folder) == of_files(first.folder)


def test_the_cache_of_features_does_not_grow(target: Dataset, tmp_path: Path) -> None:
    """One task under stress would leave as much there as fifty."""

    def size() -> int:
        return sum(path.stat().st_size for path in (cache_dir() / "features").glob("*"))

    before, environment = size(), dict(os.environ)
    with nothing_kept():
        stress(Spec.of("logmel", target), replace(target, items=target.items[:1]), tmp_path)

    assert size() == before
    assert dict(os.environ) == environment


def test_what_hears_all_clips_together_is_refused(target: Dataset, tmp_path: Path) -> None:
    spec = Spec.of("logmel", target, options={"normalise": "speaker"})
    with pytest.raises(UsageError, match="altered in 46 ways"):
        stress(spec, target, tmp_path)


def cheap() -> list[object]:
    """The models of the registry that need neither a training nor a download."""
    names: list[object] = []
    for name, entry in registry.entries(ModelEntry).items():
        kind = described_class(name)
        has_weights = not kind.needs_weights or entry.weights
        # What opens what others made is no model by itself.
        if has_weights and not kind.address and not kind.pretrained(kind.Options()):
            # Its features take more than all else here together.
            marks = [pytest.mark.slow] if name == "egemaps" else []
            names.append(pytest.param(name, marks=marks))

    return names


@pytest.mark.parametrize("name", cheap())
def test_every_cheap_model_passes(name: str, target: Dataset, tmp_path: Path) -> None:
    stressed = stress(Spec.of(name, target), target, tmp_path)
    assert len(stressed.costs.conditions) == len(conditions()) - 1
    assert record.finding(stressed) == ""
    if name == "prior":
        assert stressed.costs.mean.difference == 0


@pytest.mark.parametrize("part", ["answers", "clusters", "schema", "conditions"])
def test_what_was_changed_is_refused(part: str, target: Dataset, tmp_path: Path) -> None:
    folder = stress(Spec.of("prior", target), target, tmp_path).folder
    path = folder / record.RECORD
    if part == "answers":
        with (folder / record.ANSWERS).open("a") as file:
            file.write("x,sad\n")
    elif part == "conditions":
        # A number that was edited is no damage, but the replay finds it.
        path.write_text(path.read_text().replace('"ua": 0.', '"ua": 0.9', 1))
        assert record.finding(record.read(folder))
        return
    else:
        kept = json.loads(path.read_text())
        kept[part] = [0] if part == "clusters" else 99
        path.write_text(json.dumps(kept))

    with pytest.raises(DataError, match=r"--fresh"):
        record.read(folder)


def test_as_it_is_typed(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    typed = ["stress", "--model", "prior", "--task", TASK, "--limit", 3, "--out", tmp_path]
    shown = cli(*typed)
    assert shown.code == 0, shown.err
    table = [line for line in shown.out.split("\n") if line[:4] in ("room", "task", "emod")]
    assert [line.split()[0] for line in table[:3]] == ["room:1", "room:2", "room:3"]
    assert max(map(len, table)) <= 80
    assert "worst" in shown.out

    again = cli(*typed, "--json")
    (summary,) = json.loads(again.out)
    assert "is shown again" in again.err
    assert (summary["n"], len(summary["conditions"])) == (3, len(conditions()) - 1)
    assert summary["clean"]["name"] == CLEAN


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["--model", "prior"], "--model and --task are both wanted"),
        (["--model", "priro", "--task", TASK], "prior"),
        (["--model", "prior", "--task", TASK, "--batch-seconds", "nan"], "nan"),
    ],
)
def test_what_cannot_be_is_told(
    cli: Callable[..., Any], tmp_path: Path, typed: list[str], sentence: str
) -> None:
    shown = cli("stress", *typed, "--out", tmp_path)
    assert shown.code == 2
    assert sentence in shown.err
    assert shown.out == ""


def test_all_alterations_are_listed(cli: Callable[..., Any]) -> None:
    assert json.loads(cli("stress", "--list", "--json").out)[0]["name"] == "level"
    assert cli("stress", "--list").out.count("limits:") == len(conditions()) // 3
