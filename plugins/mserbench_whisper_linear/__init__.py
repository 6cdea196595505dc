"""The model `whisper-linear`: a frozen Whisper layer and a regularised linear classifier."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mserbench.plugins.hookspecs import ModelEntry, hookimpl

MSERBENCH_API = 1

WEIGHTS = {
    "whisper-linear-de-it-el": ("emodb", "emovo", "aesdd"),
    "whisper-linear-de-it-en": ("emodb", "emovo", "ravdess"),
    "whisper-linear-it-el-en": ("emovo", "aesdd", "ravdess"),
    "whisper-linear-de-el-en": ("emodb", "aesdd", "ravdess"),
}
"""The weights that ship with the model, and the tasks they were trained on: each of the four
corpora is in all but one of them, which is zero-shot on it.

`python -m mserbench_whisper_linear.remake_weights` makes them.
"""

BY_SPEAKER = ("whisper-linear-de-it-el",)
"""Those that are there once more, under the name with `-speaker`, as trained with
normalise=speaker.
"""

PEOPLE = "whisper-linear-people"
"""The weights of all real corpora at hand, which `mserbench predict` takes."""


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the model."""
    # What is not yet trained is not offered: `remake_weights` makes it.
    people = [PEOPLE] if (Path(__file__).parent / "weights" / PEOPLE).is_dir() else []
    names = [*WEIGHTS, *(f"{name}-speaker" for name in BY_SPEAKER), *people]
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
