"""How to train, as every model that takes the training loop states it; read without what is
heavy.
"""

from __future__ import annotations

from dataclasses import dataclass

from mserbench.errors import UsageError
from mserbench_training.encoders.base import Precision
from mserbench_training.learning import schedule


@dataclass(frozen=True)
class LoopOptions:
    """How to train; every model states its own values and where they are from.

    `steps` of the optimiser, each over `accumulation` batches (a contrastive loss compares within
    one batch). AdamW; `warmup` steps up to `learning_rate`, then `shape`; gradients clipped to a
    norm of `clip` (0: not). Every `evaluate_every` steps the held-out source speakers are scored;
    after `patience` scores without a better one training stops, and the best weights are kept.
    Without held-out speakers the last weights are, or, with `averaged` above 0, the mean over the
    steps of that last share of the training (Izmailov et al., UAI 2018).
    """

    steps: int
    learning_rate: float
    weight_decay: float = 0.01
    warmup: int = 0
    shape: schedule.Shape = "cosine"
    clip: float = 5.0
    accumulation: int = 1
    precision: Precision = "float32"
    evaluate_every: int = 100
    patience: int = 8
    seed: int = 0
    averaged: float = 0.0

    def __post_init__(self) -> None:
        for name in ("steps", "accumulation", "evaluate_every", "patience"):
            if getattr(self, name) < 1:
                raise UsageError(
                    f"option {name} is {getattr(self, name)}, but must be at least 1: give a "
                    f"larger one"
                )

        if not 0 <= self.averaged <= 1:
            raise UsageError(
                f"option averaged is {self.averaged}, but must be in [0, 1]: give another share"
            )
        if not self.learning_rate > 0:
            raise UsageError(
                f"option learning_rate is {self.learning_rate}, but must be above 0: give a "
                f"larger one"
            )
