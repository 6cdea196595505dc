"""Which systems of a group cannot be told from its best one: from runs over the same clips to their
positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mserbench.statistics.compare import tie_group
from mserbench.statistics.intervals import counts_of_cells
from mserbench_leaderboard.entries import BoardRun

LEVEL = 0.05


def top(systems: Sequence[Sequence[BoardRun]], level: float = LEVEL) -> set[int]:
    """Return the positions of the systems that share the place of the best, by `compare.tie_group`.

    Args:
        systems: the runs of each, one a seed, all over the same clips.
        level: how often a group of equal systems may lose a member.
    """
    if not systems:
        return set()

    items, labels = systems[0][0].items, len(systems[0][0].question.labels)
    counts = [
        np.stack([counts_of_cells(entry.cells, labels, items.clusters) for entry in runs], axis=1)
        for runs in systems
    ]

    return set(tie_group(counts, level))
