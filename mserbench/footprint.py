"""What a training takes, as far as a model can tell before: numbers, memory, disk, time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ADAMW_BYTES = 16  # a trained number in float32: itself, its gradient, and two moments of AdamW


@dataclass(frozen=True)
class Footprint:
    """What one training of a model with some options takes, on one device.

    `trainable`, `frozen`: how many parameters, by part; exact. `memory`: bytes on the device, by
    what they are for, while a batch of `clips` clips is learnt from; an estimate. `cache`: bytes of
    features kept on disk for each second of audio, by the name of what is kept; two models with one
    name share it. `weights`: bytes of the finished weights. `seconds`: of one training, measured;
    None where nobody has measured it. `basis`: sentences on what the estimates rest, and why
    something is not known.
    """

    trainable: Mapping[str, int]
    frozen: Mapping[str, int]
    memory: Mapping[str, int] = field(default_factory=dict)
    clips: int = 0
    cache: Mapping[str, float] = field(default_factory=dict)
    weights: int = 0
    seconds: float | None = None
    basis: tuple[str, ...] = ()
