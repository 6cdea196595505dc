"""Killed at any step or moment and given again, a command leaves the bytes of an undisturbed one.

Compared is everything below the folder that the command works in, the cache too: which files there
are, their modes and bytes (of a record all but its times). Nothing may be left beside them, no
lock may hold the next command, and no process may go on.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kills.chains import Faults, killed
from kills.commands import COMMANDS, PLUGIN
from kills.fork_server import ForkServer

# Kills of each command in the default run; `make slow` has a thousand in all.
FEW = 5
KINDS = ("answer", "bytes", "leftovers", "processes")
EACH = pytest.mark.parametrize(("name", "kind"), list(itertools.product(COMMANDS, KINDS)))

done: dict[str, Faults] = {}  # the four kinds of fault are looked at in the same kills
servers: list[ForkServer] = []  # one for all: it takes seconds to import what commands need

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="the kills are timed by pidfd_open, which is Linux's"
)


@pytest.fixture(autouse=True, scope="module")
def _no_server_left() -> Iterator[None]:
    yield
    for server in servers:
        server.close()


def faults_of(name: str, kills: int, plugin: Callable[..., Path], place: Path) -> Faults:
    """Kill a command, or return what was seen when it was."""
    key = f"{name} {kills}"
    if key not in done:
        if not servers:
            plugin(PLUGIN)
            servers.append(ForkServer())

        done[key] = killed(COMMANDS[name], servers[0], place, kills)
        report = done[key]
        print(f"{name}: {report.kills} kills, {report.steps} steps, {report.seconds:.0f} s")

    return done[key]


def check(faults: Faults, kind: str, kills: int) -> None:
    assert faults.kills >= kills
    sentences = faults.kinds[kind]
    assert not sentences, f"{len(sentences)} faults in {faults.kills} kills\n" + "\n".join(
        sentences[:12]
    )


@EACH
def test_a_few_kills(name: str, kind: str, plugin: Callable[..., Path], tmp_path: Path) -> None:
    """If a kill could change a byte, nobody could trust what a busy cluster leaves."""
    check(faults_of(name, FEW, plugin, tmp_path), kind, FEW)


@pytest.mark.slow
@EACH
def test_a_thousand_kills(
    name: str, kind: str, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    """The same at every step of each command, and at random moments in rows of up to three."""
    check(faults_of(name, COMMANDS[name].kills, plugin, tmp_path), kind, COMMANDS[name].kills)


def test_they_are_a_thousand() -> None:
    assert sum(command.kills for command in COMMANDS.values()) == 1_000
