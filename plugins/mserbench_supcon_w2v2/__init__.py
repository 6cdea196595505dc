"""The model `supcon-w2v2`: language-aware supervised contrastive learning and a speaker adversary."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.hookspecs import ModelEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the model."""
    return [
        ModelEntry(
            "supcon-w2v2",
            "mserbench_supcon_w2v2.model:SupconW2V2",
            "Language-aware contrastive learning, speaker-adversarial",
            needs=dict.fromkeys(("torch", "torchaudio", "transformers", "accelerate", "peft"), "train"),
        )
    ]
