"""What a build of M5SER adds to its translator: memory, processor, and what a second worker saves."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mserbench.data import corpus, lookup
from mserbench.engine.base import Workers
from mserbench.engine.cores import available_cores
from mserbench.engine.threads import Threads
from mserbench.errors import DataError
from mserbench_m5ser.building import building, work
from mserbench_m5ser.building.building import build
from mserbench_m5ser.building.plan import Plan
from mserbench_m5ser.building.protected import Protected
from mserbench_m5ser.building.request import Request
from mserbench_m5ser.building.sources import gathered

CHILD = Path(__file__).with_name("many_translations.py")
FLAT = 1.15  # of the memory of 500 clips: what is kept of a clip is its line in the plan
OVERHEAD = 1.15  # of the synthesiser and the prosody analysis alone
TWO = 1.8  # times as fast by two workers


def cpu_seconds() -> float:
    """Return the seconds of processor of this process and of its children that ended."""
    return sum(os.times()[:4])


def peak(clips: int, folder: Path) -> int:
    """Return the peak memory in bytes of a build of that many clips."""
    folder.mkdir()
    program = [sys.executable, str(CHILD), str(clips), str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    made, seconds, memory = done.stdout.split()
    print(f"\n{made} clips: {float(seconds):.1f} s of processor, {int(memory) / 2**20:.0f} MiB")

    assert int(made) == clips
    return int(memory)


def bench_memory_is_flat(tmp_path: Path) -> None:
    """From 500 to 10,000 clips, in shards of 400."""
    assert peak(10_000, tmp_path / "many") <= FLAT * peak(500, tmp_path / "few")


@pytest.fixture
def asked(own_cache: Path) -> Request:
    """Return the build of the English demo speech in one language, by espeak."""
    pytest.importorskip("parselmouth")
    pytest.importorskip("espeakng_loader")
    return Request(("demo-en",), ("de",), "espeak")


def bench_a_build_costs_little_more_than_its_translator(
    asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seconds of processor, the synthesiser's own process included; and how fast speech is made."""
    threads = Workers(1, "threads")
    monkeypatch.setattr(building, "engine_asked", lambda *asked_for: Threads(threads))
    material = gathered(asked.sources, None, False, Protected())
    plan = Plan(material.pieces, ("de",), asked.kind.batch_size)
    clips = [work._source_clip(piece) for piece in material.pieces]

    def alone() -> None:
        translator = asked.kind(asked.settings, "cpu")
        for first in range(0, len(clips), asked.kind.batch_size):
            translator.translate(clips[first : first + asked.kind.batch_size], "de")
        translator.close()

    def whole() -> None:
        build(asked, tmp_path / f"set-{time.monotonic_ns()}")
        for translator in work._made.values():
            translator.close()
        work._made.clear()

    alone()  # what is made on first use is made now
    reference, taken = _least(alone), _least(whole)
    seconds = plan.seconds
    print(
        f"\ntranslator alone {reference:.2f} s of processor, build {taken:.2f} s, ratio "
        f"{taken / reference:.2f}; {seconds / taken:.0f} times real time on one core"
    )
    assert taken <= OVERHEAD * reference


@pytest.mark.skipif(available_cores() < 2, reason="two workers want two cores")
@pytest.mark.parametrize("engine", ["local", "ray"])
def bench_two_workers_are_nearly_twice_as_fast(asked: Request, tmp_path: Path, engine: str) -> None:
    """Two workers on two cores against one worker on one core."""
    if engine == "ray":
        pytest.importorskip("ray")

    # In five languages, and of RAVDESS where it is here: the start of a worker must weigh little.
    sources = ("ravdess",) if _has_ravdess() else asked.sources
    asked = replace(asked, sources=sources, languages=("fr", "de", "it", "zh", "es"))
    times: dict[int, float] = {}
    for workers in (1, 2, 1, 2):
        with _cores(workers):
            began = time.perf_counter()
            build(asked, tmp_path / f"set-{time.monotonic_ns()}", engine=engine, workers=workers)
            taken = time.perf_counter() - began

        times[workers] = min(taken, times.get(workers, taken))

    print(
        f"\n{engine}: one worker {times[1]:.1f} s, two {times[2]:.1f} s: "
        f"{times[1] / times[2]:.2f} times"
    )
    assert times[1] >= TWO * times[2]


@contextmanager
def _cores(number: int) -> Iterator[None]:
    """Leave that many cores to this process and to what it starts.

    Praat computes a pitch by as many threads as there are cores, so that one worker on two cores is
    more than one.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:number])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _has_ravdess() -> bool:
    try:
        corpus.find(lookup.corpus("ravdess"), corpus.data_folder(None))
    except DataError:
        return False

    return True


def _least(work: Callable[[], None], rounds: int = 3) -> float:
    taken = []
    for _ in range(rounds):
        began = cpu_seconds()
        work()
        taken.append(cpu_seconds() - began)

    return min(taken)
