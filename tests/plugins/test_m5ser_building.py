"""Sets of synthetic speech: built, killed and built on, with the same bytes; what fails is told."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_sources import write_source
from made_translators import CODE

from mserbench.data import lookup
from mserbench.engine.base import Workers
from mserbench.engine.threads import Threads
from mserbench.errors import DataError, MserbenchError, UsageError
from mserbench_m5ser import layout, verifying
from mserbench_m5ser.building import building, flac, shards
from mserbench_m5ser.building.building import build
from mserbench_m5ser.building.filters import Filters
from mserbench_m5ser.building.plan import Plan
from mserbench_m5ser.building.protected import Protected
from mserbench_m5ser.building.request import Request
from mserbench_m5ser.building.sources import Material, gathered

LENGTHS = [0.3 + 0.07 * (number * 7 % 23) for number in range(23)]
# Carries the command out in one process, and dies at the n-th call of a function of `os` on a path
# of the build, before or after it did its work.
DIES_AT = """
import os, signal, sys

name, when, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
original, calls = getattr(os, name), 0


def deadly(*arguments, **named):
    global calls
    calls += 1
    if calls == n and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*arguments, **named)
    if calls == n:
        os.kill(os.getpid(), signal.SIGKILL)
    return result


from mserbench.cli import main
from mserbench.engine.base import Workers
from mserbench.engine.threads import Threads
from mserbench_m5ser.building import building, plan

building.engine_asked = lambda *asked: Threads(Workers(1, "threads"))
plan._JOB_CLIPS = 4
if n:
    setattr(os, name, deadly)
main(sys.argv[4:])
"""


@pytest.fixture(autouse=True)
def no_other_corpora(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the corpora of one's own that other tests read in this process."""
    monkeypatch.setattr(lookup, "_owned", {})


@pytest.fixture
def standin(plugin: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the stand-in translator; what it is asked is done in this process."""
    plugin(CODE)
    in_this_process(monkeypatch)


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # A worker process takes a second to start, and its work is the same.
    threads = Workers(1, "threads")
    monkeypatch.setattr(building, "engine_asked", lambda *order: Threads(threads))


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Return a corpus of 23 clips from 0.3 to 1.84 s."""
    return write_source(tmp_path, LENGTHS)


def request(
    source: object, languages: tuple[str, ...] = ("fr", "zh"), part_clips: int = 9, **options: str
) -> Request:
    return Request((str(source),), languages, "standin", options, part_clips=part_clips)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path) -> list[dict[str, object]]:
    paths = sorted((folder / layout.SHARDS).iterdir())
    return [row for path in paths for row in shards.rows(path)]


def test_a_set_holds_what_was_asked_for(standin: None, calls: Path, tmp_path: Path) -> None:
    built = build(request(calls), tmp_path / "set")
    became = built.manifest["became"]
    produced = rows(built.folder)

    long_enough = [
        number for number, seconds in enumerate(LENGTHS) if round(16_000 * seconds) >= 8_000
    ]
    assert [row["id"] for row in produced] == [
        f"calls/c{number:05d}/{language}" for language in ("fr", "zh") for number in long_enough
    ]
    assert became["clips"] == len(produced) == 2 * len(long_enough)
    assert became["dropped"] == {"shorter than 0.5 s": 2 * (len(LENGTHS) - len(long_enough))}
    assert became["failed"] == {}

    first = produced[0]
    assert list(first) == list(layout.COLUMNS)
    samples = flac.decoded(first["audio"]["bytes"])
    assert first["seconds"] == len(samples) / 16_000
    assert first["pcm16_bytes"] == 44 + 2 * len(samples)
    assert first["key"] == flac.key(samples)
    assert (first["text"], first["source_text"]) == (
        f"fr word {long_enough[0]}",
        f"word {long_enough[0]}",
    )
    assert (first["derived_from"], first["split"]) == (f"calls:c{long_enough[0]:05d}", "train")
    assert [shard["file"] for shard in built.manifest["shards"]] == [
        f"data/{language}-{index:05d}.parquet" for language in ("fr", "zh") for index in range(3)
    ]

    # Nothing else is left, and nothing in it tells of a machine.
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()
    assert not any(str(tmp_path).encode() in data for data in files(built.folder).values())
    assert verifying.verify(built.folder, None).problems == ()


