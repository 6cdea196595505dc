"""What supcon-w2v2 says of itself before it is made: options, encoder, card; nothing heavy is
imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.model import Described
from mserbench.weights.named import weights_names
from mserbench_supcon_w2v2 import weights_folder
from mserbench_supcon_w2v2.settings import CHOSEN_ON, Settings, SupconOptions, resolve
from mserbench_training.encoders import named
from mserbench_training.models.described_network import DescribedNetwork
from mserbench_training.models.preset_options import chosen_on

NAME = "supcon-w2v2"
VERSION = "1"


class DescribedSupcon(DescribedNetwork):
    """The part of supcon-w2v2 that is asked before any weights or data are here."""

    Options: ClassVar[type[Any]] = SupconOptions
    version: ClassVar[str] = VERSION
    name: ClassVar[str] = NAME

    @classmethod
    def pretrained(cls, options: Any) -> tuple[str, ...]:
        """Return its encoder, where that has a name."""
        encoder = resolve(options).encoder
        return (encoder,) if encoder in weights_names() else ()

    @classmethod
    def describe(cls, options: Any, weights: Path | None) -> Described:
        """Return what the settings decide: those of the weights, where there are any, under what is
        given now.

        Raises DataError for damaged weights, UsageError for an option that differs from theirs.
        """
        settings = resolve(options)
        if weights is not None:
            record = weights_folder.read(weights, NAME)
            settings = weights_folder.settings_of(weights, record, options)

        return Described(card_of(settings, options, weights), cls.version)


def card_of(settings: Settings, options: Any, weights: Path | None) -> ModelCard:
    """Return the card of a model with these settings.

    The exposure is that of its encoder; its weights add what they were trained on.
    """
    exposure, complete = named.exposure_of(settings.encoder)
    return ModelCard(
        NAME,
        f"Language-aware contrastive, speaker-adversarial, on {Path(settings.encoder).name}",
        VERSION,
        "MIT; the encoder has its own licence",
        "Mi, Ma and Toda, arXiv 2606.06200, Interspeech 2026",
        exposure=exposure,
        exposure_complete=complete,
        development=chosen_on(CHOSEN_ON, options, weights),
    )
