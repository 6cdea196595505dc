"""The weights of mser-llm in a folder: what their record holds, what may differ from it, what a
second stage keeps.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mserbench.errors import UsageError
from mserbench_mser_llm.settings import Settings
from mserbench_training.models import network_record
from mserbench_training.models.preset_options import given

# Names of parts may differ between machines; that the parts are the same is checked by version.
PLACES = frozenset({"encoder", "language_model", "bert", "init"})
ASKING = frozenset(
    (
        "prompt",
        "answer",
        "max_new_tokens",
        "label_reading",
        "synonyms",
        "calibration",
        "language_precision",
        "encoder_precision",
    )
)
"""What is free in scoring: how trained weights are asked."""
STRUCTURE = (
    "encoder", "length", "layers", "pooling", "loud_decibels", "reduce", "standardise",
    "centring",
    "longest_seconds", "bert",
    "qformer_layers", "cross_frequency", "hidden_size", "attention_heads", "intermediate_size",
    "num_queries",
    "contrastive_dim", "language_model", "prompt",
)  # fmt: skip
"""What a second stage keeps of the first."""


def read(folder: Path, model: str) -> dict[str, Any]:
    """Return the record. Raises DataError where it is missing, damaged, of another schema or
    another model.
    """
    return network_record.read(folder, model, Settings, {"parts": ("encoder", "language_model")})


def settings_of(folder: Path, record: Mapping[str, Any], options: Any) -> Settings:
    """Return the settings that weights were trained with, under those given now that may differ:
    places, and asking.

    Raises UsageError where another option is given now that differs: it would have no effect.
    """
    return network_record.settings_of(Settings, folder, record, options, PLACES | ASKING)


def continued(
    settings: Settings, folder: Path, record: Mapping[str, Any], options: Any
) -> Settings:
    """Return the settings of a stage that goes on from weights: their structure, all else as it is
    asked for now.

    Raises UsageError where a structure is given now that differs.
    """
    # Parts keep their place on this machine: `check_parts` holds their versions.
    trained, now = record["settings"], given(options)
    for name in STRUCTURE:
        if name not in PLACES and name in now and now[name] != trained[name]:
            raise UsageError(
                f"weights {str(folder)!r} have {name}={trained[name]!r}, but {now[name]!r} "
                f"was asked for: a stage that "
                f"goes on from them keeps it, so leave the option away"
            )

    return dataclasses.replace(
        settings, **{name: now.get(name, trained[name]) for name in STRUCTURE}
    )


def check_parts(folder: Path, record: Mapping[str, Any], versions: Mapping[str, str]) -> None:
    """Raise UsageError where a frozen part is not the one that the weights were trained on."""
    for option, version in versions.items():
        network_record.check_part(
            folder, option, record["settings"][option], record["parts"][option], version
        )
