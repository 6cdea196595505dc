"""The running average of what a model learns over the steps of a training."""

from __future__ import annotations

from torch import Tensor, nn

from mserbench_training.learning import checkpoints


def add(mean: dict[str, Tensor], model: nn.Module, n: int) -> None:
    """Take the present weights, the `n`-th from 1, into a mean of those before, in place.

    Whole numbers, such as counters, are not averaged: the last one counts.
    """
    # A running mean needs no sum, which in float32 would lose digits over thousands of steps.
    for name, tensor in checkpoints.learnt(model).items():
        now = tensor.detach()
        if n == 1 or not now.is_floating_point():
            mean[name] = now.clone()
        else:
            before = mean[name].to(now.device)  # Read from a checkpoint, it lies on the CPU.
            mean[name] = before + (now - before) / n
