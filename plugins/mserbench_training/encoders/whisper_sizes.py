"""The sizes of Whisper's encoders by name, for plans on machines that lack their weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from whisper.model import AudioEncoder, ModelDimensions

from mserbench.weights import lookup
from mserbench.weights.named import weights_names
from mserbench_training.resources.saved import count

POSITIONS = 1500  # of any Whisper encoder: 30 s


@dataclass(frozen=True)
class Sizes:
    """Bands of the log-mel, width, heads and blocks of an encoder."""

    bands: int
    width: int
    heads: int
    blocks: int
    positions: int = POSITIONS

    @property
    def layers(self) -> int:
        """Layers as `Encoder` counts them: each block, and the normalised output of the last."""
        return self.blocks + 1

    @property
    def parameters(self) -> int:
        """How many numbers the encoder has."""
        # Built without memory: large-v3 would take 2.5 GB to be counted.
        with torch.device("meta"):
            encoder = AudioEncoder(self.bands, self.positions, self.width, self.heads, self.blocks)
        return count(encoder.parameters())


BY_NAME: Mapping[str, Sizes] = {
    "whisper-base": Sizes(80, 512, 8, 6),
    "whisper-small": Sizes(80, 768, 12, 12),
    "whisper-large-v3": Sizes(128, 1280, 20, 32),
}
"""As openai-whisper has them."""


def sizes_of(name: str) -> Sizes | None:
    """Return the sizes of weights by name or of a folder; None where neither is here nor known."""
    # Weights on this machine say their own sizes; the table is for those that are not.
    if name in weights_names() and lookup.read_record(name) is not None:
        return read(lookup.folder(name))
    return BY_NAME.get(name) or (read(Path(name)) if Path(name).is_dir() else None)


def read(folder: Path) -> Sizes | None:
    """Return the sizes of the encoder in a folder; None where it holds no Whisper."""
    file = folder / "dims.json"
    if not file.is_file():
        return None

    dims = ModelDimensions(**json.loads(file.read_text(encoding="utf-8")))
    return Sizes(
        dims.n_mels, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer, dims.n_audio_ctx
    )
