"""The model `whisper-linear`: a frozen Whisper layer and a regularised linear classifier."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import ModelEntry, hookimpl

MSERBENCH_API = 1

WEIGHTS = {"whisper-linear-de-it-el": ("emodb", "emovo", "aesdd")}
"""The weights that ship with the model, and the tasks they were trained on.

Each is there twice: plain, and under the name with `-speaker` as trained with normalise=speaker.
`python -m mserbench_whisper_linear.choosing --remake` makes them.
"""


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the model."""
    names = [*WEIGHTS, *(f"{name}-speaker" for name in WEIGHTS)]
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
