"""Gradient reversal (Ganin and Lempitsky, 2015): identity forward, a negated gradient backward."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)  # A view: autograd would take `x` itself for an input passed through.

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradient, None


def reverse_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """Return `x` itself, whose gradient arrives multiplied by -`strength` (supcon-w2v2, Eq 9).

    The loss behind it is added with plus: what lies before the reversal then ascends it, what lies
    behind descends.
    """
    reversed_: Tensor = _Reverse.apply(x, strength)
    return reversed_


def rising_strength(progress: float) -> float:
    """Return 2 / (1 + exp(-10 p)) - 1 of the progress p of a training, in [0, 1].

    It rises from 0 to 1 (Ganin et al., JMLR 2016): what an adversary says before it has learnt is
    no guide.
    """
    return 2.0 / (1.0 + math.exp(-10.0 * progress)) - 1.0
