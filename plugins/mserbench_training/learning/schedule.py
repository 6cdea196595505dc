"""The learning rate over a training: linear warm-up, then a cosine to zero or a constant."""

from __future__ import annotations

import math
from typing import Literal

Shape = Literal["cosine", "constant"]


def factor(step: int, steps: int, warmup: int, shape: Shape = "cosine") -> float:
    """Return what the learning rate of a step is multiplied by, in [0, 1].

    A pure function of the step, so that a resumed training needs no state of a schedule. `step`
    counts from 0. Step i of the warm-up has (i + 1) / warmup: the first step already learns.
    """
    if step < warmup:
        return (step + 1) / warmup
    if shape == "constant":
        return 1.0

    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    return 0.5 * (1.0 + math.cos(math.pi * progress))
