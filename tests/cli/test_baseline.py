"""`mserbench baseline`: what it keeps, lists and shows, and what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench import evaluate
from mserbench.checking.baselines import Store
from mserbench.checking.device_key import device_key_here
from mserbench.results import machine
from mserbench.results.runs import Run
from tests.conftest import Outcome

Cli = Callable[..., Outcome]
HERE = device_key_here("cpu", "float64")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return evaluate("random", "emodb-sample", out=tmp_path / "runs")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "baselines"


def added(cli: Cli, run: Run, store: Path, *words: str) -> Outcome:
    return cli("baseline", "add", run.folder, "--store", store, "--envelope-runs", "0", *words)


def test_run_becomes_a_baseline_that_check_finds(cli: Cli, run: Run, store: Path) -> None:
    assert added(cli, run, store, "--commit", "abc123").code == 0

    listed = json.loads(cli("baseline", "list", "--store", store, "--json").out)
    assert [(own["key"], own["commit"]) for own in listed] == [
        (f"{HERE}/emodb-sample/random", "abc123")
    ]
    assert cli("check", run.folder, "--baseline", store).code == 0


def test_replacing_wants_both_words(cli: Cli, run: Run, store: Path) -> None:
    added(cli, run, store)
    again, unsaid = added(cli, run, store), added(cli, run, store, "--replace")

    assert (again.code, unsaid.code) == (2, 2)
    assert "to accept a change give --replace and --reason TEXT" in again.err
    assert "say why by --reason TEXT" in unsaid.err
    assert added(cli, run, store, "--replace", "--reason", "a better resampler").code == 0
    assert [own.reason for own in Store(store).all()] == ["a better resampler"]


def test_nothing_is_added_where_one_run_is_refused(
    cli: Cli, run: Run, store: Path, tmp_path: Path
) -> None:
    added(cli, run, store)
    evaluate("random", "emodb-sample", out=tmp_path / "runs", options={"seed": 3})
    words = ("--store", store, "--envelope-runs", "0")
    refused = cli("baseline", "add", tmp_path / "runs", *words)

    assert refused.code == 2
    assert len(Store(store).all()) == 1


def test_few_reference_runs_are_refused(cli: Cli, run: Run, store: Path) -> None:
    refused = cli("baseline", "add", run.folder, "--store", store, "--envelope-runs", "3")

    assert refused.code == 2
    assert "10 to 15 make an envelope" in refused.err


def test_show_takes_any_beginning_of_a_key(cli: Cli, run: Run, store: Path) -> None:
    added(cli, run, store)

    for key in (HERE, f"{HERE}/emodb-sample", f"{HERE}/emodb-sample/random"):
        shown = cli("baseline", "show", key, "--store", store)
        assert shown.code == 0
        assert "reason   first baseline" in shown.out

    unknown = cli("baseline", "show", f"{HERE}/emodb-sampl", "--store", store)
    assert unknown.code == 2
    assert "mserbench baseline list" in unknown.err


def test_show_as_json_tells_the_envelope(cli: Cli, run: Run, store: Path) -> None:
    added(cli, run, store)
    (shown,) = json.loads(cli("baseline", "show", HERE, "--store", store, "--json").out)

    assert shown["envelope"]["epsilon"] == pytest.approx(2e-5)
    assert (shown["model"], shown["task"], shown["n"]) == ("random", "emodb-sample", 70)


def test_replay_exits_by_what_it_finds(cli: Cli, run: Run, store: Path) -> None:
    added(cli, run, store)
    assert cli("baseline", "replay", "--store", store).code == 0

    (store / "stray.txt").touch()
    damaged = cli("baseline", "replay", "--store", store)
    assert damaged.code == 1
    assert "belongs to no baseline" in damaged.out


def test_runs_of_all_baselines_are_made_again(
    cli: Cli, run: Run, store: Path, tmp_path: Path
) -> None:
    added(cli, run, store)
    out = tmp_path / "again" / "runs"
    not_run = tmp_path / "not-run.md"
    words = ("--store", store, "--out", out, "--not-run", not_run)
    made = cli("baseline", "run", *words)

    assert made.code == 0
    assert "1 runs in" in made.err
    assert not_run.read_text() == ""
    assert cli("check", out, "--baseline", store).code == 0


def test_corpus_that_is_not_here_is_skipped_and_said(
    cli: Cli, run: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MSERBENCH_DATA", raising=False)
    added(cli, run, store)
    path = store / HERE / "emodb-sample" / "random" / "run.json"
    record = path.read_text().replace('"name": "emodb-sample"', '"name": "ravdess:frozen"', 1)
    path.write_text(record)
    not_run = tmp_path / "not-run.md"
    words = ("--store", store, "--out", tmp_path / "out" / "runs", "--not-run", not_run)
    made = cli("baseline", "run", *words)

    assert made.code == 0
    told = not_run.read_text()
    assert "- skipped: corpus 'ravdess' needs a data folder" in told
    assert told.rstrip().endswith("(1 run: random on ravdess:frozen)")


def test_runs_with_kernels_held_back_are_those_of_a_lesser_processor(
    cli: Cli, run: Run, store: Path, tmp_path: Path
) -> None:
    """So one machine makes the baselines of a runner that nobody has at hand."""
    if machine.instructions() not in ("avx2", "avx512"):
        pytest.skip("no x86 processor with AVX2")

    added(cli, run, store)
    before = dict(os.environ)
    out = tmp_path / "again" / "runs"
    words = ("--store", store, "--out", out, "--held-to", "avx2", "--model", "random")
    assert cli("baseline", "run", *words).code == 0
    assert dict(os.environ) == before

    avx2 = tmp_path / "of-avx2"
    (made,) = out.rglob("run.json")
    words = ("--store", avx2, "--envelope-runs", "0", "--held-to", "avx2")
    assert cli("baseline", "add", made.parent, *words).code == 0
    assert [own.device_key for own in Store(avx2).all()] == ["cpu-avx2-numpy2-float64"]


def test_model_without_a_baseline_is_an_error(cli: Cli, run: Run, store: Path) -> None:
    added(cli, run, store)
    made = cli("baseline", "run", "--store", store, "--model", "randon")

    assert made.code == 2
    assert "'random'" in made.err


def test_empty_store_is_no_success(cli: Cli, store: Path) -> None:
    made = cli("baseline", "run", "--store", store)

    assert made.code == 2
    assert "holds no baseline" in made.err
