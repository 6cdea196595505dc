"""How many bytes a forward pass keeps for its gradient, counted without memory for any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode


@contextmanager
def without_memory() -> Iterator[None]:
    """Make tensors that have shapes and no numbers: models of any size are built and run in
    seconds.

    Unlike those of the device `meta` they choose the attention that a processor would, which keeps
    no matrix of all pairs. What asks for a number of such a tensor raises.
    """
    with FakeTensorMode():
        yield


def kept_bytes(forward: Callable[[], object], parameters: Iterable[Tensor]) -> int:
    """Return the bytes that a forward pass keeps for its gradient, each storage once, without
    parameters.
    """
    own = {_storage(one) for one in parameters}
    kept: dict[int, Any] = {}

    def note(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in own:
            # held, so that its address is not used again
            kept[_storage(tensor)] = tensor.untyped_storage()

        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = forward()

    del result
    return sum(int(storage.nbytes()) for storage in kept.values())


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def count(parameters: Iterable[Tensor]) -> int:
    """Return how many numbers there are, each tensor once."""
    return sum(one.numel() for one in {id(one): one for one in parameters}.values())
