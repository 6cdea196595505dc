"""How fast this machine is now, and how much memory this process took: facts beside a result."""

from __future__ import annotations

import sys
import time

SIDE = 512  # of the matrices: 270 million operations each, some milliseconds on a core
REPEATS = 7


def product_seconds() -> float:
    """Return the seconds (> 0) of a matrix product of float32, the median of `REPEATS`.

    What a run takes is told as a multiple of this, so that a slow machine is no slow program.
    """
    import numpy as np

    # Any fixed numbers do: a product takes as long whatever they are, as long as none is denormal.
    matrix = np.linspace(0.5, 1.5, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    matrix @ matrix  # the first one starts the threads of the library

    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        matrix @ matrix
        taken.append(time.perf_counter() - start)

    return max(sorted(taken)[REPEATS // 2], 1e-9)


def peak_memory_mb() -> float | None:
    """Return the most memory (MiB, resident) that this process held so far; None where unknown."""
    try:
        import resource
    except ImportError:  # Windows has no such count
        return None

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
