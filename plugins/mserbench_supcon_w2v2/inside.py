"""Trainable parts inside a frozen wav2vec 2.0: LoRA, bottleneck adapters and weight gates in every
block.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from mserbench.errors import UsageError
from mserbench_training.encoders.wav2vec import Wav2VecModel

ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")
FEED_FORWARD = ("intermediate_dense", "output_dense")


class Gate(nn.Module):
    """The input of a block times sigmoid(g): g is a learned vector, `start` everywhere at first
    (arXiv 2409.16920).
    """

    def __init__(self, dim: int, start: float) -> None:
        super().__init__()
        self.vector = nn.Parameter(torch.full((dim,), float(start)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the gated input."""
        return x * torch.sigmoid(self.vector)


class AdaptedFeedForward(nn.Module):
    """A block's feed-forward part f and a bottleneck on its output: f(x) + W_up ReLU(W_down
    f(x)).
    """

    def __init__(self, feed_forward: nn.Module, dim: int, width: int) -> None:
        super().__init__()
        self.feed_forward = feed_forward
        self.down, self.up = nn.Linear(dim, width), nn.Linear(width, dim)
        nn.init.zeros_(self.up.weight)  # the first forward pass is that of the pretrained model
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the adapted output: (n_clips, n_frames, dim)."""
        output = self.feed_forward(x)
        return output + self.up(F.relu(self.down(output)))  # type: ignore[no-any-return]


def adapt(
    model: Wav2VecModel,
    rank: int = 8,
    alpha: int = 16,
    dropout: float = 0.1,
    width: int = 48,
    gate_start: float | None = 1.0,
) -> None:
    """Freeze a model and put the trainable trio into each of its blocks, in place; no gate if
    `gate_start` is None.

    WavLM hands the weights of its attention projections to a function of torch without calling
    them, so LoRA there would train nothing: it gets LoRA in its feed-forward parts alone. Raises
    UsageError for a model without blocks.
    """
    model.requires_grad_(False)
    # Else transformers keeps the activations of the convolutions in training, most of the memory,
    # for no gradient.
    extractor: Any = model.module.feature_extractor
    extractor._freeze_parameters()
    blocks: Any = model.module.encoder.layers  # type: ignore[union-attr]

    if not len(blocks):
        raise UsageError("the encoder has no transformer blocks to adapt: give another encoder")

    targets = FEED_FORWARD if model.config.model_type == "wavlm" else (*ATTENTION, *FEED_FORWARD)
    lora = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=_pattern(targets)
    )
    inject_adapter_in_model(lora, model.module)

    for block in blocks:
        block.feed_forward = AdaptedFeedForward(block.feed_forward, model.dim, width)
        if gate_start is not None:
            block.gate = Gate(model.dim, gate_start)
            block.register_forward_pre_hook(_gated, with_kwargs=True)


def _pattern(targets: tuple[str, ...]) -> str:
    """Return which modules get LoRA, as a regular expression: those of the blocks, not of what
    stands before them.
    """
    return rf"encoder\.layers\.\d+\.(attention|feed_forward)\.({'|'.join(targets)})"


def _gated(
    block: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    gate: Any = block.gate
    if arguments:
        return (gate(arguments[0]), *arguments[1:]), named
    return arguments, {**named, "hidden_states": gate(named["hidden_states"])}
