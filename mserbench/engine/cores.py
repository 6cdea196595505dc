"""How many cores this process may use."""

from __future__ import annotations

import os


def available_cores() -> int:
    """Return how many cores this process may use, which may be fewer than the machine has."""
    # A container or a batch system lends some cores; Linux alone tells which.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
