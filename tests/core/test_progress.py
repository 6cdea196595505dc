"""Long work says where it stands: a line now and then where nobody watches, none in quick work,
never on stdout.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mserbench import features
from mserbench.cli import main
from mserbench.contracts import Clip
from mserbench.engine.base import Outcome
from mserbench.experiments import conduct
from mserbench.report import progress


@dataclass
class Clock:
    """A time of the test's own: it waits without waiting, does the next piece of work meanwhile,
    and hears lines.
    """

    seconds: float = 0.0
    told: list[str] = field(default_factory=list)

    def passes(self, *steps: Callable[[], object]) -> list[str]:
        """Let half a minute pass for each step of some work; returns the lines that were told."""
        coming = iter(steps)

        def wait(seconds: float) -> bool:
            step = next(coming, None)
            if step is None:
                return True

            self.seconds += seconds
            step()
            return False

        progress.watch(wait, self.told.append)
        return self.told


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(progress, "now", lambda: stopped.seconds)
    monkeypatch.setattr(progress, "_under_way", [])

    return stopped


def nothing() -> None:
    """Do no work."""


def test_a_line_every_half_minute_with_what_is_done_of_how_much(clock: Clock) -> None:
    """`make run` was silent for minutes: a user cannot tell that from a program that hangs."""
    with progress.counting("egemaps on ravdess") as report:
        report(0, 1_248)
        lines = clock.passes(
            lambda: report(312, 1_248), lambda: report(624, 1_248), lambda: report(936, 1_248)
        )

    assert lines == [
        "egemaps on ravdess: 312 of 1,248, about 2 min left, 30 s so far",
        "egemaps on ravdess: 624 of 1,248, about 60 s left, 60 s so far",
        "egemaps on ravdess: 936 of 1,248, about 30 s left, 2 min so far",
    ]
    assert progress.EVERY <= 30


def test_the_innermost_of_nested_work_is_counted(clock: Clock) -> None:
    """A run that fills a cache first would stand at 0 of 604 for ten minutes."""
    with progress.counting("mser-llm on demo-fa") as outer:
        outer(0, 360)
        with progress.doing("preparing"), progress.counting("frames of clips") as inner:
            lines = clock.passes(lambda: inner(40, 360))

    assert lines == ["mser-llm on demo-fa: preparing: frames of clips: 40 of 360, 30 s so far"]
    assert clock.passes(nothing) == lines, "nothing is under way any more, so nothing is said"


def test_a_resumed_work_tells_the_pace_of_this_time(clock: Clock) -> None:
    """Counting what the last night did would promise an end in minutes for hours."""
    with progress.counting("training") as report:
        report(900, 1_000)
        lines = clock.passes(lambda: report(950, 1_000, "total 1.234"))

    assert lines == ["training: 950 of 1,000 (total 1.234), about 30 s left, 30 s so far"]


def test_a_batch_that_takes_long_does_not_move_the_end_away(clock: Clock) -> None:
    """Reports come batch by batch: between two, a pace up to now would fall, and the end recede."""
    with progress.counting("run") as report:
        report(0, 400)
        lines = clock.passes(lambda: report(100, 400), nothing, nothing, nothing)

    assert [line.removeprefix("run: 100 of 400, ") for line in lines] == [
        "about 2 min left, 30 s so far",
        "about 60 s left, 60 s so far",
        "about 30 s left, 2 min so far",
        "2 min so far",
    ]


def test_a_folder_that_something_else_fills_is_measured(clock: Clock, tmp_path: Path) -> None:
    """pip tells no program how far it is."""
    with (
        progress.doing("package index: toy==1.0 (8 MB)"),
        progress.filling("fetched", tmp_path / "new", 8_000_000),
    ):

        def arrive() -> None:
            (tmp_path / "new").mkdir()
            (tmp_path / "new/part").write_bytes(bytes(4_000_000))

        lines = clock.passes(nothing, arrive)

    assert lines == [
        "package index: toy==1.0 (8 MB): fetched: 0 of 8 MB, 30 s so far",
        "package index: toy==1.0 (8 MB): fetched: 4 of 8 MB, about 30 s left, 60 s so far",
    ]


def test_what_cannot_be_counted_is_named(clock: Clock) -> None:
    """An 8B model takes minutes to load, and nothing in it can be counted."""
    with progress.doing("loading mser-llm"):
        assert clock.passes(nothing) == ["loading mser-llm: 30 s so far"]


def test_features_of_many_clips_are_counted(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand clips of eGeMAPS take half an hour."""
    descriptions: list[str] = []
    monkeypatch.setattr(features, "_CHUNK", 2)
    keep = features._kept
    monkeypatch.setattr(
        features, "_kept", lambda *chunk: descriptions.append(progress.describe(0)) or keep(*chunk)
    )
    clips = [Clip(name, name, 1.0, lambda: np.zeros(8, np.float32)) for name in "abcdef"]
    features.extract(clips, features.FeatureSet("toy", "1", 1, lambda waveform: np.zeros(1)))
    assert [line.partition(",")[0] for line in descriptions] == [
        "features toy: 0 s so far",
        *(f"features toy: {n} of 6" for n in (2, 4)),
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (4.4, "4 s"),
        (89, "89 s"),
        (90, "2 min"),
        (600, "10 min"),
        (5_399, "90 min"),
        (9_000, "2.5 h"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    """`9000 s` makes a reader reckon."""
    assert progress.lasting(seconds) == words


SLOW = """
    class Slow(Model):
        card = property(lambda self: _card("slow"))

        def predict(self, clips, labels):
            import tqdm

            time.sleep(0.4)
            list(tqdm.tqdm(range(3), desc="a library's own bar"))
            return _scores(clips, labels)
"""
# Runs the program with a line every 0.2 s in place of 30.
HURRY = (
    "import mserbench.report.progress as p, sys; p.EVERY = 0.2; from mserbench.cli import "
    "main; main(sys.argv[1:])"
)


@pytest.fixture
def slow(plugin, tmp_path: Path) -> list[str]:
    plugin(SLOW, models=["Slow"])
    words = "run --model slow --task emodb-sample --batch-seconds 60 --json --out"
    return [*words.split(), str(tmp_path)]


def test_a_run_without_a_terminal_says_lines_on_stderr_alone(slow: list[str]) -> None:
    """A log of a queue fills with carriage returns, or stays empty; JSON on stdout must stay
    JSON.
    """
    done = subprocess.run([sys.executable, "-c", HURRY, *slow], capture_output=True, check=True)
    lines = done.stderr.decode().splitlines()
    counted = [
        line
        for line in lines
        if re.match(r"slow on emodb-sample: \d+ of 70, .*\d+ s so far$", line)
    ]
    assert counted, lines
    assert b"\r" not in done.stderr
    assert b"own bar" not in done.stderr, "a library drew into a log"
    assert done.stdout.startswith(b"[")
    assert b"so far" not in done.stdout


def test_on_a_terminal_a_bar_is_drawn_and_no_lines(slow: list[str]) -> None:
    """Who watches wants one line that moves, not a page of them."""
    pty = pytest.importorskip("pty")
    reader, writer = pty.openpty()
    command = [sys.executable, "-c", HURRY, *slow]

    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=writer, env={**os.environ, "TERM": "xterm"}
    ) as run:
        os.close(writer)
        drawn = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(reader, 65_536):
                drawn += piece

    os.close(reader)
    assert run.returncode == 0
    assert b"slow on emodb-sample" in drawn
    assert b"%" in drawn
    assert b"so far" not in drawn


def test_a_table_says_how_many_of_its_trainings_are_done(clock: Clock) -> None:
    """One of forty trainings takes half an hour, and until it is done the table said nothing."""

    def results() -> Iterator[Outcome[Any]]:
        clock.passes(nothing)
        yield Outcome("a")
        clock.passes(nothing)
        yield Outcome("b")

    assert [done.key for done in conduct._watched(results(), "trainings", 40)] == ["a", "b"]
    assert clock.told == [
        "trainings: 0 of 40, 30 s so far",
        "trainings: 1 of 40, about 19 min left, 30 s so far",
    ]


def test_quick_work_says_nothing(slow: list[str]) -> None:
    """A line for each command of a second would be noise in every script."""
    done = subprocess.run(
        [sys.executable, "-m", "mserbench", *slow], capture_output=True, text=True, check=True
    )
    assert "so far" not in done.stderr


def test_no_line_comes_after_the_command(
    slow: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A thread that lives on would write into the output of the next program."""
    with pytest.raises(SystemExit):
        main(slow)

    assert progress.WATCHER not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("rank", ["0", "1"])
def test_of_several_processes_the_main_one_alone_speaks(
    rank: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Eight GPUs would say each line eight times."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setattr(progress, "EVERY", 0.01)

    with progress.lines(), progress.doing("training"):
        time.sleep(0.2)

    assert ("training: 0 s so far" in capfd.readouterr().err) is (rank == "0")
