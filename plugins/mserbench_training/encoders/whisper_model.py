"""Loads openai-whisper models from a ready folder of safetensors: no pickle, no download."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, overload

import safetensors.torch
import torch
from whisper.model import AudioEncoder, ModelDimensions, Whisper

from mserbench.errors import DataError, why

_ENCODER = "encoder."


@overload
def load(folder: Path, encoder_only: Literal[True] = True) -> AudioEncoder: ...
@overload
def load(folder: Path, encoder_only: Literal[False]) -> Whisper: ...


def load(folder: Path, encoder_only: bool = True) -> AudioEncoder | Whisper:
    """Return Whisper's audio encoder, or the whole model, in evaluation mode: float32, on the CPU.

    `folder` is one that `mserbench.weights.lookup.folder("whisper-...")` returns. Of an encoder
    only its own tensors are read. Raises DataError where the files are missing or do not fit one
    another.
    """
    try:
        dims = ModelDimensions(**json.loads((folder / "dims.json").read_text(encoding="utf-8")))
        tensors = _tensors(folder / "model.safetensors", _ENCODER if encoder_only else "")
        model = _empty(dims, encoder_only)
        # Assigned, not copied: the encoder was built without memory of its own.
        model.load_state_dict(tensors, assign=True)
    except (OSError, ValueError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
        # One line: torch lists each name that does not fit on a line of its own.
        reason = why(error, 200)
        raise DataError(
            f"Whisper folder {str(folder)!r} cannot be loaded ({type(error).__name__}: {reason}): "
            "'mserbench weights verify' says whether it is whole"
        ) from error

    return model.eval()


def _tensors(path: Path, prefix: str) -> dict[str, torch.Tensor]:
    with safetensors.safe_open(path, framework="pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118 - no mapping
        return {name.removeprefix(prefix): file.get_tensor(name).float() for name in names}


def _empty(dims: ModelDimensions, encoder_only: bool) -> AudioEncoder | Whisper:
    # The whole model has a causal mask that is no weight: on the device meta it would stay empty.
    if not encoder_only:
        return Whisper(dims)

    with torch.device("meta"):  # No memory for values that are replaced at once.
        return AudioEncoder(
            dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer
        )
