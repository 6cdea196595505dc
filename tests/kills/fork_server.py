"""A process that has imported the program once, and forks a child a command that can be killed.

Starting Python for each of a thousand kills would take longer than the commands. A line of JSON
comes in for each child (`Order`), one goes out when it has ended (`Ended`).
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from kills.commands import call

# What Python tells audit hooks before it does it: all that changes files, takes locks or opens.
AUDITED = frozenset([
    "open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink",
    "os.truncate", "os.utime", "fcntl.flock", "sqlite3.connect", "subprocess.Popen",
])  # fmt: skip

# Imported before the forks; the commands import them in their bodies.
HEAVY = (
    "filelock", "matplotlib.figure", "matplotlib.backends.backend_agg", "pandas", "scipy.stats",
    "sklearn.linear_model", "sklearn.preprocessing", "sklearn.pipeline", "soundfile", "soxr",
    "mserbench.cli.run", "mserbench.cli.train", "mserbench.cli.weights", "mserbench.cli.experiment",
    "mserbench.running.evaluation", "mserbench.running.training", "mserbench.weights.lookup",
    "mserbench.experiments.conduct", "mserbench.data.index", "mserbench_baselines.logmel",
    "mserbench_leaderboard.command", "mserbench_leaderboard.render", "mserbench_leaderboard.store",
    "mserbench_leaderboard.pictures", "mserbench_leaderboard.audit", "mserbench_tasks.demo.build",
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """A command in a folder; killed at its `step`-th step or after some `seconds`, if either."""

    words: tuple[str, ...]
    folder: str
    step: int | None = None  # counted from 1; the kill comes before the step is done
    seconds: float | None = None


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (-9 where it was killed), its steps, its time in seconds."""

    code: int
    steps: int
    seconds: float
    printed: str
    group: int  # of processes: what the child started is in it


class ForkServer:
    """The process, as the tests use it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kills.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()

    def do(self, order: Order) -> Ended:
        """Run a command in a child and wait until it has ended, or was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


def _count_steps(folder: str, last: int | None) -> Callable[[], int]:
    """Count the steps of this process, and end it by SIGKILL before it takes the last one."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in AUDITED:
            return
        # A lock is told by its number; of paths only those of the command's own folder count.
        first = arguments[0] if arguments else None
        path = os.fsdecode(first) if isinstance(first, str | bytes | os.PathLike) else folder
        if os.path.abspath(path).startswith(folder):
            step()

    fsync = os.fsync

    def counted_fsync(handle: int) -> None:
        step()
        fsync(handle)

    # Python tells no hook of it, and between it and the rename lies what a power cut would show.
    os.fsync = counted_fsync
    sys.addaudithook(hook)
    return lambda: steps


def _in_child(order: Order, log: int) -> NoReturn:
    """Do the command, leave the number of its steps on the last line of what it printed, and end."""
    os.setsid()
    os.chdir(order.folder)
    os.environ["MSERBENCH_CACHE"] = str(Path(order.folder, "cache"))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    steps = _count_steps(order.folder, order.step)

    code = 1
    try:
        call(order.words)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        atexit._run_exitfuncs()
        os.write(log, f"\n{steps()}".encode())
        # Taking all imported modules down would take longer than most commands.
        os._exit(code)


def _served(order: Order) -> Ended:
    """Fork a child for the command and wait for its end. Never returns in the child."""
    # Made here, as the child may be killed before its first line.
    log = os.open(f"{order.folder}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _in_child(order, log)

    os.close(log)

    if order.seconds is not None:
        # A handle of the process becomes readable when it ends: no moment is spent on polling.
        handle = os.pidfd_open(child)
        if not select.select([handle], [], [], order.seconds)[0]:
            os.kill(child, signal.SIGKILL)
        os.close(handle)

    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = time.monotonic() - start
    printed = Path(f"{order.folder}.log").read_text(errors="replace")
    text, _, steps = printed.rpartition("\n")
    return Ended(code, int(steps) if code >= 0 and steps.isdigit() else 0, seconds, text, child)


def main() -> None:
    """Serve orders until the tests close the pipe."""
    for name in HEAVY:
        importlib.import_module(name)

    from mserbench.plugins import registry

    # Each command would ask all packages anew what they bring.
    registry.installed()
    gc.freeze()  # what is shared with the forks is not looked through, which would copy it
    for line in sys.stdin:
        order = Order(**json.loads(line))
        sys.stdout.write(json.dumps(asdict(_served(order))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
