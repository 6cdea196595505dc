"""What `hf` says of itself before it is made: from the files of its checkpoint, without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.model import Described, Model
from mserbench_hf.checkpoint import opened
from mserbench_hf.exposure import card_of
from mserbench_hf.label_map import meanings
from mserbench_hf.options import HfOptions


class DescribedHf(Model):
    """A base of `mserbench_hf.model.Hf` that cannot be made, and tells what that would tell."""

    Options: ClassVar[type[Any]] = HfOptions
    version: ClassVar[str] = "1"
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    address: ClassVar[str] = "checkpoint"

    @classmethod
    def describe(cls, options: Any, weights: Path | None) -> Described:
        """Return card and version, from the files of the checkpoint.

        Raises UsageError or DataError for a checkpoint that cannot be asked.
        """
        return Described(_card(options.checkpoint, options.card), cls.version)

    @classmethod
    def contents(cls, options: Any) -> Mapping[str, Path | Sequence[Path] | str]:
        """Return the files of the checkpoint that decide scores, and what its labels mean.

        A copy elsewhere is the same.
        """
        checkpoint = opened(options.checkpoint)
        # The table of words is the core's, whose code is no part of the key.
        meant = meanings(checkpoint.name, checkpoint.labels, options.labels)
        pairs = zip(checkpoint.labels, meant, strict=True)
        return {
            "checkpoint": checkpoint.files,
            "labels": ", ".join(f"{raw}={label}" for raw, label in pairs),
        }

    @property
    def card(self) -> ModelCard:
        """The checkpoint's, with what is known of its training."""
        return _card(self.options.checkpoint, self.options.card)

    @property
    def precision(self) -> str:
        """What the checkpoint computes in, where that is not float32."""
        return "" if self.options.precision == "float32" else str(self.options.precision)


def _card(name: str, own_card: str) -> ModelCard:
    checkpoint = opened(name)
    kinds = ", ".join(map(str, checkpoint.config.get("architectures") or ()))
    title = f"{DescribedHf.address_name(HfOptions(name))} ({kinds})"
    return card_of(own_card, checkpoint, title)
