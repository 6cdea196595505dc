"""What mser-llm says of itself before it is made: options, parts, card, version; nothing heavy is
imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from mserbench.cards import ModelCard
from mserbench.model import Described
from mserbench_mser_llm import names, weights_folder
from mserbench_mser_llm.presets import CHOSEN_ON, MserLlmOptions, resolve
from mserbench_mser_llm.settings import Settings
from mserbench_training.models.described_network import DescribedNetwork
from mserbench_training.models.preset_options import chosen_on

NAME = "mser-llm"
VERSION = "1"


class DescribedMserLlm(DescribedNetwork):
    """The part of mser-llm that is asked before any weights or data are here."""

    Options: ClassVar[type[Any]] = MserLlmOptions
    version: ClassVar[str] = VERSION
    name: ClassVar[str] = NAME

    @classmethod
    def pretrained(cls, options: Any) -> tuple[str, ...]:
        """Return the frozen parts and the BERT of these options, those that have a name."""
        chosen = resolve(options)
        return names.pretrained(chosen.encoder, chosen.bert, chosen.language_model)

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

        return described(settings, options, weights)


def described(settings: Settings, options: Any, weights: Path | None) -> Described:
    """Return card and version of a model that asks by these settings, and whether it is
    transductive.

    The exposure is that of its frozen parts and of its BERT; the manifest of weights adds that of
    all stages.
    """
    # BERT is not needed to score, but what it has read is in the weights that start from it.
    heard, complete = names.exposure_of(settings.encoder, settings.language_model, settings.bert)
    speech, words = Path(settings.encoder).name, Path(settings.language_model).name
    version = version_of(settings)
    card = ModelCard(
        NAME,
        f"Emotion Q-Former between frozen {speech} and frozen {words}",
        version,
        "MIT; the frozen parts have their own licences",
        "Zou et al., arXiv 2503.21806, ICME 2025",
        exposure=heard,
        exposure_complete=complete,
        development=chosen_on(CHOSEN_ON, options, weights),
    )

    # Calibrated by all clips of the target, never by their labels.
    return Described(card, version, transductive=settings.calibration == "target")


def version_of(settings: Settings) -> str:
    """Return the version of the scores that these settings give."""
    # Scores of an LLM in bfloat16 changed when its head became float32; of one in float32 not a bit
    # did.
    return "1" if settings.language_precision == "float32" else "2"
