"""How far long work is: a bar where stderr is a terminal, and where it is none a line now and
then.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mserbench.engine.processes import place
from mserbench.report import cells, screens

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

EVERY = 30.0  # seconds between two lines; quick work ends before the first
WATCHER = "mserbench-progress"  # the name of the thread that tells
_MINUTE, _HOUR = 60.0, 3_600.0
_MEGABYTE = 1_000_000


def now() -> float:
    """Return seconds that only rise."""
    return time.monotonic()


class Report(Protocol):
    """What is called as work goes on; `note` says more of where it stands, such as the losses of a
    training.
    """

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Note how much is done, and of how much; 0 where nobody knows."""


@dataclass
class Work:
    """A piece of work that is under way: what it is, and how much of it is done. `total` is 0 where
    nobody knows.

    `measure` is asked for what is done when a line is due, where nothing tells of it. `first` is
    when something was told for the first time, and how much was done by then, as a resumed work
    begins somewhere; `last` when it was more.
    """

    title: str
    measure: Callable[[], int] | None = None
    megabytes: bool = False  # `done` and `total` are bytes
    done: int = 0
    total: int = 0
    note: str = ""
    first: tuple[float, int] | None = None
    last: float = 0.0

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Note how much is done."""
        if self.first is None or done > self.done:
            self.last = now()

        self.done, self.total, self.note = done, total, note
        self.first = self.first or (self.last, done)

    def amount(self) -> str:
        """Return how much is done: `120 of 604`; empty where nobody knows."""
        if self.measure is not None:
            self(min(self.measure(), self.total or sys.maxsize), self.total)

        done, total = (n // _MEGABYTE if self.megabytes else n for n in (self.done, self.total))
        words = f"{done:,}{f' of {total:,}' if total else ''}{' MB' if self.megabytes else ''}"
        return "".join(
            [words if self.first else "", f" ({self.note})" if self.note else ""]
        ).strip()

    def left(self) -> str:
        """Return how long the rest takes, by the pace up to the last report; empty where that tells
        nothing.
        """
        if self.first is None or self.done <= self.first[1] or self.done >= self.total:
            return ""

        pace = (self.last - self.first[0]) / (self.done - self.first[1])
        seconds = pace * (self.total - self.done) - (now() - self.last)
        return f"about {lasting(seconds)} left" if seconds > 0 else ""


_under_way: list[Work] = []  # the innermost last


@contextmanager
def counting(title: str, bar: bool = True, megabytes: bool = False) -> Iterator[Report]:
    """Give a function to call with how much is done and how much there is; it shows a bar on a
    terminal or in a notebook if `bar`.

    Of several processes that train together the main one alone shows any.
    """
    work = Work(title, megabytes=megabytes)
    with (
        _opened(work),
        _bar(title) if bar and place().is_main else nullcontext() as drawn,
    ):

        def report(done: int, total: int, note: str = "") -> None:
            work(done, total, note)
            if drawn is not None:
                drawn(done, total, note)

        yield report


@contextmanager
def doing(title: str) -> Iterator[Work]:
    """Say in lines what is done, where it cannot be counted; its title may change."""
    with _opened(Work(title)) as work:
        yield work


@contextmanager
def filling(title: str, folder: Path, total: int) -> Iterator[None]:
    """Say in lines how much of `total` bytes lies in a folder that something else fills."""
    with _opened(Work(title, measure=lambda: _bytes_below(folder), megabytes=True, total=total)):
        yield


@contextmanager
def lines(tell: Callable[[str], None] | None = None) -> Iterator[None]:
    """While the body runs, tell every half minute what is under way, unless stderr is a terminal.

    The bars of libraries are switched off then: theirs are the carriage returns of a log. Of
    several processes that train together the main one alone tells.
    """
    if sys.stderr.isatty():
        yield
        return

    # read where tqdm is imported first, and by processes started here
    os.environ.setdefault("TQDM_DISABLE", "1")
    if not place().is_main:
        yield
        return

    with told_every(EVERY, tell or to_stderr):
        yield


@contextmanager
def told_every(seconds: float, tell: Callable[[str], None]) -> Iterator[None]:
    """Tell every so many seconds what is under way while the body runs."""
    stop = threading.Event()
    watcher = threading.Thread(
        target=watch, args=(stop.wait, tell, seconds), name=WATCHER, daemon=True
    )
    watcher.start()

    try:
        yield
    finally:
        stop.set()
        watcher.join()


def watch(
    wait: Callable[[float], bool], tell: Callable[[str], None], every: float | None = None
) -> None:
    """Tell what is under way each time that `wait`, called with seconds, returns False; end when it
    returns True.
    """
    began = now()
    while not wait(EVERY if every is None else every):
        line = describe(now() - began)
        if line:
            tell(line)


def describe(seconds: float) -> str:
    """Return one line on what is under way after so many seconds, outermost first; empty where
    nothing is.
    """
    works = list(_under_way)  # others may end while this looks
    if not works:
        return ""

    parts = [works[-1].amount(), works[-1].left(), f"{lasting(seconds)} so far"]
    return f"{': '.join(work.title for work in works)}: {', '.join(part for part in parts if part)}"


def lasting(seconds: float) -> str:
    """Return a time as people say it: `45 s`, `12 min`, `2.5 h`."""
    if seconds < 1.5 * _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 1.5 * _HOUR else f"{seconds / _HOUR:.1f} h"


@contextmanager
def _opened(work: Work) -> Iterator[Work]:
    _under_way.append(work)
    try:
        yield work
    finally:
        _under_way.remove(work)


def _bar(title: str) -> AbstractContextManager[Report | None]:
    """Return a bar where one can be drawn."""
    if cells.in_notebook():
        return cells.bar_in_cell(title)
    return _bar_on_terminal(title) if sys.stderr.isatty() else nullcontext()


def _bar_on_terminal(title: str) -> AbstractContextManager[Report]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )

    @contextmanager
    def shown() -> Iterator[Report]:
        # What others write meanwhile goes through the display of bars, and is escaped before that.
        console = Console(file=screens.raw(sys.stderr))
        with Progress(*columns, console=console, transient=True) as progress, screens.guarded():
            task = progress.add_task(title, total=None, note="")
            yield lambda done, total, note="": progress.update(
                task, completed=done, total=total or None, note=note
            )

    return shown()


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() and not path.is_symlink() else 0
        except OSError:  # it was moved on
            continue

    return total


def tell(sentence: str) -> None:
    """Say a sentence on stderr; of several processes that train together the main one alone does.

    For what a user must know and a library would log.
    """
    if place().is_main:
        to_stderr(f"note: {sentence}")


def to_stderr(line: str) -> None:
    """Write a line to stderr, and go on where nobody listens."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody listens any more
        return
