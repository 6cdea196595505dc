"""What the settings of all models that take the training loop have in common; nothing heavy."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from mserbench.errors import UsageError
from mserbench.labels import CANONICAL
from mserbench.options import check_ranges, option
from mserbench_training.learning.loop_options import LoopOptions

OURS = "assumed"
"""The evidence of a default that no paper, code or figure suggests."""
NOT_NAMED = "the paper names none"
"""The evidence of a default that leaves out what a paper does not speak of."""

_HELP: Mapping[str, str] = {
    "encoder_precision": "What a frozen Whisper computes in; its norms are float32 always.",
    "reduce": "How many neighbouring frames of the frozen encoder are averaged into one.",
    "loud_decibels": "Frames within so many dB of the clip's loudest count as loud.",
    "sampler": "hierarchical: batch_languages x batch_emotions x batch_samples clips a batch; "
    "shuffled: batches of batch_size.",
    "batch_languages": "Languages in a hierarchical batch.",
    "batch_emotions": "Emotions of each language in a hierarchical batch.",
    "batch_samples": "Clips of each emotion of each language in a hierarchical batch.",
    "batch_size": "Clips in a shuffled batch.",
    "missing": "What stands in for an emotion that a drawn language has not: fill takes more clips "
    "of it from the other languages, skip leaves the place empty, error refuses such data.",
    "labels": "canonical leaves out training clips with other labels than the seven, all learns "
    "those too.",
    "centring": "What the trained part hears of training clips: none, as the frozen encoder gives "
    "it; corpus, each corpus moved and scaled onto all of them by the mean of its label means.",
    "crop_seconds": "Seconds of a clip that are heard in training, a random stretch.",
    "longest_seconds": "Seconds of a clip that are heard at all, from its beginning.",
    "copies": "Augmented copies (speed, noise) of each training clip that take turns with it.",
    "mask_width": "The widest band of a frame that is hidden in training, in numbers of the frame.",
    "mask_seconds": "The longest stretch of a clip that is hidden in training, in seconds.",
    "held_out": "The share of clips, in whole speakers of each source, kept to stop by where no "
    "validation clips are given; 0 learns from all and keeps the last weights.",
    "learning_rate": "Learning rate of AdamW.",
    "weight_decay": "Weight decay of AdamW.",
    "steps": "Steps of the optimiser, at most.",
    "warmup": "Steps over which the learning rate rises to learning_rate.",
    "schedule": "What the learning rate does after the warm-up.",
    "clip": "The norm that gradients are clipped to; 0: they are not.",
    "accumulation": "Batches whose gradients are added up in a step; a contrastive loss compares "
    "within one batch.",
    "precision": "What is learnt computes in this, in training (autocast); bfloat16 on devices "
    "that have it.",
    "evaluate_every": "Steps between two scorings of the held-out source speakers.",
    "patience": "Scorings without a better one after which training stops; the weights with the "
    "best mean UAR over the source languages are kept.",
    "averaged": "Without held-out speakers the mean of the weights over this last share of the "
    "steps is kept; 0: the last weights.",
    "seed": "Seed of all that is drawn: first weights, batches, stretches, dropout.",
    "tensorboard": "Also writes the training's log for TensorBoard.",
}

_WITHIN: Mapping[str, str] = {
    "reduce": "at least 1",
    "loud_decibels": "above 0",
    "batch_size": "at least 1",
    "crop_seconds": "above 0",
    "longest_seconds": "above 0",
    "copies": "0 or more",
    "mask_width": "0 or more",
    "mask_seconds": "0 or more",
    "held_out": "in [0, 1)",
    "clip": "0 or more",
}


def common(
    name: str,
    default: Any,
    evidence: str,
    *,
    group: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """Declare a setting that several models have: what it does and its range stand here once.

    Default and evidence are each model's own.
    """
    within = _WITHIN.get(name, "")
    return option(default, _HELP[name], evidence, within=within, group=group, metadata=metadata)


class NetworkSettings:
    """The base of a frozen dataclass of settings: ranges are checked, the loop's options are read.

    It has no fields of its own, as those of a base would come before all others: the order of
    options is each model's.
    """

    # What is read here of the settings, all of which every model has.
    schedule: Any
    sampler: Any
    batch_languages: int
    batch_emotions: int
    batch_samples: int
    batch_size: int
    missing: Any
    labels: Any
    held_out: float
    seed: int
    tensorboard: bool

    def __post_init__(self) -> None:
        check_ranges(self)
        self.loop()

    def loop(self) -> LoopOptions:
        """Return the options of the training loop; one that the model lacks stays usual."""
        names = {field.name for field in dataclasses.fields(LoopOptions)} - {"shape"}
        shared = {name: getattr(self, name) for name in names if hasattr(self, name)}
        return LoopOptions(shape=self.schedule, **shared)

    def largest_batch(self) -> int:
        """Return how many clips a batch holds at most: hierarchical ones have no more emotions
        than there are.
        """
        if self.sampler == "shuffled":
            return self.batch_size
        return self.batch_languages * min(self.batch_emotions, len(CANONICAL)) * self.batch_samples

    def _require(self, name: str, holds: bool, requirement: str) -> None:
        """Raise UsageError where an option that hangs on another is not what it must be."""
        if not holds:
            raise UsageError(
                f"option {name} is {getattr(self, name)}, but must be {requirement}: give "
                f"another value"
            )
