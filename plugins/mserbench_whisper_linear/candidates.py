"""What may become the default of `whisper-linear`: what it hears, and what is done to its sources.

A candidate hears each clip alone. `adapted` also says what it gives where some unlabelled clips of
the target's room were heard first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mserbench_training.frames.pauses import Pauses
from mserbench_whisper_linear.classifier import Method, StandardLinear, fit
from mserbench_whisper_linear.variants import centres_of

Sources = Literal["as they are", "centred", "standardised"]

Vectors = NDArray[np.float64]
_LEAST = 1e-6  # of a deviation: what never varies in a source stays finite


@dataclass(frozen=True)
class Candidate:
    """What is heard, and what is done to the sources before the classifier is learnt.

    `sources`: "centred" moves each source to the mean of all sources' centres, so that rooms,
    microphones and languages do not differ in their mean; "standardised" also scales each by its
    own deviation. `at_any_tempo`: trained also on a copy of each clip at a random tempo, the pitch
    kept.
    """

    layers: tuple[int, ...] = (2,)
    pauses: Pauses = "kept"
    sources: Sources = "as they are"
    directions: int = 3
    shrinkage: float = 0.8
    at_any_tempo: bool = False

    @property
    def told(self) -> str:
        """What it is, in words."""
        several = len(self.layers) > 1
        parts = [
            f"layers {' and '.join(map(str, self.layers))} averaged"
            if several
            else f"layer {self.layers[0]}",
            "pauses dropped" if self.pauses == "dropped" else "",
            "" if self.sources == "as they are" else f"sources {self.sources}",
            f"k {self.directions}",
            "" if self.shrinkage == DEFAULT.shrinkage else f"LDA {self.shrinkage:g}",
            "trained at any tempo too" if self.at_any_tempo else "",
        ]

        return "; ".join(part for part in parts if part)

    @property
    def method(self) -> Method:
        """How its classifier is learnt."""
        return Method("discriminant", self.shrinkage, self.directions, parts=len(self.layers))


DEFAULT = Candidate()  # what shipped before the study


def candidates() -> Iterator[Candidate]:
    """Yield all that the rule chooses among, the default of before first."""
    for pauses in ("kept", "dropped"):
        for layers in ((2,), (1,), (1, 2)):
            start = Candidate(layers, pauses)
            yield start
            yield replace(start, directions=0)
            yield replace(start, sources="centred", directions=0)
            yield replace(start, sources="centred")
            yield replace(start, sources="standardised", directions=0)

        for shrinkage in (0.6, 0.9):
            yield Candidate((1, 2), pauses, shrinkage=shrinkage)

        # Each of these needs a pass of its own, and is tried on what came out well without.
        for layers in ((2,), (1, 2)):
            yield Candidate(layers, pauses, at_any_tempo=True)
            yield Candidate(layers, pauses, "centred", 0, at_any_tempo=True)
            yield Candidate(layers, pauses, "centred", at_any_tempo=True)


@dataclass(frozen=True, eq=False)
class Learnt:
    """A candidate that has learnt.

    `centre`: the mean of the sources' centres, (n_features,); `scale`: the mean of their
    deviations, or ones.
    """

    classifier: StandardLinear
    centre: Vectors
    scale: Vectors
    standardised: bool

    def probabilities(
        self, vectors: Vectors, labels: Sequence[str], heard: Vectors | None = None
    ) -> Vectors:
        """Return (n_clips, n_labels) for vectors (n_clips, n_features).

        `heard`: vectors of unlabelled clips of the same room, (n, n_features), at whose mean the
        target then lies; without, each clip is taken as it is.
        """
        target = self.centre if heard is None else heard.mean(axis=0)
        if self.standardised:
            inputs = (vectors - target) / self.scale
        else:
            inputs = vectors + (self.centre - target)

        return self.classifier.probabilities(inputs, labels)


def learn(
    candidate: Candidate, vectors: Vectors, labels: Sequence[str], speakers: Sequence[str]
) -> Learnt:
    """Learn from vectors (n_clips, n_features); a speaker is `corpus:name`."""
    corpora = [speaker.partition(":")[0] for speaker in speakers]
    centres, of = centres_of(vectors, labels, corpora)
    centre, scale = centres.mean(axis=0), np.ones(vectors.shape[1])

    if candidate.sources == "centred":
        vectors = vectors + centre - centres[of]
    elif candidate.sources == "standardised":
        deviations = np.stack([vectors[of == number].std(axis=0) for number in range(len(centres))])
        deviations = np.maximum(deviations, _LEAST)
        vectors, scale = (vectors - centres[of]) / deviations[of], deviations.mean(axis=0)

    classifier = fit(vectors, labels, speakers, candidate.method)
    return Learnt(classifier, centre, scale, candidate.sources == "standardised")
