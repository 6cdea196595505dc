"""The head of a frozen LLM in float32, so that logits of near words are told apart whatever
precision it lies in.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

# Tokens of the vocabulary whose weights are float32 at a time: 134 MB at 4,096 numbers each. All
# 128,256 of LLaMA 3 at once would be 2.1 GB beside the model.
_ROWS = 8192


class ExactHead(nn.Module):
    """Computes the same logits as the frozen linear head that it stands for, in float32, autocast
    or not.

    bfloat16 keeps 8 bits of a number: logits near 20 come in steps of 0.125, so that labels tie.
    The weights stay as they lie, and are the same tensors; a part of them is float32 at a time.
    """

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        linear: Any = head
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, hidden: Tensor) -> Tensor:
        """Return logits, float32, (..., n_tokens), of hidden states (..., dim) of any precision."""
        with torch.autocast(hidden.device.type, enabled=False):
            bias = None if self.bias is None else self.bias.float()
            # In one piece where nothing must be turned: the bits of a float32 LLM stay those that
            # its own head gives.
            if self.weight.dtype == torch.float32:
                return F.linear(hidden.float(), self.weight, bias)

            logits: Tensor = _InParts.apply(hidden.float(), self.weight)
            return logits if bias is None else logits + bias


class _InParts(torch.autograd.Function):
    """hidden @ weight.T with a few rows of the weight as float32 at a time, on the way back too; it
    has no gradient.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor) -> Tensor:
        # Not the float32 parts, which autograd would keep all of.
        ctx.save_for_backward(weight)
        return torch.cat(
            [F.linear(hidden, part.float()) for part in torch.split(weight, _ROWS)], dim=-1
        )

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        weight: Tensor = ctx.saved_tensors[0]
        with torch.autocast(gradient.device.type, enabled=False):
            parts = zip(
                torch.split(gradient, _ROWS, dim=-1), torch.split(weight, _ROWS), strict=True
            )
            return sum(
                (slope @ part.float() for slope, part in parts),
                torch.zeros((), device=gradient.device),
            ), None
