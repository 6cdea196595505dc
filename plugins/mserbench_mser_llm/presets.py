"""The presets of mser-llm, from seconds on any machine to the paper's sizes, and what a user may
give over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from mserbench_mser_llm.settings import Settings
from mserbench_training.models.preset_options import given, options_class

Preset = Literal["tiny", "mini", "small", "paper"]

_PAPER = Settings()
_MINI = replace(
    _PAPER,
    encoder="whisper-base", length="trimmed", layers="2", pooling="mean+loud", reduce=8,
        standardise=True,
    bert="minilm-l6", qformer_layers=2, hidden_size=384, attention_heads=12, intermediate_size=1536,
        num_queries=2,
    noise=1.5, language_model="smollm2-135m-instruct", language_precision="float32",
        prompt="The speaker feels",
    aligned=0.7, decoded=8, batch_languages=3, batch_emotions=7, held_out=0.0, learning_rate=3e-4,
        weight_decay=0.01,
    steps=300, warmup=30, schedule="cosine", evaluate_every=100, averaged=0.5, stored="float16",
)  # fmt: skip

PRESETS: Mapping[Preset, Settings] = {
    "paper": _PAPER,
    "small": replace(
        _PAPER, encoder="whisper-small", length="trimmed", num_queries=32,
        language_model="llama-3.2-1b-instruct",
        learning_rate=1e-4, steps=10_000, evaluate_every=500, patience=5,
    ),
    "mini": _MINI,
    "tiny": replace(
        _MINI,
        encoder="tiny", layers="all", pooling="none", reduce=4, bert="tiny", qformer_layers=2,
            hidden_size=32,
        attention_heads=2, intermediate_size=64, num_queries=4, dropout=0.0, noise=0.0,
            language_model="tiny",
        aligned=0.0, decoded=0, batch_languages=1, batch_emotions=4, held_out=0.15,
        learning_rate=3e-3, steps=60, warmup=5, evaluate_every=20, averaged=0.0,
    ),
}  # fmt: skip
"""`tiny`: random parts made on the spot, seconds, to try that everything works. `mini`: real and
small, two cores. `small`: one GPU of 24 GB. `paper`: the paper's sizes where it gives them, one GPU
of 80 GB.
"""

CHOSEN_ON: Mapping[Preset, tuple[str, ...]] = {"mini": ("emodb", "emovo", "aesdd", "ravdess")}
"""The corpora that a preset was chosen on: `mini` by its figures on the first three; its layer and
its pooling are those of whisper-linear, whose choice had seen RAVDESS (docs/mser-llm.md). The
others follow the paper, or assume.
"""

STAGE_2: Mapping[str, Any] = {"batch_languages": 2, "batch_samples": 2}
"""What stage 2 has in place of the preset's: batches of several languages."""

MserLlmOptions: type[Any] = options_class(
    "MserLlmOptions",
    Settings,
    Preset,
    PRESETS,
    default="mini",
    help="paper: the paper's sizes where it gives them, one GPU of 80 GB. small: one GPU of 24 GB. "
    "mini: real and small, two cores. tiny: random parts, to try that everything works.",
    evidence="docs/mser-llm.md has the figures by which mini was chosen; small was never trained",
)


def resolve(options: Any) -> Settings:
    """Return all settings: those given, over the stage's, over the preset's. Raises UsageError out
    of range.
    """
    chosen = given(options)
    stage = STAGE_2 if chosen.get("stage") == 2 else {}
    return replace(PRESETS[options.preset or "mini"], **{**stage, **chosen})
