"""Chains of kills of one command, and what they left that an undisturbed command does not."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kills.commands import Command, snapshot
from kills.fork_server import Ended, ForkServer, Order

LONGEST = 3  # kills before a command may go through
PATIENCE = 20.0  # seconds for what a killed command started to see that it is alone


@dataclass
class Faults:
    """What was seen after the kills: a sentence each, by kind. `kills` that did come."""

    kills: int = 0
    steps: int = 0  # of an undisturbed command, each of which was killed at if there was room
    seconds: float = 0.0
    kinds: dict[str, list[str]] = field(
        default_factory=lambda: {kind: [] for kind in ("answer", "bytes", "leftovers", "processes")}
    )

    def add(self, kind: str, moments: list[str], sentence: str) -> None:
        """Note a fault, with the moments of the kills before it."""
        self.kinds[kind].append(f"killed at {', '.join(moments)}: {sentence}")


def killed(command: Command, server: ForkServer, place: Path, kills: int) -> Faults:
    """Kill a command again and again, and compare each time it went through.

    First at every step of it, one kill each, as far as there is room for half of `kills`; then at
    random moments and steps, up to three in a row.
    """
    start = time.monotonic()
    expected, whole = _undisturbed(command, server, place / "work")
    faults = Faults(steps=whole.steps)
    chance = random.Random(kills)

    # One path for all, as the name of an index in the cache is made from that of its corpus.
    folder = place / "work"
    for moments in _moments(whole, kills, chance):
        _laid(command, folder)
        groups, hits = [], []
        # The last one is left alone; one that was done before its kill came is the last.
        for step, seconds in [*moments, (None, None)]:
            ended = server.do(Order(command.words, str(folder), step, seconds))
            groups.append(ended.group)
            if ended.code != -signal.SIGKILL:
                break

            hits.append(f"step {step}" if step else f"{seconds:.3f} s")

        faults.kills += len(hits)
        _compare(faults, hits, ended, expected, folder)
        if still := _alive(groups):
            faults.add("processes", hits, f"process group {still} is still at work")

        shutil.rmtree(folder)
        if faults.kills >= kills:
            break

    faults.seconds = time.monotonic() - start
    return faults


def _moments(
    whole: Ended, kills: int, chance: random.Random
) -> Iterator[list[tuple[int | None, float | None]]]:
    steps = list(range(1, whole.steps + 1))
    if len(steps) > kills // 2:
        # Evenly over the command, the last ones in any case: there things appear by a rename.
        late = steps[-kills // 4 :]
        steps = sorted({*chance.sample(steps, kills // 4), *late})

    yield from ([(step, None)] for step in steps)
    while True:
        length = chance.randint(1, LONGEST)
        yield [
            (chance.randint(1, whole.steps), None)
            if chance.random() < 0.3
            else (None, chance.uniform(0, whole.seconds))
            for _ in range(length)
        ]


def _laid(command: Command, folder: Path) -> None:
    folder.mkdir(parents=True)
    command.prepare(folder)


def _undisturbed(
    command: Command, server: ForkServer, folder: Path
) -> tuple[dict[str, str], Ended]:
    """Return what an undisturbed command leaves; given again, it must leave the same."""
    _laid(command, folder)
    whole = server.do(Order(command.words, str(folder)))
    assert whole.code == 0, whole.printed

    expected = snapshot(folder)
    twice = server.do(Order(command.words, str(folder)))
    changed = dict(expected.items() ^ snapshot(folder).items())
    # A training refuses to go where one lies: then nothing may change either.
    assert not changed, f"a second time (exit {twice.code}) other bytes: {sorted(changed)}"

    shutil.rmtree(folder)
    return expected, whole


def _compare(
    faults: Faults, hits: list[str], ended: Ended, expected: dict[str, str], folder: Path
) -> None:
    if ended.code != 0:
        faults.add("answer", hits, f"exit {ended.code}: {ended.printed.strip()[-300:]}")

    listing = snapshot(folder)
    changed = [name for name in expected if name in listing and listing[name] != expected[name]]
    missing = sorted(expected.keys() - listing.keys())
    more = sorted(listing.keys() - expected.keys())
    if changed or missing:
        faults.add("bytes", hits, f"other: {changed[:5]}, missing: {missing[:5]}")
    if more:
        faults.add("leftovers", hits, f"left behind: {more[:5]}")


def _alive(groups: list[int]) -> int | None:
    """Return a group of processes that does not end although its first one was killed."""
    end = time.monotonic() + PATIENCE
    for group in groups:
        while True:
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                break

            if time.monotonic() > end:
                return group
            time.sleep(0.02)

    return None
