"""What models of trained networks say before they are made; nothing heavy is imported."""

from __future__ import annotations

from typing import ClassVar

from mserbench.errors import ModelError
from mserbench.model import TrainableModel


class DescribedNetwork(TrainableModel):
    """The part of a network on frozen parts that is asked before any weights or data are here."""

    needs_weights: ClassVar[bool] = True
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")

    # Frames are cached, and waveforms are decoded by threads of its own.
    decodes_ahead: ClassVar[bool] = False
    trains_together: ClassVar[bool] = True
    adapts: ClassVar[bool] = True
    name: ClassVar[str]

    def no_weights(self) -> ModelError:
        """Return the error of a model that is asked before it has any weights."""
        return ModelError(
            f"model {self.name!r} has no weights: train it first, or name some by --weights"
        )
