"""What two workers gain over one, by local processes and by Ray, and what Ray adds to a shard.

The machine may be shared, where the clock of a whole says more of the neighbours than of the
engine. So a gain is made of two numbers that neighbours do not change: how many workers were inside
of shards at a time (seconds of the clock in shards, over those of the whole), and how many seconds
of processor a shard took, by one worker and by two.
"""

from __future__ import annotations

import os
import time

import pytest

from mserbench.engine.base import Shard, Workers
from mserbench.engine.named import engine_named

SHARDS, STEPS = 24, 8_000_000  # about half a second each
LEAST = 1.8  # times as fast, of two workers over one
EMPTY, PAYLOAD = 1_000, 4 * 2**20  # shards of nothing, and bytes of a value, as of clips in FLAC
LONG, SHARE = 30.0, 0.05  # seconds of work in a shard, and what part of them Ray may add


def counted(steps: int) -> tuple[int, float, float]:
    """Count; return who did, its seconds of processor, and those of the clock."""
    processor, clock = time.process_time(), time.perf_counter()
    total = 0
    for step in range(steps):
        total += step

    return os.getpid(), time.process_time() - processor, time.perf_counter() - clock


def payload(number: int) -> bytes:
    """Return bytes of a shard's usual size that differ by its number."""
    return number.to_bytes(4, "little") * (PAYLOAD // 4)


def worked(name: str, number: int) -> tuple[float, float]:
    """Return how many workers were at work at a time, and seconds of processor a shard."""
    with engine_named(name, Workers(number)) as engine:
        # Until all have begun: the start is another number.
        begun: set[int] = set()
        while len(begun) < number:
            few = [Shard(str(n), counted, (STEPS // 8,)) for n in range(2 * number)]
            begun |= {outcome.result()[0] for outcome in engine.do(few)}

        clock = time.perf_counter()
        shards = (Shard(str(n), counted, (STEPS,)) for n in range(SHARDS))
        results = [outcome.result() for outcome in engine.do(shards)]
        whole = time.perf_counter() - clock

    return sum(inside for *_, inside in results) / whole, sum(cpu for _, cpu, _ in results) / SHARDS


@pytest.mark.parametrize("name", ["local", "ray"])
def bench_two_workers_over_one(name: str) -> None:
    """A second worker must be worth nearly what the first is."""
    if name == "ray":
        pytest.importorskip("ray")

    (alone, one), (together, two) = worked(name, 1), worked(name, 2)
    gain = together / alone * one / two
    print(
        f"\n{name}: {alone:.3f} and {together:.3f} workers at work, {one:.3f} and {two:.3f} s of "
        f"processor a shard: two workers are {gain:.2f} times as fast as one"
    )
    assert gain > LEAST


def bench_what_ray_adds_to_a_shard() -> None:
    """Handing out and taking back, beside half a minute of work."""
    pytest.importorskip("ray")
    began = time.perf_counter()
    with engine_named("ray", Workers(1)) as engine:
        list(engine.do([Shard("first", abs, (1,))]))
        start = time.perf_counter() - began
        added = {}
        for kind, work, number in (("nothing", abs, EMPTY), ("4 MiB", payload, EMPTY // 20)):
            began = time.perf_counter()
            outcomes = engine.do(Shard(str(n), work, (n,)) for n in range(number))
            assert not any(outcome.failure for outcome in outcomes)
            added[kind] = (time.perf_counter() - began) / number

    print(f"\nRay: {start:.1f} s until the first outcome of a cluster of its own")
    for kind, seconds in added.items():
        print(
            f"Ray, a shard that gives {kind}: {1e3 * seconds:.2f} ms by the clock, "
            f"{100 * seconds / LONG:.4f} % of {LONG:.0f} s of work"
        )

    assert max(added.values()) < SHARE * LONG
