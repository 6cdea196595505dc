"""`whisper-linear`: frozen Whisper layers pooled over a clip, and a classifier blind to voices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.features import FeatureCache, FeatureSet, extract
from mserbench.model import TrainingItem
from mserbench.options import told
from mserbench.weights import lookup
from mserbench_training.encoders.whisper import WhisperEncoder
from mserbench_training.frames.pooled import Copy, pooled_features
from mserbench_training.frames.tempo import AnyTempo
from mserbench_training.models.feature_classifier import cell_weights
from mserbench_training.resources.threads import one_thread_each
from mserbench_whisper_linear.choice import Choice, best, method
from mserbench_whisper_linear.classifier import StandardLinear, fit
from mserbench_whisper_linear.described import MADE_WITH, DescribedWhisperLinear, made_with
from mserbench_whisper_linear.options import AUTO, WhisperLinearOptions


class WhisperLinear(DescribedWhisperLinear):
    """Pooled frames of a frozen Whisper encoder, a linear classifier; needs the extra `train`."""

    def features(self) -> FeatureSet:
        """Return the pooled layers that the weights were trained on, else those of the options.

        Raises DataError where the encoder is not on this machine.
        """
        return self._heard()

    def _heard(self, copy: Copy | None = None) -> FeatureSet:
        # Where the layer is still to be chosen, all are pooled, and `learn` takes one of them.
        options = self._made_with
        layers = range(self._encoder.layers) if options.layers == AUTO else options.layer_numbers
        return pooled_features(self._encoder, tuple(layers), options.poolings, copy, options.pauses)

    def fit(
        self, training: Sequence[TrainingItem], validation: Sequence[TrainingItem], out: Path
    ) -> None:
        """Choose what is "auto" on `training` alone, train the classifier, and write `model.json`.

        See `FeatureModel`.
        """
        super().fit(training, validation, out)

    def taught_by(
        self, training: Sequence[TrainingItem]
    ) -> tuple[NDArray[np.float64], Sequence[TrainingItem]]:
        """Return the vectors of the clips, and with tempo=any those of a copy of each."""
        features, items = super().taught_by(training)
        if not self.options.copied:
            return features, items

        # A copy is learnt as the same label of the same speaker: how fast one speaks is neither.
        heard = self._heard(Copy(AnyTempo(), 1))
        with one_thread_each():
            copies = extract([item.clip for item in training], heard, FeatureCache(heard))

        return np.concatenate([features, copies]), [*items, *items]

    @property
    def chooses(self) -> bool:
        """Whether an option is "auto"."""
        options = self.options
        return AUTO in (options.layers, options.directions, options.shrinkage, options.C)

    def learn(
        self, features: NDArray[np.float64], training: Sequence[TrainingItem]
    ) -> dict[str, Any]:
        """Train on features of shape (n_clips, n_features), after choosing what is to be chosen."""
        options = self.options
        width = len(options.poolings) * self._encoder.dim
        choice = best(features, training, options, width)
        if options.layers == AUTO:
            # From here on the model is one of the layer chosen, and its weights say so.
            self._made_with = replace(options, layers=str(choice.layer))
            self._features = self.features()
            self.kept = slice(choice.layer * width, (choice.layer + 1) * width)
            features = features[:, self.kept]

        labels = [item.label for item in training]
        speakers = [(item.corpus, item.speaker) for item in training]
        counts = (
            cell_weights(labels, [item.corpus for item in training])
            if options.balance == "corpora"
            else None
        )
        classifier = fit(features, labels, speakers, method(options, choice), counts)
        return {**_told(choice), **classifier.to_json()}

    def read(self, record: Mapping[str, Any]) -> StandardLinear:
        """Return the classifier of a record; DataError names the entry that is not right."""
        return StandardLinear.from_json(record, self._features.dim)

    @property
    def precision(self) -> str:
        """Of its frozen encoder."""
        return self._made_with.encoder_precision

    def settings(self) -> dict[str, Any]:
        """Return which classifier it is, and whether it learnt from copies too."""
        settings = {
            "classifier": self.options.classifier,
            "centres": self.options.centres,
            "mix": self.options.mix,
        }
        # As `told`: weights of before the option came do not say it, and stay what they were.
        return {**settings, "tempo": "any"} if self.options.copied else settings

    def description(self) -> dict[str, Any]:
        """Return the options that the features rest on."""
        return {name: value for name, value in told(self._made_with).items() if name in MADE_WITH}

    @cached_property
    def _made_with(self) -> WhisperLinearOptions:
        """The options of the features: those of the weights where there are any."""
        return made_with(self.options, self.weights, self.record)

    @cached_property
    def _encoder(self) -> WhisperEncoder:
        options = self._made_with
        device = self.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"

        folder, precision = lookup.folder(options.encoder), options.encoder_precision
        return WhisperEncoder.from_folder(
            folder, options.encoder, options.length, device, precision
        )

    def _extract(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        # Clips are heard by several workers at once, and torch would give each of them all cores.
        with one_thread_each():
            return extract(clips, self._features, self._cache)


def _told(choice: Choice) -> dict[str, Any]:
    return {"strength": choice.strength, "directions": choice.directions, "tried": choice.tried}
