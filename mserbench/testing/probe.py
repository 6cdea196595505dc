"""A model made ready to be checked: made and asked anew as often as a check needs, on synthetic
sounds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mserbench.cards import ModelCard
from mserbench.errors import UsageError
from mserbench.labels import CANONICAL
from mserbench.model import Model
from mserbench.options import make_options
from mserbench.results import exposure
from mserbench.results.journal import Answer
from mserbench.results.manifest import read_manifest
from mserbench.running.answers import check_output
from mserbench.running.choosing import with_bound_options
from mserbench.running.lookup import (
    addressed,
    described_class,
    model_class,
    model_entry,
    shipped_weights,
)
from mserbench.testing import sounds
from mserbench.testing.sounds import Sound

# Of the largest score: the six digits that a predictions file holds.
SAME = 1e-6
# The same where batches differ in shape, which changes the last bits of float32 sums.
TOLERANCE = 1e-4


@dataclasses.dataclass
class Probe:
    """A model class, and what is needed to make and to ask it.

    `options` are as they are typed; `telling` is the class that tells of the model before it is
    made, a light base of `kind` or `kind` itself.
    """

    name: str
    kind: type[Model]
    telling: type[Model]
    options: Mapping[str, str]
    weights: Path | None

    def settings(self, kind: type[Model]) -> Any:
        """Return the options as that class takes them."""
        return make_options(kind, dict(self.options), self.name)

    def make(self) -> Model:
        """Return a new instance."""
        # The sounds are few and short: a GPU would only add differences in the last bits.
        device = "cpu" if "cpu" in self.kind.devices else self.kind.devices[0]
        return self.kind(self.settings(self.kind), self.weights, device)

    @cached_property
    def model(self) -> Model:
        """The instance that most checks share, as the harness may use one for several tasks."""
        return self.make()

    @property
    def card(self) -> ModelCard:
        """The model's card, with what its weights were trained on."""
        manifest = read_manifest(self.weights) if self.weights else None
        return exposure.card_with_manifest(self.model.card, manifest)

    def ask(
        self,
        heard: Sequence[Sound],
        parts: Sequence[Sequence[int]] | None = None,
        labels: Sequence[str] = CANONICAL,
        model: Model | None = None,
        grouped: bool = True,
    ) -> list[Answer]:
        """Prepare a model with sounds and return its answer to each; `parts` are the batches, by
        position.
        """
        model = model or self.model
        clips = sounds.clips(heard, grouped and model.transductive)
        model.prepare(lambda: map(dataclasses.replace, clips))
        answers: dict[int, Answer] = {}

        for part in parts or [range(len(clips))]:
            output = model.predict([clips[i] for i in part], labels)
            answers.update(
                zip(part, check_output(self.name, output, len(part), labels), strict=True)
            )

        return [answers[i] for i in range(len(clips))]

    @cached_property
    def usual(self) -> list[Answer]:
        """The answers to the six ordinary sounds in one batch."""
        return self.ask(sounds.ordinary())


def difference(first: Sequence[Answer], second: Sequence[Answer]) -> float:
    """Return the largest difference of two lists of answers, as a fraction of the largest score.

    0 where all are equal; infinite where text answers differ.
    """
    if [text for _, text in first] != [text for _, text in second]:
        return float("inf")

    scores_first, scores_second = (
        np.array([scores for scores, _ in answers]) for answers in (first, second)
    )
    if scores_first.size == 0:
        return 0.0

    return float(np.abs(scores_first - scores_second).max() / (np.abs(scores_first).max() or 1.0))


def probe_of(
    model: str | type[Model], weights: str | Path | None, options: Mapping[str, str]
) -> Probe:
    """Find the class and the weights of a model. Raises as `check_model`."""
    if isinstance(model, str):
        kind, telling = model_class(model), described_class(model)
        model, options = addressed(model, options)
        own = _weights_of_entry(model, kind, weights)
        # As a run does: weights bring the options that they are bound to.
        if own is not None and weights is not None:
            options = with_bound_options(model, telling, options, read_manifest(own))

        return Probe(model, kind, telling, options, own)

    if weights is not None and not Path(weights).is_dir():
        raise UsageError(
            f"weights {str(weights)!r} are no folder: give one that 'mserbench train' wrote"
        )

    folder = None if weights is None else Path(weights)
    return Probe(model.__name__, model, model, options, folder)


def _weights_of_entry(name: str, kind: type[Model], weights: str | Path | None) -> Path | None:
    """Return the folder of weights that were named, else of those that a model cannot be without.

    A folder comes before a name, so that one's own training can be called as shipped weights are.
    """
    if weights is not None and Path(weights).is_dir():
        return Path(weights)

    entry = model_entry(name)
    if weights is None and kind.needs_weights and entry.weights:
        weights = next(iter(entry.weights))

    return None if weights is None else shipped_weights(entry, str(weights))
