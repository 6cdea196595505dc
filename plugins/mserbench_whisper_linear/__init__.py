"""The model `whisper-linear`: a frozen Whisper layer and a regularised linear classifier."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mserbench.plugins.hookspecs import ModelEntry, hookimpl

MSERBENCH_API = 1

WEIGHTS = {"whisper-linear-de-it-el": ("emodb", "emovo", "aesdd")}
"""The weights that ship with the model, and the tasks they were trained on.

Each is there twice: plain, and under the name with `-speaker` as trained with normalise=speaker.
`python -m mserbench_whisper_linear.remake_weights` makes them.
"""

PEOPLE = "whisper-linear-people"
"""The weights of all real corpora at hand, which `mserbench predict` takes."""


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the model."""
    # What is not yet trained is not offered: `remake_weights` makes it.
    people = [PEOPLE] if (Path(__file__).parent / "weights" / PEOPLE).is_dir() else []
    names = [*WEIGHTS, *(f"{name}-speaker" for name in WEIGHTS), *people]
    return [
        ModelEntry(
            "whisper-linear",
            "mserbench_whisper_linear.model:WhisperLinear",
            "Frozen Whisper layers, pooled, and a linear classifier",
            needs={"torch": "train", "whisper": "train", "safetensors": "train"},
            described="mserbench_whisper_linear.described:DescribedWhisperLinear",
            weights={name: f"mserbench_whisper_linear:weights/{name}" for name in names},
        )
    ]
