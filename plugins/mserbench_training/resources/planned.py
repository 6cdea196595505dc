"""What plans of a training have in common: sizes of numbers, and what is said of time."""

from __future__ import annotations

import torch

NOT_MEASURED = "how long a training takes is not known: nobody has measured it with these options"
CACHED_BYTES = 2  # of a number of cached frames: they are float16


def bytes_of(kind: str) -> int:
    """Return how many bytes a number takes of a kind by torch's name for it, such as `bfloat16`."""
    return int(torch.finfo(getattr(torch, kind)).bits) // 8
