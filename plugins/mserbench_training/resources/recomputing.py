"""Blocks of a transformers model computed again on the way back, so as to keep less in memory."""

from __future__ import annotations

from typing import Any

from transformers.modeling_layers import GradientCheckpointingLayer


def recompute_blocks(model: Any) -> None:
    """Let the blocks of a model keep their inputs alone, in place; gradients stay what they were.

    A frozen model is in evaluation mode, in which transformers would not do so: its blocks
    themselves are put into training mode, what is inside them is not, so that no dropout inside is
    turned on.
    """
    # Under its new name where there is one: the old name goes with transformers 6.
    enable = (
        getattr(model, "activation_checkpointing_enable", None)
        or model.gradient_checkpointing_enable
    )
    # The older, reentrant way gives no gradient where the inputs of a block need none.
    enable({"use_reentrant": False})
    for module in model.modules():
        if isinstance(module, GradientCheckpointingLayer):
            module.training = True
