"""How far the work of a call from Python is: a bar where one can be drawn, else a line a minute."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mserbench.engine.processes import place
from mserbench.report import progress
from mserbench.report.cells import in_notebook
from mserbench.report.progress import Report

EVERY = 60.0  # seconds between two lines where neither bar can be drawn


@contextmanager
def watched(title: str) -> Iterator[Report]:
    """Give a function to call with how much is done and how much there is, and show that on stderr
    or below the cell of a notebook. A bar is gone when the body ends.
    """
    with telling(), progress.counting(title) as report:
        yield report


@contextmanager
def telling() -> Iterator[None]:
    """Tell each minute on stderr what is under way while the body runs, where no bar can be drawn
    and nobody tells it yet, as the program does for each of its commands.

    Bars of libraries stay as they are: the process belongs to the caller.
    """
    is_told = any(thread.name == progress.WATCHER for thread in threading.enumerate())
    if is_told or sys.stderr.isatty() or in_notebook() or not place().is_main:
        yield
        return

    with progress.told_every(EVERY, progress.to_stderr):
        yield
