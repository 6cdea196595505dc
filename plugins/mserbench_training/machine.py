"""What a training runs on, through accelerate: one device or several, precision, accumulated gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn

from mserbench.errors import UsageError

Precision = Literal["float32", "bfloat16"]
T = TypeVar("T")


class Machine:
    """The devices of a training: `device` is `cpu`, `auto`, `cuda` or `cuda:N`; several by `accelerate launch`."""

    def __init__(self, device: str = "cpu", precision: Precision = "float32", accumulation: int = 1) -> None:
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise UsageError(f"device {device!r} was asked for, but no CUDA device is here: give --device cpu")
        if ":" in device:
            torch.cuda.set_device(device)
        on_cpu = device == "cpu" or not torch.cuda.is_available()
        AcceleratorState._reset_state()  # an earlier training in this process may have had another precision
        self.accelerator = Accelerator(cpu=on_cpu, mixed_precision="bf16" if precision == "bfloat16" else "no")
        self.accumulation = accumulation
        self._optimizer: Any = None

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return int(self.accelerator.process_index)

    @property
    def n_processes(self) -> int:
        """How many processes train together."""
        return int(self.accelerator.num_processes)

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return bool(self.accelerator.is_main_process)

    def prepare(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> nn.Module:
        """Move a model to the device and return what to call in training; both share their parameters."""
        prepared: nn.Module
        prepared, self._optimizer = self.accelerator.prepare(model, optimizer)
        return prepared

    def backward(self, model: nn.Module, losses: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Compute the losses of one batch and add the gradient of `total`, as a part of a step's; return them."""
        found = losses()
        self.accelerator.backward(found["total"] / self.accumulation)
        return found

    def update(self, model: nn.Module, clip: float) -> None:
        """Clip the gathered gradients, let the optimiser step, and forget them."""
        if clip > 0:
            self.accelerator.clip_grad_norm_(model.parameters(), clip)
        self._optimizer.step()
        self._optimizer.zero_grad()

    def from_main(self, compute: Callable[[], T]) -> T:
        """Return what the main process computes, on all processes: they must never decide differently."""
        if self.n_processes == 1:
            return compute()
        box = [compute() if self.is_main else None]
        broadcast_object_list(box)
        return box[0]  # type: ignore[return-value]
