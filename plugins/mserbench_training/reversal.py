"""Gradient reversal (Ganin and Lempitsky, 2015): identity forward, gradient times a negative number
backward.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

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
    """Return 2 / (1 + exp(-10 p)) - 1, the rise from 0 to 1 of Ganin et al. (JMLR 2016); p in [0,
    1] of training.
    """
    return 2.0 / (1.0 + math.exp(-10.0 * progress)) - 1.0
