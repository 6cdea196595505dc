"""A bar of how far work is, below the cell of a notebook, by what every notebook can display."""

from __future__ import annotations

import html
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_REDRAWN = 0.2  # seconds between two states of a bar, as each goes to a browser
_CELLS = 30  # of a bar in text


def now() -> float:
    """Return seconds that only rise."""
    return time.monotonic()


def in_notebook() -> bool:
    """Return whether a kernel of Jupyter runs this, whose cells show what is displayed."""
    # Looked for among what is imported: outside of a notebook nobody should pay for IPython.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


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
def bar_in_cell(title: str) -> Iterator[Callable[..., None]]:
    """Give a function to call with how much is done and how much there is, and show that while the
    body runs; no widgets are needed.
    """
    # Not imported by name: IPython is no package that this one needs, and has no types.
    notebook: Any = importlib.import_module("IPython.display")

    # The text again for whoever reads a notebook without HTML.
    def shown(text: str) -> dict[str, Any]:
        return {"text/html": f"<pre>{html.escape(text)}</pre>" if text else "", "text/plain": text}

    handle: Any = None
    drawn_at = -_REDRAWN

    def report(done: int, total: int, note: str = "") -> None:
        nonlocal handle, drawn_at
        if now() - drawn_at < _REDRAWN:
            return

        drawn_at = now()
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
