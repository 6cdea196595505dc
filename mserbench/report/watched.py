"""How far the work of a call from Python is: a bar where one can be drawn, else a line a minute."""

from __future__ import annotations

import html
import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mserbench.report import progress
from mserbench.report.progress import Report

EVERY = 60.0  # seconds between two lines where neither bar can be drawn
_REDRAWN = 0.2  # seconds between two states of a bar, as each goes to a browser
_CELLS = 30  # of a bar in text


def in_notebook() -> bool:
    """Return whether a kernel of Jupyter runs this, whose cells show what is displayed."""
    # Looked for among what is imported: outside of a notebook nobody should pay for IPython.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


@contextmanager
def watched(title: str) -> Iterator[Report]:
    """Give a function to call with how much is done and how much there is, and show that on stderr
    or below the cell of a notebook. A bar is gone when the body ends.
    """
    if in_notebook():
        with _in_cell(title) as report:
            yield report
        return

    if sys.stderr.isatty():
        with progress.counting(title) as report:
            yield report
        return

    with progress.counting(title, bar=False) as report, _lines():
        yield report


def bar(title: str, done: int, total: int, note: str = "") -> str:
    """Return a bar in text; `total` is 0 where nobody knows it.

    >>> bar("egemaps on emodb-sample", 35, 70)
    'egemaps on emodb-sample ━━━━━━━━━━━━━━━─────────────── 35 of 70'
    """
    if not total:
        return f"{title} {done:,}{f' ({note})' if note else ''}"

    full = _CELLS * min(done, total) // total
    drawn = "━" * full + "─" * (_CELLS - full)
    return f"{title} {drawn} {done:,} of {total:,}{f' ({note})' if note else ''}"


@contextmanager
def _in_cell(title: str) -> Iterator[Report]:
    """Show a bar below a cell, by what every notebook can display: no widgets are needed."""
    # Not imported by name: IPython is no package that this one needs, and has no types.
    notebook: Any = importlib.import_module("IPython.display")

    # The text again for whoever reads a notebook without HTML.
    def shown(text: str) -> dict[str, Any]:
        return {"text/html": f"<pre>{html.escape(text)}</pre>" if text else "", "text/plain": text}

    handle: Any = None
    drawn_at = -_REDRAWN

    def report(done: int, total: int, note: str = "") -> None:
        nonlocal handle, drawn_at
        if progress.now() - drawn_at < _REDRAWN:
            return

        drawn_at = progress.now()
        state = shown(bar(title, done, total, note))
        # What reports nothing, as a run that is shown again, leaves no empty line in the cell.
        if handle is None:
            handle = notebook.display(state, raw=True, display_id=True)
        else:
            handle.update(state, raw=True)

    try:
        yield report
    finally:
        if handle is not None:
            handle.update(shown(""), raw=True)


@contextmanager
def _lines() -> Iterator[None]:
    """Tell each minute on stderr what is under way, while the body runs.

    Bars of libraries stay as they are: the process belongs to the caller.
    """
    stop = threading.Event()
    tell: Callable[[str], None] = progress.to_stderr
    watcher = threading.Thread(
        target=progress.watch, args=(stop.wait, tell, EVERY), name=progress.WATCHER, daemon=True
    )
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
