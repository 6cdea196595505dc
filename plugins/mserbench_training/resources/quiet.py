"""Keeps bars and reports of transformers off stderr while a model loads or is saved: faults are
told as errors.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quietly() -> Iterator[None]:
    """Show no reports, and no bars unless a person watches."""
    from transformers.utils import logging

    bars: Any = logging  # its functions have no types
    bars_were_on, verbosity = bars.is_progress_bar_enabled(), bars.get_verbosity()
    bars.set_verbosity_error()  # which tensors of a BERT are left over is no news
    if not sys.stderr.isatty():
        bars.disable_progress_bar()

    try:
        yield
    finally:
        bars.set_verbosity(verbosity)
        if bars_were_on:
            bars.enable_progress_bar()
