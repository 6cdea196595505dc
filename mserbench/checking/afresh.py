"""Runs in a process and with a cache of their own, so that nothing old is taken for new."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mserbench.disk.files import cache_dir
from mserbench.errors import DataError, plain
from mserbench.results import runs
from mserbench.results.runs import Run

CACHE = "MSERBENCH_CACHE"
PATHS = "PYTHONPATH"
KEPT = ("weights", "demo")
"""What of the user's cache such a run takes over: it is input. All else is computed anew, since the
names of features in the cache hold our code and not that of the packages beside it.
"""


def environment(cache: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process whose cache is the folder `cache`, which is made.

    It imports what this process does. `more` is set on top; an empty text takes a variable out.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        source, link = cache_dir() / name, cache / name
        # Without links (a system that forbids them) the weights are got again.
        with contextlib.suppress(OSError):
            if source.is_dir() and not link.exists():
                link.symlink_to(source.resolve(), target_is_directory=True)

    own = {CACHE: str(cache.resolve()), PATHS: os.pathsep.join(p or os.getcwd() for p in sys.path)}
    merged = {**os.environ, **own, **(more or {})}
    return {name: value for name, value in merged.items() if value}


def run(words: Sequence[str], out: Path, environ: Mapping[str, str]) -> list[Run]:
    """Run `mserbench run` with some words, and return the runs that lie below `out` then, by task.

    Raises DataError with the last line that it said, where it fails.
    """
    done = subprocess.run(
        # Without the current folder, which may hold other code than what is asked for.
        [sys.executable, "-P", "-m", "mserbench", *words],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise DataError(f"'mserbench run' ended with {done.returncode} ({plain(lines[-1])})")

    return [runs.read(path.parent) for path in sorted(out.rglob(runs.RECORD))]
