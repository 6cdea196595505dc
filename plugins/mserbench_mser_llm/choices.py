"""The values that settings of mser-llm may have, and the options of its losses; read without what
is heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Calibration = Literal["none", "training", "target"]
Reading = Literal["sum", "mean"]  # of the log-probabilities of a word's tokens
Reduction = Literal["mean", "sum"]


@dataclass(frozen=True)
class LossOptions:
    """The free numbers of Eqs 1-3; see Settings."""

    same_weight: float = 1.0  # w1
    different_weight: float = 1.0  # w2
    margin: float = 0.0  # m
    reduction: Reduction = "mean"
    exclude_self: bool = False
    decoding_weight: float = 1.0  # lambda

    @property
    def contrastive(self) -> bool:
        """Whether Eq 1 contributes at all."""
        return self.same_weight > 0 or self.different_weight > 0
