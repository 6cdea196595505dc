"""What a training runs on, through accelerate: devices, precision, accumulated gradients."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import InitProcessGroupKwargs, broadcast_object_list
from torch import Tensor, nn

from mserbench.errors import UsageError
from mserbench_training.encoders.base import Precision

T = TypeVar("T")
# How long processes wait for one another: one of them may have clips to read or to score while the
# others are done. A process that died is not waited for, as its launcher ends the others.
_WAIT = timedelta(hours=12)


def own_device(device: str) -> str:
    """Return the device of this process: where several train together, the GPU of its number.

    Raises UsageError where CUDA is asked for and not here.
    """
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return "cpu"
    if not torch.cuda.is_available():
        raise UsageError(
            f"device {device!r} was asked for, but no CUDA device is here: give --device cpu"
        )

    number = os.environ.get("LOCAL_RANK")
    if ":" in device:
        return device
    # Modulo, so that more processes than GPUs share them.
    return "cuda" if number is None else f"cuda:{int(number) % torch.cuda.device_count()}"


class Machine:
    """The devices of a training: one, or several under `accelerate launch`.

    `device` is `cpu`, `auto`, `cuda` or `cuda:N`. A step's gradient is the mean over `accumulation`
    batches.
    """

    def __init__(
        self, device: str = "cpu", precision: Precision = "float32", accumulation: int = 1
    ) -> None:
        device = own_device(device)
        if ":" in device:
            torch.cuda.set_device(device)

        # An earlier training in this process may have had another precision, and accelerate keeps
        # the first one for good.
        AcceleratorState._reset_state()
        self.accelerator = Accelerator(
            cpu=device == "cpu",
            mixed_precision="bf16" if precision == "bfloat16" else "no",
            kwargs_handlers=[InitProcessGroupKwargs(timeout=_WAIT)],
        )
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
        """Move a model to the device; return what to call in training, with the same parameters."""
        prepared: nn.Module
        prepared, self._optimizer = self.accelerator.prepare(model, optimizer)
        return prepared

    def backward(
        self, model: nn.Module, losses: Callable[[], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Compute and return a batch's losses; add the gradient of `total` to that of the step."""
        named = losses()
        self.accelerator.backward(named["total"] / self.accumulation)
        return named

    def update(self, model: nn.Module, clip: float) -> None:
        """Clip the gathered gradients, let the optimiser step, and forget them."""
        if clip > 0:
            self.accelerator.clip_grad_norm_(model.parameters(), clip)

        self._optimizer.step()
        self._optimizer.zero_grad()

    def from_main(self, compute: Callable[[], T]) -> T:
        """Return what the main process computes, on all processes: they must decide alike."""
        if self.n_processes == 1:
            return compute()

        box = [compute() if self.is_main else None]
        broadcast_object_list(box)
        return box[0]  # type: ignore[return-value]

    def wait(self) -> None:
        """Wait until all processes are here."""
        self.accelerator.wait_for_everyone()