def test_datasets_loads_a_set(
    standin: None, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    built = build(request(calls), tmp_path / "set")
    cache = str(tmp_path / "cache")

    every = datasets.load_dataset(str(built.folder), cache_dir=cache)["train"]
    french = datasets.load_dataset(str(built.folder), "fr", split="train", cache_dir=cache)

    assert every.num_rows == 2 * french.num_rows == built.manifest["became"]["clips"]
    assert every.features["audio"] == datasets.Audio(sampling_rate=16_000)
    # Bytes as they are: decoding by `datasets` wants torchcodec, which is no part of our lock.
    audio = french.cast_column("audio", datasets.Audio(decode=False))[0]["audio"]
    assert flac.key(flac.decoded(audio["bytes"])) == french.select_columns("key")[0]["key"]
    assert set(french.unique("language")) == {"fr"}


def test_workers_in_other_processes_give_the_same_bytes(
    plugin: Callable[..., Path], calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(CODE)
    build(request(calls), tmp_path / "two" / "set", workers=2)
    in_this_process(monkeypatch)
    build(request(calls), tmp_path / "here" / "set")

    assert files(tmp_path / "two") == files(tmp_path / "here")


@pytest.mark.slow
def test_a_ray_cluster_gives_the_same_bytes(
    plugin: Callable[..., Path], calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    plugin(CODE)
    build(request(calls), tmp_path / "ray" / "set", engine="ray", workers=2)
    in_this_process(monkeypatch)
    build(request(calls), tmp_path / "here" / "set")

    assert files(tmp_path / "ray") == files(tmp_path / "here")


def command(source: Path, out: Path) -> list[str]:
    return [
        *("m5ser", "build", "--sources", str(source), "--languages", "fr,zh"),
        *("--translator", "standin", "--out", str(out)),
    ]


def test_a_killed_build_goes_on_to_the_same_bytes(
    standin: None, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while results are kept, while a shard is put in its place, and after the last rename."""
    monkeypatch.setattr("mserbench_m5ser.building.plan._JOB_CLIPS", 4)
    whole = build(Request((str(calls),), ("fr", "zh"), "standin"), tmp_path / "whole" / "set")
    out = tmp_path / "killed" / "set"

    def run(name: str, when: str, n: int) -> int:
        program = [sys.executable, "-c", DIES_AT, name, when, str(n), *command(calls, out)]
        done = subprocess.run(program, capture_output=True, timeout=120)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        return done.returncode

    for name, when, n in (
        ("fsync", "before", 3),
        ("replace", "before", 2),
        ("replace", "after", 5),
    ):
        assert run(name, when, n) == -signal.SIGKILL
        assert not out.exists()

    assert run("replace", "after", 0) == 0
    assert files(out) == files(whole.folder)
    assert [path.name for path in out.parent.iterdir()] == ["set"]


@pytest.mark.slow
def test_fifty_kills_at_random_moments(
    plugin: Callable[..., Path], tmp_path: Path, own_cache: Path
) -> None:
    """By the program as a user starts it, with two worker processes, which die with it."""
    plugin(CODE)
    source = write_source(tmp_path, [0.4 + 0.01 * (number % 50) for number in range(400)])
    program = [sys.executable, "-m", "mserbench"]
    options = ["--option", "sleep=0.003", "--workers", "2"]

    def start(out: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*program, *command(source, out), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    began = time.monotonic()
    assert start(tmp_path / "whole" / "set").wait(300) == 0
    duration = time.monotonic() - began
    expected = files(tmp_path / "whole" / "set")
    moments, out, kills = random.Random(0), tmp_path / "killed" / "set", 0
    while kills < 50:
        process = start(out)
        try:
            process.wait(moments.uniform(0.2, 1.1) * duration)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            continue

        assert process.returncode == 0
        assert files(out) == expected
        for path in sorted(out.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()

    assert start(out).wait(300) == 0
    assert files(out) == expected


@pytest.mark.parametrize("moment", range(0, 12, 3))
def test_interrupted_work_is_not_done_again(
    standin: None, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    log = tmp_path / "batches"
    order = request(calls, batch=str(log))
    monkeypatch.setattr("mserbench_m5ser.building.plan._JOB_CLIPS", 4)
    whole = build(order, tmp_path / "whole" / "set")
    in_order = log.read_text().splitlines()
    log.write_text("")

    original, countdown = building.Store.add, [moment]

    def stops(store: object, results: object) -> None:
        if not countdown[0]:
            raise KeyboardInterrupt
        countdown[0] -= 1
        original(store, results)

    monkeypatch.setattr(building.Store, "add", stops)
    with pytest.raises(KeyboardInterrupt):
        build(order, tmp_path / "again" / "set")

    monkeypatch.setattr(building.Store, "add", original)
    second = build(order, tmp_path / "again" / "set")

    # All batches are those of the plan, and only the job that was under way came twice: one batch,
    # in both languages where it is small.
    assert files(second.folder) == files(whole.folder)
    twice = Counter(log.read_text().splitlines()) - Counter(in_order)
    assert set(log.read_text().splitlines()) == set(in_order)
    assert sum(twice.values()) in (1, 2)
    assert len({line.rpartition(" ")[0] for line in twice}) == 1


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_build_that_ended_in_its_last_moment_leaves_nothing(
    standin: None,
    calls: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_removed: bool,
) -> None:
    """If the notes of parts outlived their files, the next set would lack its shards."""
    whole = build(request(calls), tmp_path / "whole" / "set")
    out = tmp_path / "again" / "set"

    def ended(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mserbench_m5ser.building.building.shutil.rmtree", ended)
        with pytest.raises(KeyboardInterrupt):
            build(request(calls), out)

    assert files(out) == files(whole.folder)
    if is_removed:
        shutil.rmtree(out)

    build(request(calls), out)
    assert files(out) == files(whole.folder)
    assert [path.name for path in out.parent.iterdir()] == ["set"]


def test_batches_are_of_nearly_one_length(standin: None, calls: Path) -> None:
    material: Material = gathered((str(calls),), None, False, Protected())
    plan = Plan(material.pieces, ("fr",), 4, 9)
    for part in plan.parts():
        batches = [batch for job in plan.jobs([part]) for _, batch in job]
        lengths = [piece.item.facts.seconds for batch in batches for piece in batch]
        assert lengths == sorted(lengths)
        assert {piece.number for batch in batches for piece in batch} == {
            piece.number for piece in part.pieces
        }
        assert {len(batch) for batch in batches[:-1]} <= {4}


def test_a_job_has_its_clips_in_all_languages(standin: None, calls: Path) -> None:
    """What a worker measured of a source serves all its languages, whoever has the next job."""
    material: Material = gathered((str(calls),), None, False, Protected())
    plan = Plan(material.pieces, ("fr", "de", "zh"), 4, 9)
    rounds = list(plan.rounds())
    assert sorted(part.name for parts in rounds for part in parts) == sorted(
        part.name for part in plan.parts()
    )

    for parts in rounds:
        jobs = [
            [(part.language, piece.number) for part, batch in job for piece in batch]
            for job in plan.jobs(parts)
        ]
        own = [{number for _, number in job} for job in jobs]
        assert all(len(job) == 3 * len(numbers) for job, numbers in zip(jobs, own, strict=True))
        assert sum(map(len, own)) == len(parts[0].pieces)


def test_a_batch_that_is_too_large_for_a_job_is_cut_by_language(
    standin: None, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mserbench_m5ser.building.plan._JOB_CLIPS", 8)
    material: Material = gathered((str(calls),), None, False, Protected())
    plan = Plan(material.pieces, ("fr", "de", "zh"), 4, 9)
    (first, *_) = plan.rounds()
    jobs = [[(part.language, len(batch)) for part, batch in job] for job in plan.jobs(first)]
    assert jobs == [
        [("fr", 4), ("de", 4)],
        [("zh", 4)],
        [("fr", 4), ("de", 4)],
        [("zh", 4), ("fr", 1), ("de", 1), ("zh", 1)],
    ]


def test_what_fails_is_told_and_the_rest_is_made(
    standin: None, calls: Path, tmp_path: Path
) -> None:
    order = request(calls, fail="c00003+c00004", broken="c00012", nan="c00006")
    built = build(order, tmp_path / "set")
    failed = built.manifest["became"]["failed"]
    lines = (built.folder / layout.REJECTED).read_text().splitlines()

    assert failed["the text is empty"] == 4
    assert failed["speech holds NaN or infinite samples"] == 2
    # Its batch of four fails with it: an error is one of all that were given together.
    assert failed["ValueError: no such word"] in range(2, 9)
    assert lines[0] == "id,language,became,reason"
    assert "calls/c00003/fr,fr,failed,the text is empty" in lines
    assert len(lines) - 1 + built.manifest["became"]["clips"] == 2 * len(LENGTHS)


def test_a_worker_that_dies_costs_its_own_clips_alone(
    plugin: Callable[..., Path], calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(CODE)
    monkeypatch.setattr("mserbench_m5ser.building.plan._JOB_CLIPS", 4)
    built = build(request(calls, ("fr",), dies="c00007"), tmp_path / "set", workers=2)
    (reason, count), *more = built.manifest["became"]["failed"].items()

    assert "failed 3 times" in reason
    assert not more
    assert count <= 4
    assert built.manifest["became"]["clips"] > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"fail": "all"},
            "no clip of 'standin' can be kept, of 46: 46 failed for one reason, the text",
        ),
        ({"factor": "0.01"}, "was left out for one reason, shorter than 0.5 s"),
        (
            {"start": "false"},
            "translator 'standin' cannot start: RuntimeError: its weights are gone",
        ),
    ],
)
def test_nothing_made_is_an_error(
    standin: None, calls: Path, tmp_path: Path, options: dict[str, str], words: str
) -> None:
    with pytest.raises(MserbenchError, match=words) as raised:
        build(request(calls, **options), tmp_path / "set")

    assert raised.value.exit_code == 4
    assert not (tmp_path / "set").exists()


def test_other_weights_under_the_same_name_are_another_translator(
    standin: None, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If they were not, half a set would be spoken by the one and half by the other."""
    weights = tmp_path / "voice.safetensors"
    weights.write_bytes(b"first")
    order = request(calls, weights=str(weights))
    first = build(order, tmp_path / "set")
    assert first.manifest["asked"]["translator"]["inputs"].keys() == {"weights"}
    assert str(tmp_path) not in json.dumps(first.manifest)

    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(building.Store, "add", stops)
        with pytest.raises(KeyboardInterrupt):
            build(order, tmp_path / "unfinished")

    weights.write_bytes(b"second")
    for name in ("set", "unfinished"):
        with pytest.raises(UsageError, match=r"asked for otherwise .translator.: give"):
            build(request(calls, weights=str(weights)), tmp_path / name)


def test_the_same_build_again_is_done_and_another_is_refused(
    standin: None, calls: Path, tmp_path: Path
) -> None:
    order = replace(request(calls), filters=Filters(ratio=(0.5, 2.0)))
    first = build(order, tmp_path / "set")
    before = files(first.folder)
    second = build(order, tmp_path / "set")
    assert (first.was_there, second.was_there) == (False, True)
    assert files(second.folder) == before

    with pytest.raises(UsageError, match=r"asked for otherwise .languages.: give another --out"):
        build(replace(order, languages=("fr", "de")), tmp_path / "set")

    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        build(request(calls), tmp_path / "used")


def test_an_unfinished_build_of_another_request_is_not_mixed_in(
    standin: None, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(building.finishing, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build(request(calls), tmp_path / "set")

    with pytest.raises(UsageError, match="--fresh"):
        build(request(calls, factor="1.5"), tmp_path / "set")

    built = build(request(calls, factor="1.5"), tmp_path / "set", fresh=True)
    alone = build(request(calls, factor="1.5"), tmp_path / "alone" / "set")
    assert files(built.folder) == files(alone.folder)


def interrupted(*arguments: object) -> dict[str, object]:
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", ["store", "shard", "folder"])
def test_a_full_disk_is_one_sentence_and_nothing_is_lost(
    standin: None, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    targets = {
        "store": (building.Store, "add"),
        "shard": (shards, "write"),
        "folder": (building.folders, "put_in_place"),
    }
    with monkeypatch.context() as patch:
        patch.setattr(*targets[place], full)
        with pytest.raises(
            DataError, match=r"No space left on device.: make room, and give the same"
        ):
            build(request(calls), tmp_path / "set")

    whole = build(request(calls), tmp_path / "whole" / "set")
    assert files(build(request(calls), tmp_path / "set").folder) == files(whole.folder)


def test_two_builds_do_not_write_one_set(standin: None, calls: Path, tmp_path: Path) -> None:
    with (
        building.folders.held(tmp_path / ".set.work" / "lock"),
        pytest.raises(UsageError, match="is being built by another process"),
    ):
        build(request(calls), tmp_path / "set")


def test_the_command_speaks_as_a_user_types_it(
    standin: None, calls: Path, tmp_path: Path, cli: Callable[..., object]
) -> None:
    out = tmp_path / "set"
    built = cli(*command(calls, out), "--min-seconds", "0.4", "--min-kb", "calls=20")
    assert built.code == 0, built.err
    assert "left out: " in built.out
    assert "smaller than 20 KB" in built.out

    verified = cli("m5ser", "verify", out)
    assert verified.code == 0, verified.err
    assert "0 problem(s)" in verified.out
    record = json.loads(cli("m5ser", "verify", out, "--json").out)
    assert record["problems"] == []
    assert record["by_language"].keys() == {"fr", "zh"}

    second = cli(*command(calls, out), "--min-seconds", "0.4", "--min-kb", "calls=20", "--json")
    assert json.loads(second.out)["became"]["clips"] == record["clips"]

    for options, words in (
        (["--min-kb", "20"], "CORPUS=KB was expected"),
        (["--option", "speed=2"], "option of translator 'standin' 'speed' is not known"),
        (["--duration-ratio", "2:1"], "LEAST:GREATEST was expected"),
    ):
        refused = cli(*command(calls, tmp_path / "other"), *options)
        assert refused.code == 2
        assert words in refused.err


def test_models_choose_among_clips_and_their_exposure_counts(
    standin: None, calls: Path, tmp_path: Path
) -> None:
    from mserbench_m5ser.building.agreement import Judge

    judge = Judge("steady", None)
    order = Request((str(calls),), ("fr",), "standin", judge=judge)
    built = build(order, tmp_path / "set")

    assert built.manifest["became"]["dropped"]["steady hears another emotion"] > 0
    assert built.manifest["asked"]["agree_by"] == {
        "model": "steady",
        "version": "1",
        "weights": None,
    }
    assert built.manifest["asked"]["exposure_complete"] is True
