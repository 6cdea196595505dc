"""The store of baselines: what is added is found, nothing is replaced unsaid, damage is told."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mserbench import evaluate
from mserbench.checking import replay
from mserbench.checking.baselines import Baseline, Envelope, ReferenceRun, Store
from mserbench.checking.device_key import device_key
from mserbench.errors import DataError, UsageError
from mserbench.results import runs
from mserbench.results.runs import Run

ENVELOPE = Envelope(
    epsilon=3e-5,
    runs=(ReferenceRun(threads=2, batch=8, processor="avx2", drift=1e-5, flips=("a",)),),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return evaluate("random", "emodb-sample", out=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("other")
    return evaluate("random", "emodb-sample", out=folder, options={"seed": 5})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "baselines")


def test_what_is_added_is_found_again(store: Store, run: Run) -> None:
    store.add(run.folder, ENVELOPE, "first", commit="abc")
    (baseline,) = store.all()

    assert store.find(run.record) == baseline
    assert baseline.predictions == run.rows
    assert (baseline.envelope, baseline.reason, baseline.commit) == (ENVELOPE, "first", "abc")
    assert baseline.folder.parts[-3:] == (device_key(run.record), "emodb-sample", "random")


def test_options_have_a_folder_of_their_own(store: Store, run: Run, other: Run) -> None:
    for each in (run, other):
        store.add(each.folder, ENVELOPE, "first")

    assert len(store.all()) == 2
    for each in (run, other):
        baseline = store.find(each.record)
        assert baseline is not None
        assert baseline.predictions == each.rows


def test_another_device_or_task_has_none(store: Store, run: Run) -> None:
    store.add(run.folder, ENVELOPE, "first")

    assert store.find(run.record, "cuda-sm90-torch2.15-bfloat16") is None
    elsewhere = dataclasses.replace(run.record.task, name="emodb")
    assert store.find(dataclasses.replace(run.record, task=elsewhere)) is None
    assert len(store.others(run.record)) == 1


def test_other_code_and_other_bytes_of_weights_are_compared(store: Store, run: Run) -> None:
    """A changed model is what is looked for: it must not be without a baseline."""
    store.add(run.folder, ENVELOPE, "first")
    changed = dataclasses.replace(run.record.model, source="other", version="9")

    assert store.find(dataclasses.replace(run.record, model=changed)) is not None


def test_replacing_wants_to_be_said_and_a_reason(store: Store, run: Run) -> None:
    store.add(run.folder, ENVELOPE, "first")

    with pytest.raises(UsageError, match="made because: first; to accept a change"):
        store.add(run.folder, ENVELOPE, "second")
    with pytest.raises(UsageError, match="needs a reason"):
        store.add(run.folder, ENVELOPE, "  ", replace=True)

    store.add(run.folder, ENVELOPE, "second", replace=True)
    assert [baseline.reason for baseline in store.all()] == ["second"]


@pytest.mark.parametrize("key", ["../out", "a/b", "", ".", "cpu avx2"])
def test_key_that_leads_elsewhere_is_refused(store: Store, run: Run, key: str) -> None:
    if not key:
        return  # the run's own

    with pytest.raises(UsageError, match="is none: one like"):
        store.add(run.folder, ENVELOPE, "first", key=key)


def test_no_time_is_kept(store: Store, run: Run) -> None:
    """Else two baselines of the same answers would differ, and say when somebody worked."""
    text = (store.add(run.folder, ENVELOPE, "first").folder / runs.RECORD).read_text()

    assert {"created", "seconds"}.isdisjoint(json.loads(text))


def test_speed_is_told_beside_a_product(store: Store, run: Run) -> None:
    baseline = store.add(run.folder, ENVELOPE, "first")

    assert baseline.speed is not None
    expected = baseline.speed.rtf / baseline.speed.product_seconds
    assert baseline.speed.ratio == pytest.approx(expected, rel=2e-3)


def test_numbers_of_a_baseline_follow_from_its_predictions(store: Store, run: Run) -> None:
    store.add(run.folder, ENVELOPE, "first")

    assert replay.findings(store.folder) == (1, [])


def edited(name: str, change: Callable[[str], str]) -> Callable[[Baseline], None]:
    def edit(baseline: Baseline) -> None:
        path = baseline.folder / name
        path.write_text(change(path.read_text()))

    return edit


def moved(baseline: Baseline) -> None:
    baseline.folder.parents[1].rename(baseline.folder.parents[2] / "cpu-avx2-numpy2-float64x")


def metrics_up(text: str) -> str:
    record: dict[str, Any] = json.loads(text)
    record["metrics"]["UA"] += 0.001
    return json.dumps(record)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (edited(runs.RECORD, metrics_up), "its metrics are others"),
        (edited(runs.PREDICTIONS, lambda text: text + " "), "was changed later"),
        (edited("baseline.json", lambda text: text[:-9]), "is damaged"),
        (edited("baseline.json", lambda text: text.replace("3e-05", "-1")), "no valid value"),
        (edited("baseline.json", lambda text: text.replace("3e-05", "NaN")), "no valid value"),
        (edited("baseline.json", lambda t: t.replace('"schema": 1', '"schema": 7')), "schema 1"),
        (lambda baseline: (baseline.folder / "notes.txt").touch(), "belongs to no baseline"),
        (moved, "is of device"),
    ],
)
def test_replay_tells_damage(
    store: Store, run: Run, damage: Callable[[Baseline], None], sentence: str
) -> None:
    damage(store.add(run.folder, ENVELOPE, "first"))
    _, findings = replay.findings(store.folder)

    assert any(sentence in finding for finding in findings), findings


def test_damaged_baseline_is_never_passed_over(store: Store, run: Run) -> None:
    baseline = store.add(run.folder, ENVELOPE, "first")
    (baseline.folder / runs.PREDICTIONS).unlink()

    with pytest.raises(DataError, match=r"no readable predictions\.csv"):
        store.find(run.record)
