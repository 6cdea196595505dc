"""What is run again: each model once for all its tasks, whatever devices its baselines are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mserbench import evaluate
from mserbench.checking import rerun
from mserbench.checking.baselines import Baseline, Envelope, Store
from mserbench.errors import DataError
from mserbench.results.runs import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return evaluate("random", "emodb-sample", out=tmp_path / "runs")


def of_task(baseline: Baseline, name: str, scored: int) -> Baseline:
    record = baseline.record
    part, counts = replace(record.task, name=name), replace(record.counts, scored=scored)
    return replace(baseline, record=replace(record, task=part, counts=counts))


@pytest.fixture
def baselines(run: Run, tmp_path: Path) -> list[Baseline]:
    store = Store(tmp_path / "baselines")
    for key in ("cpu-avx2-numpy2-float64", "cpu-avx512-numpy2-float64"):
        store.add(run.folder, Envelope(epsilon=2e-5), "first", key=key)

    sample, again = store.all()
    return [sample, again, of_task(sample, "ravdess:frozen", 64), of_task(sample, "aesdd", 604)]


def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return where the words of each process go, none of which is started."""
    processes: list[list[str]] = []

    def run(words: list[str], *_: Any) -> list[Run]:
        processes.append(words)
        return []

    monkeypatch.setattr(rerun.afresh, "run", run)
    monkeypatch.setattr(rerun.corpus, "find", lambda *_: Path())
    return processes


@pytest.mark.parametrize(
    ("full", "tasks"),
    [
        (False, "emodb-sample,ravdess:frozen"),
        (True, "emodb-sample,ravdess:frozen,ravdess,aesdd"),
    ],
)
def test_a_model_is_loaded_once_for_all_tasks(
    full: bool,
    tasks: str,
    baselines: list[Baseline],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes = asked(monkeypatch)
    result = rerun.rerun(baselines, tmp_path / "out", "cuda", full, None, lambda _: None)

    (words,) = processes
    assert words[words.index("--task") + 1] == tasks
    # It has no GPU to run on, which is no reason to leave it out.
    assert words[words.index("--device") + 1] == "cpu"
    assert (result.n_runs, result.failed) == (len(tasks.split(",")), ())


def test_run_that_fails_is_told_and_hides_no_other(
    baselines: list[Baseline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> list[Run]:
        raise DataError("'mserbench run' ended with 4 (error: no memory)")

    asked(monkeypatch)
    monkeypatch.setattr(rerun.afresh, "run", fail)
    result = rerun.rerun(baselines, tmp_path / "out", "cpu", False, None, lambda _: None)

    assert result.n_runs == 0
    assert "no memory" in result.failed[0]
    assert "- failed: random on emodb-sample, ravdess:frozen" in rerun.page(result)


def test_pretrained_parts_that_are_not_here_are_named(
    baselines: list[Baseline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = asked(monkeypatch)
    kind = rerun.described_class("random")
    monkeypatch.setattr(kind, "pretrained", classmethod(lambda *_: ("whisper-huge",)))
    result = rerun.rerun(baselines, tmp_path / "out", "cpu", False, None, lambda _: None)

    assert processes == []
    assert "mserbench weights get whisper-huge" in result.skipped[0]
