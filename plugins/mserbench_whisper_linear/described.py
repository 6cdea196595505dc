"""What whisper-linear says of itself before it is made: options, encoder, card; without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.errors import DataError, UsageError
from mserbench.options import completed
from mserbench.weights.named import weights_named
from mserbench_training.models.feature_model import FeatureModel
from mserbench_training.models.model_file import read_model
from mserbench_whisper_linear.options import CHOSEN_ON, WhisperLinearOptions

# Options that weights remember, and that then hold: on other features their numbers mean nothing.
MADE_WITH = ("encoder", "encoder_precision", "length", "layers", "pooling", "pauses")


class DescribedWhisperLinear(FeatureModel):
    """The part of whisper-linear that is asked before its encoder is loaded."""

    Options: ClassVar[type[Any]] = WhisperLinearOptions
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    name: ClassVar[str] = "whisper-linear"

    @classmethod
    def pretrained(cls, options: WhisperLinearOptions) -> tuple[str, ...]:
        """Return the encoder."""
        return (options.encoder,)

    @classmethod
    def card_of(cls, options: WhisperLinearOptions, weights: Path | None) -> ModelCard:
        """Return a card that hands on what Whisper heard; its weights add what they learnt from."""
        # Of the encoder that the weights name, which may be another one than the options do.
        record = read_model(weights, cls.name) if weights else None
        heard = weights_named(made_with(options, weights, record).encoder)
        return ModelCard(
            cls.name,
            "Frozen Whisper layers, linear",
            cls.version,
            f"MIT; {heard.title}: {heard.licence}",
            "Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, ICML 2023",
            exposure=heard.exposure,
            exposure_complete=heard.exposure_complete,
            development=CHOSEN_ON,
        )


def made_with(
    options: WhisperLinearOptions, weights: Path | None, record: Mapping[str, Any] | None
) -> WhisperLinearOptions:
    """Return the options of the features: those in the record of the weights, where there are any.

    Raises DataError where the record does not say them.
    """
    features = (record or {}).get("features", {})
    recorded: dict[str, Any] = {}
    if record and isinstance(features, Mapping):
        # Weights of before an option was there lack it: what was then always done is filled in.
        whole = completed(features, WhisperLinearOptions)
        recorded = {name: whole.get(name) for name in MADE_WITH}

    if not all(isinstance(value, str) for value in recorded.values()):
        raise DataError(
            f"weights {str(weights)!r} do not say what features they rest on: train again"
        )

    try:
        return replace(options, **recorded)
    except UsageError as error:
        raise DataError(f"weights {str(weights)!r} cannot be used: {error}") from error
