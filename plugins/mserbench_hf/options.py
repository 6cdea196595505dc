"""The options of `hf`, and what they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mserbench.errors import UsageError
from mserbench.options import option

Precision = Literal["float32", "bfloat16"]

SHORTEST_WINDOW = 1.0  # seconds


@dataclass(frozen=True)
class HfOptions:
    """Options of `hf`: the checkpoint, what its labels mean, and how it hears clips."""

    checkpoint: str = option(
        "",
        "Folder of a checkpoint as transformers saves it, or the id of one on the hub, with "
        "@REVISION if need be; the same as --model hf:CHECKPOINT.",
        "none is the model's own",
    )
    labels: str = option(
        "",
        "TOML file that says what labels of the checkpoint mean: a table [labels], each key a "
        "label of the checkpoint, each value one of ours, or none.",
        "empty: a closed table of words in many languages (docs/hf.md)",
    )
    card: str = option(
        "",
        "Model card (JSON) that says what the checkpoint was trained on, as for 'mserbench score', "
        "or registry:NAME for an entry of 'mserbench exposures'; without, it is looked up there.",
        "empty: what the registry knows, else the verdict is unknown",
    )
    window: float | None = option(
        30.0,
        "Longer clips are cut into equal windows of at most so many seconds, whose logits are "
        "averaged; none: heard whole, or cut off where the checkpoint does that.",
        "no longer than a checkpoint hears at once: 30 s of Whisper, 10.24 s of AST",
    )
    precision: Precision = option(
        "float32",
        "What the checkpoint computes in.",
        "bfloat16 takes half the memory, and each clip is then heard alone",
    )

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise UsageError(
                f"option precision is {self.precision!r}, but must be one of {get_args(Precision)}"
            )
        # NaN too
        if self.window is not None and not self.window >= SHORTEST_WINDOW:
            raise UsageError(
                f"option window is {self.window}, but seconds, {SHORTEST_WINDOW:g} or more, or "
                f"none, were expected"
            )
