"""The two floors every model must beat: the label frequencies of the training set, and chance."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.errors import DataError
from mserbench.model import Described, Model, TrainableModel, TrainingItem
from mserbench.options import option
from mserbench_training.models.model_file import read_model, write_model


class Prior(TrainableModel):
    """The training frequency of each label, for every clip; uniform where nothing was trained."""

    decodes_ahead: ClassVar[bool] = False

    def __init__(
        self, options: Any = None, weights: Path | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, weights, device)
        self._counts = read_counts(weights) if weights else {}
        self.labels = tuple(self._counts)

    @classmethod
    def describe(cls, options: Any, weights: Path | None) -> Described:
        """Return the same for all options and weights."""
        return Described(_card("prior", "Training label frequencies", cls.version), cls.version)

    @property
    def card(self) -> ModelCard:
        """The model itself has learnt nothing."""
        return self.describe(self.options, self.weights).card

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return the frequencies of `labels` among the training clips that bear one of them.

        float64, shape (n_clips, n_labels), each row sums to one. Uniform where no training clip
        bears any.
        """
        counts = np.array([self._counts.get(label, 0) for label in labels], dtype=np.float64)
        if not counts.any():
            counts[:] = 1.0

        return np.tile(counts / counts.sum(), (len(clips), 1))

    def fit(
        self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path
    ) -> None:
        """Count the labels of `training`."""
        counts = Counter(item.label for item in training)
        write_model(out, "prior", {"counts": dict(sorted(counts.items()))})


def read_counts(folder: Path) -> dict[str, int]:
    """Read the label counts of a trained prior. Raises DataError for a file that holds none."""
    counts = read_model(folder, "prior").get("counts")
    # `type`, not `isinstance`: `true` of JSON is a whole number to Python.
    if not isinstance(counts, Mapping) or not all(
        type(n) is int and n > 0 for n in counts.values()
    ):
        raise DataError(
            f"weights {str(folder)!r} hold the counts {json.dumps(counts)[:80]}, but a positive "
            "whole number for each label was expected: train the model again"
        )

    return dict(counts)


@dataclass(frozen=True)
class RandomOptions:
    """Options of `random`."""

    seed: int = option(0, "Another number, another draw.", "assumed: any will do")


class Random(Model):
    """Uniform scores drawn for each utterance and label, whatever the audio."""

    Options: ClassVar[type[Any]] = RandomOptions
    decodes_ahead: ClassVar[bool] = False

    @classmethod
    def describe(cls, options: Any, weights: Path | None) -> Described:
        """Return the same for all options and weights."""
        return Described(_card("random", "Uniform random scores", cls.version), cls.version)

    @property
    def card(self) -> ModelCard:
        """The model has learnt nothing."""
        return self.describe(self.options, self.weights).card

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return scores in [0, 1): float64, shape (n_clips, n_labels).

        They are digits of a SHA-256 over seed, utterance and label, so they are the same in any
        batch, order, label set and version of any library.
        """
        scores = [
            [_draw(self.options.seed, clip.seed, label) for label in labels] for clip in clips
        ]
        return np.array(scores, dtype=np.float64).reshape(len(clips), len(labels))


def _draw(seed: int, utterance: str, label: str) -> float:
    # 48 bits, as a float64 holds them exactly.
    digest = hashlib.sha256(f"{seed}/{utterance}/{label}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _card(name: str, title: str, version: str) -> ModelCard:
    return ModelCard(name, title, version, "MIT", "", exposure=(), exposure_complete=True)
