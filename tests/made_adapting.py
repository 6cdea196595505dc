"""A small model that adapts, for tests: it scores by the loudness of a clip against what it heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import UsageError
from mserbench.model import Model, Remoteness

CODE = """
    from mserbench.errors import UsageError
    from mserbench.model import Remoteness


    def _loudness(clip):
        return float(np.log10(np.mean(np.square(clip.waveform.astype(np.float64))) + 1e-9))


    class Centred(Model):
        adapts = True

        def __init__(self, options=None, weights=None, device="cpu"):
            super().__init__(options, weights, device)
            self.centre, self.heard = -2.0, 0

        @property
        def card(self):
            return _card("centred")

        def adapt(self, clips):
            if not clips:
                raise UsageError("model 'centred' was given no clip to adapt to: give one or more")
            if self.heard:
                raise UsageError("model 'centred' is adapted already")
            values = [_loudness(clip) for clip in clips]
            self.centre, self.heard = float(np.mean(values)), len(clips)

        def predict(self, clips, labels):
            at = np.array([_loudness(clip) - self.centre for clip in clips])
            shifts = np.array([len(label) / 4 - 1.5 for label in labels])
            return -np.square(at[:, None] - shifts)

        def remoteness(self, clips):
            mean = float(np.mean([_loudness(clip) for clip in clips]))
            return Remoteness(abs(mean + 2.0), 0.5, "quiet corpus")
"""
"""For the fixture `plugin`: the same model in a plugin, by the name `centred`."""


def loudness(clip: Clip) -> float:
    """Return the logarithm of a clip's mean power."""
    return float(np.log10(np.mean(np.square(clip.waveform.astype(np.float64))) + 1e-9))


class Centred(Model):
    """Scores by loudness against the mean of the clips that it heard; `log` keeps these."""

    adapts = True
    log: list[list[Clip]] = []  # noqa: RUF012 - of all instances: each run makes its own

    def __init__(self, options: Any = None, weights: Any = None, device: str = "cpu") -> None:
        super().__init__(options, weights, device)
        self.centre: float | None = None

    @property
    def card(self) -> ModelCard:
        """A card that claims nothing."""
        return ModelCard("centred", "centred", "1", "MIT", "", (), True)

    def adapt(self, clips: Sequence[Clip]) -> None:
        """Centre by the mean loudness."""
        if not clips:
            raise UsageError("model 'centred' was given no clip to adapt to: give one or more")

        assert self.centre is None, "a model is adapted once"
        # The sum of sorted values: the order of the clips changes no digit.
        self.centre = float(np.mean(sorted(map(loudness, clips))))
        self.log.append(list(clips))

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> Any:
        """Score a label by how near the loudness is to that of its name's length."""
        centre = -2.0 if self.centre is None else self.centre
        at = np.array([loudness(clip) - centre for clip in clips])
        shifts = np.array([len(label) / 4 - 1.5 for label in labels])
        return -np.square(at[:, None] - shifts)

    def remoteness(self, clips: Sequence[Clip]) -> Remoteness:
        """Tell of the mean loudness."""
        mean = float(np.mean([loudness(clip) for clip in clips]))
        return Remoteness(abs(mean + 2.0), 0.5, "quiet corpus")
