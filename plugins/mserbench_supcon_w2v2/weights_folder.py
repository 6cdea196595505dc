"""The weights of supcon-w2v2 in a folder: what their record holds, and which settings may differ
from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mserbench.errors import DataError
from mserbench_supcon_w2v2.settings import Settings
from mserbench_training.models import network_record

# It may differ between machines; its version is checked instead.
_PLACE = "encoder"
# Settings that may differ in scoring.
_FREE = frozenset({_PLACE, "encoder_precision"})


def read(folder: Path, model: str) -> dict[str, Any]:
    """Return the record. Raises DataError where it is missing, damaged, of another schema or
    another model.
    """
    record = network_record.read(folder, model, Settings, {"encoder": ("name", "version")})
    if not isinstance(record["codes"].get("speakers"), list):
        raise DataError(
            f"weights {str(folder / network_record.RECORD)!r}: 'speakers' must be a list: "
            f"train the model again"
        )

    return record


def settings_of(folder: Path, record: Mapping[str, Any], options: Any) -> Settings:
    """Return the settings that weights were trained with; of the encoder, place and precision are
    those given now.

    Raises UsageError where another option is given now that differs: it would have no effect.
    """
    return network_record.settings_of(Settings, folder, record, options, _FREE)


def check_encoder(folder: Path, record: Mapping[str, Any], version: str) -> None:
    """Raise UsageError where the encoder is not the one that the weights were trained on."""
    trained = record["encoder"]
    network_record.check_part(folder, _PLACE, trained["name"], trained["version"], version)
