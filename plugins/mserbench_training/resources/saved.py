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
    """Make tensors that have shapes and no numbers: any model is built and run in seconds.

    Unlike those of the device `meta` they choose the attention that a processor would, which keeps
    no matrix of all pairs. What asks for a number of such a tensor raises.
    """
    with FakeTensorMode():
        yield


def kept_bytes(forward: Callable[[], object], parameters: Iterable[Tensor]) -> int:
    """Return the bytes that a forward pass keeps for its gradient, parameters left out.

    Views of one storage count once.
    """
    own = {_storage(tensor) for tensor in parameters}
    storages: dict[int, Any] = {}

    def note(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in own:
            # Held, so that its address is not given to another tensor.
            storages[_storage(tensor)] = tensor.untyped_storage()

        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = forward()

    # Until here the result kept the graph alive, and with it all that the pass has saved.
    del result
    return sum(int(storage.nbytes()) for storage in storages.values())


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def count(parameters: Iterable[Tensor]) -> int:
    """Return how many numbers there are, each tensor once."""
    return sum(tensor.numel() for tensor in {id(tensor): tensor for tensor in parameters}.values())
