"""Encoders by name, and what they have heard: `logmel`, pretrained weights, or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mserbench.cards import Exposure
from mserbench.errors import UsageError
from mserbench.weights import lookup
from mserbench.weights.named import weights_named, weights_names
from mserbench_training.encoders.base import Encoder, Precision

LOGMEL = "logmel"
Architecture = Literal["logmel", "whisper", "wav2vec"]


def kind_of(name: str) -> Architecture:
    """Return the family of an encoder without loading it.

    Raises UnknownName for no encoder, DataError for weights that are not on this machine, and
    UsageError for a folder of something else.
    """
    if name == LOGMEL:
        return "logmel"

    # `dims.json` first: a folder of Whisper may hold a `config.json` beside it.
    folder = folder_of(name)
    if (folder / "dims.json").is_file():
        return "whisper"
    if (folder / "config.json").is_file():
        return "wav2vec"

    raise UsageError(
        f"encoder folder {name!r} holds neither dims.json (Whisper) nor config.json (transformers)"
    )


def folder_of(name: str) -> Path:
    """Return the folder of an encoder's weights: those of that name, else the folder itself.

    Raises UnknownName where it is neither, DataError where the weights are not on this machine.
    """
    return lookup.registered_or_own(name, "encoder", LOGMEL)


def exposure_of(name: str) -> tuple[tuple[Exposure, ...], bool]:
    """Return what an encoder has heard, and whether that is all; of one's own folder not known."""
    if name == LOGMEL:
        return (), True
    if name in weights_names():
        record = weights_named(name)
        return record.exposure, record.exposure_complete

    return (), False


def open_encoder(name: str, device: str = "cpu", precision: Precision = "float32") -> Encoder:
    """Load a frozen encoder.

    Raises what `kind_of` raises, and UsageError for an encoder that is not offered in `precision`.
    """
    kind = kind_of(name)
    if precision != "float32" and kind != "whisper":
        raise UsageError(
            f"encoder_precision={precision} is for Whisper encoders, and {name!r} is none: "
            f"leave the option away"
        )
    # Each family is imported where it is used: their libraries are slow to import.
    if kind == "logmel":
        from mserbench_training.encoders.logmel import LogMelEncoder

        return LogMelEncoder()

    folder = folder_of(name)
    label = name if name in weights_names() else folder.name
    if kind == "whisper":
        from mserbench_training.encoders.whisper import WhisperEncoder

        return WhisperEncoder.from_folder(folder, label, device=device, precision=precision)

    from mserbench_training.encoders.wav2vec import Wav2VecEncoder

    return Wav2VecEncoder.from_folder(folder, label, device)
