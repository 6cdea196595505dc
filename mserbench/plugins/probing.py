"""Finds plugins that end or hang the process: each new one is loaded by a child first, once.

No handler of exceptions meets `os._exit`, a segfault or an endless loop. So the program has a child
load what it has never loaded here, and keeps in the cache that it ended well. A file that stands
while plugins are loaded tells the next start that one of them ended the process after all.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

SECONDS = 12.0  # for each plugin; one that imports torch at once takes some five on a slow disk
SWITCH = "PROBED_BY_MSERBENCH"  # in the environment of the child, which must not have one itself
_CODE = "from mserbench.plugins import loading; loading.load_for_a_parent({})"
_KEPT, _UNDER_WAY = "probed.json", "loading-"

_switched_on: list[bool] = []


def switch_on() -> None:
    """Have plugins probed that were never loaded here: asked for by the program, not by Python.

    In a notebook or a test the plugins are loaded as they are, in no child.
    """
    if SWITCH not in os.environ:
        _switched_on.append(True)


@dataclass(frozen=True)
class Candidate:
    """An installed plugin before it is loaded: its entry point, its distribution, its version."""

    name: str
    distribution: str
    version: str
    module: str

    @property
    def state(self) -> str:
        """Its version and its file as it is now: another file has to be probed again.

        By size and time, as nothing but the probing rests on it.
        """
        top = self.module.partition(":")[0].partition(".")[0]
        # Of the top alone, as finding what lies below would import it.
        spec = PathFinder.find_spec(top)
        if spec is None or not spec.origin:
            return f"{self.distribution} {self.version}"

        facts = os.stat(spec.origin)
        return (
            f"{self.distribution} {self.version} {spec.origin} {facts.st_size} {facts.st_mtime_ns}"
        )


@contextmanager
def watched(candidates: Sequence[Candidate], cache: Path) -> Iterator[Mapping[str, str]]:
    """Stand around the loading of plugins: yields what must not be loaded, with the reasons.

    A cache that cannot be written ends all probing: else each start would pay for a child.
    """
    if not _switched_on or not candidates:
        yield {}
        return

    folder = cache / "plugins"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        was_ended = _clear_of_the_dead(folder)
        marker = folder / f"{_UNDER_WAY}{os.getpid()}"
        marker.touch()
    except OSError:
        yield {}
        return

    try:
        yield _reasons(candidates, folder / _KEPT, was_ended)
    finally:
        with suppress(OSError):
            marker.unlink()


def _reasons(candidates: Sequence[Candidate], kept: Path, was_ended: bool) -> dict[str, str]:
    states = {candidate.name: candidate.state for candidate in candidates}
    before = {} if was_ended else _read(kept)
    new = [name for name, state in states.items() if before.get(name) != state]
    if not new:
        return {}

    reasons = _probe(new)
    sound = {name: state for name, state in states.items() if name not in reasons}
    with suppress(OSError):
        from mserbench.disk.files import write_atomic

        # Of other environments that share the cache, what is kept stays.
        write_atomic(kept, json.dumps({**before, **sound}))

    return reasons


def _read(kept: Path) -> dict[str, str]:
    """Return what was probed before; nothing where the file is missing or damaged."""
    with suppress(OSError, ValueError, RecursionError):
        content = json.loads(kept.read_bytes())
        if isinstance(content, dict):
            return content

    return {}


def _clear_of_the_dead(folder: Path) -> bool:
    """Remove what processes left that ended while they loaded plugins; tell whether any did."""
    is_left = False
    for path in folder.glob(f"{_UNDER_WAY}*"):
        number = path.name.removeprefix(_UNDER_WAY)
        if number.isdecimal() and not _is_alive(int(number)):
            path.unlink(missing_ok=True)
            is_left = True

    return is_left


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True

    return True


def _probe(names: Sequence[str]) -> dict[str, str]:
    """Have a child load plugins in order; where it ends or hangs, another one goes on behind."""
    reasons: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        done, reason = _by_a_child(waiting)
        waiting = waiting[done:]
        if waiting:
            reasons[waiting.pop(0)] = reason

    return reasons


def _by_a_child(names: Sequence[str]) -> tuple[int, str]:
    """Return how many plugins a child loaded, and what became of it at the next one."""
    # Only a start with new plugins pays for this import.
    import subprocess

    reading, writing = os.pipe()
    # The same places to import from, and nothing of what plugins print.
    environment = {**os.environ, SWITCH: ",".join(names), "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE.format(writing)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[writing],
        start_new_session=True,
    )
    os.close(writing)
    try:
        done = _count(reading, len(names))
        if done == len(names):
            return done, ""

        return done, _became_of(process)
    finally:
        os.close(reading)
        # With all that a plugin may have started.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

        process.wait()


def _count(reading: int, expected: int) -> int:
    """Return for how many plugins the child wrote a byte, each within `SECONDS`."""
    import select

    done = 0
    while done < expected:
        ready, _, _ = select.select([reading], [], [], SECONDS)
        data = os.read(reading, expected) if ready else b""
        if not data:  # it hangs, or it has ended
            break

        done += len(data)

    return done


def _became_of(process: subprocess.Popen[bytes]) -> str:
    import subprocess

    # A child whose pipe is closed ends within moments; one that hangs does not.
    try:
        code = process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        return f"hangs when it is loaded: it did not end within {SECONDS:.0f} s"

    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return f"ends the process {how} when it is loaded"
