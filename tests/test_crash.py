"""Killed at any moment, nothing is lost: a resumed run has the predictions of the uninterrupted
one, byte for byte.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mserbench import evaluate

SLOW_MODEL = """
    class Slow(Model):
        card = property(lambda self: _card("slow"))

        def predict(self, clips, labels):
            time.sleep(0.01)
            return _scores(clips, labels)
"""
ARGUMENTS = [
    "run",
    "--model",
    "slow",
    "--task",
    "emodb-sample",
    "--batch-seconds",
    "3",
    "--json",
    "--out",
]
# Runs the program, but dies at the n-th call of one function of `os`, before or after it did its
# work; of those that take a path only calls on the runs count, as libraries move and remove files
# of their own.
DIES_AT = """
import os, runpy, signal, sys

name, when, n, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
original, calls = getattr(os, name), 0


def deadly(*arguments, **named):
    global calls
    if not isinstance(arguments[0], int) and not os.fspath(arguments[0]).startswith(out):
        return original(*arguments, **named)
    calls += 1
    if calls == n and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*arguments, **named)
    if calls == n:
        os.kill(os.getpid(), signal.SIGKILL)
    return result


setattr(os, name, deadly)
sys.argv = ["mserbench", *sys.argv[5:]]
runpy.run_module("mserbench", run_name="__main__")
"""


@pytest.fixture
def command(plugin: Callable[..., Path], tmp_path: Path) -> list[str]:
    """The program and its arguments, but for the folder of runs."""
    plugin(SLOW_MODEL, models=["Slow"])
    return [sys.executable, "-m", "mserbench", *ARGUMENTS]


def predictions(out: Path) -> bytes:
    (path,) = out.rglob("predictions.csv")
    assert path.with_name("run.json").is_file()
    return path.read_bytes()


def whole_run(command: list[str], out: Path) -> float:
    start = time.monotonic()
    done = subprocess.run([*command, str(out)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

    return time.monotonic() - start


def killed(command: list[str], out: Path, seconds: float) -> bool:
    """Start the run and kill it after some time; False where it had finished before."""
    with subprocess.Popen(
        [*command, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True

        assert process.stderr is not None
        assert process.returncode == 0, process.stderr.read().decode()
        return False


def kill_at_random(command: list[str], tmp_path: Path, kills: int) -> int:
    """Kill runs at random moments and resume them; returns how many journals were taken up
    again.
    """
    whole_run(command, tmp_path / "warm")
    duration = whole_run(command, tmp_path / "whole")
    expected = predictions(tmp_path / "whole")
    moments = random.Random(0)
    out, resumed, died = tmp_path / "killed", 0, 0

    while died < kills:
        resumed += any(path.stat().st_size > 200 for path in out.rglob("journal.jsonl"))
        if killed(command, out, moments.uniform(0.0, duration)):
            died += 1
        else:
            assert predictions(out) == expected
            shutil.rmtree(out)

    whole_run(command, out)
    assert predictions(out) == expected, (
        "a resumed run has other predictions than an uninterrupted one"
    )
    return resumed


def test_killed_at_ten_random_moments_it_resumes_to_the_same_bytes(
    command: list[str], tmp_path: Path
) -> None:
    kill_at_random(command, tmp_path, kills=10)


@pytest.mark.slow
def test_killed_at_a_hundred_random_moments_it_resumes_to_the_same_bytes(
    command: list[str], tmp_path: Path
) -> None:
    resumed = kill_at_random(command, tmp_path, kills=100)
    assert resumed > 20, "most kills came before the first batch: this test shows too little"


@pytest.fixture
def expected(command: list[str], tmp_path: Path) -> bytes:
    """The predictions of an uninterrupted run; made in this process, by a model that says the same
    and is fast.
    """
    run = evaluate("steady", "emodb-sample", out=tmp_path / "whole")
    return (run.folder / "predictions.csv").read_bytes()


def dies(name: str, when: str, n: int, out: Path, *more: str) -> None:
    command = [
        sys.executable,
        "-c",
        DIES_AT,
        name,
        when,
        str(n),
        str(out),
        *ARGUMENTS,
        str(out),
        *more,
    ]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == -9, (
        "it was not killed"
    )


# With an index in the cache, the run renames twice: predictions.csv, then run.json; then it unlinks
# its journal.
@pytest.mark.parametrize(
    ("name", "when", "n"),
    [
        ("replace", "before", 1),
        ("replace", "after", 1),
        ("replace", "before", 2),
        ("replace", "after", 2),
        ("unlink", "after", 1),
        ("fsync", "before", 9),
    ],
)
def test_killed_while_it_writes_it_resumes_to_the_same_bytes(
    command: list[str], expected: bytes, tmp_path: Path, name: str, when: str, n: int
) -> None:
    out = tmp_path / "killed"
    dies(name, when, n, out)
    if not list(out.rglob("run.json")):
        assert list(out.rglob("journal.jsonl")), "the answers are gone before the run is complete"

    whole_run(command, out)
    assert predictions(out) == expected
    folder = next(out.rglob("run.json")).parent
    assert not [
        remnant for remnant in os.listdir(folder) if remnant.startswith((".predictions", ".run"))
    ], "half a file was left"


@pytest.mark.parametrize("n", [1, 2])
def test_a_killed_fresh_start_never_shows_a_half_cleared_run(
    command: list[str], expected: bytes, tmp_path: Path, n: int
) -> None:
    whole_run(command, tmp_path / "out")
    dies("unlink", "after", n, tmp_path / "out", "--fresh")
    assert not list((tmp_path / "out").rglob("run.json")), "a half cleared folder looks finished"
    whole_run(command, tmp_path / "out")
    assert predictions(tmp_path / "out") == expected
