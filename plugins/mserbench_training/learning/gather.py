"""Joins the outputs of all processes into the global batch; gradients flow back to each."""

from __future__ import annotations

import torch
import torch.distributed
from torch import Tensor


def process_count() -> int:
    """Return how many processes train together; 1 outside of distributed training."""
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if ready else 1


def gather(x: Tensor) -> Tensor:
    """Return the rows of all processes, in their order, with gradient: (n_processes * n, ...).

    Every process must hold equally many rows. A loss that is a function of gathered rows alone is
    the same number on all processes, and its gradient reaches each process's own rows summed over
    processes; as distributed training averages gradients, the parameters get exactly the gradient
    of one process with the whole batch.
    """
    if process_count() == 1:
        return x

    # Imported here: a torch without support of several processes lacks it.
    import torch.distributed.nn.functional as collectives

    return torch.cat(collectives.all_gather(x.contiguous()))  # type: ignore[no-untyped-call]


def gather_codes(codes: Tensor) -> Tensor:
    """Return the codes of all processes, in their order: int64, (n_processes * n,); no gradient."""
    if process_count() == 1:
        return codes

    parts = [torch.empty_like(codes) for _ in range(process_count())]
    torch.distributed.all_gather(parts, codes.contiguous())
    return torch.cat(parts)
