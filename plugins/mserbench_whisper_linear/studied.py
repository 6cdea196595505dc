"""What the study of the defaults hears: corpora as they are, at any tempo, and under stress."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.data.labelled import labelled_clips
from mserbench.features import extract
from mserbench.labels import CANONICAL
from mserbench.stress.alterations import ALTERATIONS
from mserbench.weights import lookup
from mserbench_training.encoders.base import Precision
from mserbench_training.encoders.whisper import WhisperEncoder
from mserbench_training.frames.pauses import Pauses
from mserbench_training.frames.pooled import Copy, pooled_features
from mserbench_training.frames.tempo import AnyTempo
from mserbench_training.resources.threads import one_thread_each
from mserbench_whisper_linear import rule
from mserbench_whisper_linear.candidates import Candidate, Vectors
from mserbench_whisper_linear.variants import BOTH

ALTERED = tuple(ALTERATIONS)
LAYERS = (1, 2)  # what a candidate may take; layer 3 costs a block more and hears less


@dataclass(frozen=True, eq=False)
class Corpus:
    """The clips of a corpus that bear one of the seven labels."""

    name: str
    data: Path | None

    @cached_property
    def _rows(self) -> list[tuple[Clip, str, str, str]]:
        loaded = labelled_clips(self.name, self.data)
        clips = loaded.clips(range(len(loaded.items)))
        return [
            (
                clip,
                item.label,
                f"{self.short(self.name)}:{item.utterance.speaker}",
                item.utterance.id,
            )
            for item, clip in zip(loaded.items, clips, strict=True)
            if item.label in CANONICAL
        ]

    @staticmethod
    def short(name: str) -> str:
        """Return the name of a task or of the TOML file of a corpus of one's own."""
        return Path(name).stem

    @property
    def clips(self) -> list[Clip]:
        """Its clips."""
        return [row[0] for row in self._rows]

    @property
    def labels(self) -> list[str]:
        """The label of each clip."""
        return [row[1] for row in self._rows]

    @property
    def speakers(self) -> list[str]:
        """The speaker of each clip, `corpus:name`."""
        return [row[2] for row in self._rows]

    @cached_property
    def sample(self) -> list[int]:
        """The positions of the clips that are heard under stress."""
        return rule.drawn([row[3] for row in self._rows], self.labels, self.speakers)


class Hearing:
    """Vectors of corpora, each heard once and kept in the cache of features.

    `precision`: what the encoder hears copies and altered clips in; others in float32, always.
    """

    def __init__(self, data: Path | None, precision: str) -> None:
        self._data, self._precision = data, cast(Precision, precision)

    @cache  # noqa: B019 - lives as long as the script
    def corpus(self, name: str) -> Corpus:
        """Return a corpus by the name of its task, or by its TOML file."""
        return Corpus(name, self._data)

    def vectors(self, corpus: Corpus, candidate: Candidate, copy: str = "") -> Vectors:
        """Return a candidate's vectors of all clips, (n_clips, n_features).

        `copy`: "tempo" for each clip at a tempo drawn for it.
        """
        return _chosen(self._clean(corpus, candidate.pauses, copy), candidate)

    def altered(
        self, corpus: Corpus, candidate: Candidate, alteration: str, severity: int
    ) -> Vectors:
        """Return a candidate's vectors of the sample of a corpus under an alteration."""
        pooled = self._altered(corpus, candidate.pauses, alteration, severity)
        return _chosen(pooled, candidate)

    @cache  # noqa: B019 - as above
    def _clean(self, corpus: Corpus, pauses: Pauses, copy: str) -> Vectors:
        if not copy:
            return self._heard(corpus.clips, pauses, "float32")
        return self._heard(corpus.clips, pauses, self._precision, Copy(AnyTempo(), 1))

    @cache  # noqa: B019 - as above
    def _altered(self, corpus: Corpus, pauses: Pauses, alteration: str, severity: int) -> Vectors:
        clips = [_under(corpus.clips[position], alteration, severity) for position in corpus.sample]
        return self._heard(clips, pauses, self._precision)

    def _heard(
        self,
        clips: Sequence[Clip],
        pauses: Pauses,
        precision: Precision,
        copy: Copy | None = None,
    ) -> Vectors:
        features = pooled_features(_encoder(precision), LAYERS, BOTH, copy, pauses)
        with one_thread_each():
            vectors = extract(clips, features)

        return vectors.reshape(len(vectors), len(LAYERS), -1)


@cache
def _encoder(precision: Precision) -> WhisperEncoder:
    folder = lookup.folder("whisper-base")
    return WhisperEncoder.from_folder(folder, "whisper-base", precision=precision)


def _chosen(pooled: Vectors, candidate: Candidate) -> Vectors:
    """Return the layers of a candidate of (n_clips, n_layers, width): (n_clips, n_features)."""
    own = [LAYERS.index(layer) for layer in candidate.layers]
    return pooled[:, own].reshape(len(pooled), -1)


def _under(clip: Clip, name: str, severity: int) -> Clip:
    """Return a clip under an alteration, with a key of its own, by which its vector is kept."""
    alteration = ALTERATIONS[name]
    done = f"{clip.key} {alteration.name} {alteration.version} {severity}"

    def load() -> NDArray[np.float32]:
        return alteration.apply(clip.load(), severity, clip.key)

    return replace(clip, key=hashlib.sha256(done.encode()).hexdigest(), load=load)
