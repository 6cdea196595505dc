"""Shared parts of trained models: pretrained weights, encoders, features, training."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import WeightsEntry, hookimpl

MSERBENCH_API = 1

_TABLE = "mserbench_training.pretrained.speech"
_TEXT = "mserbench_training.pretrained.text"


@hookimpl
def register_weights() -> Iterable[WeightsEntry]:
    """Return the pretrained speech encoders and language models that models here are built upon."""
    return [
        WeightsEntry("whisper-base", f"{_TABLE}:WHISPER_BASE", "Whisper base, 99 languages, 74 M"),
        WeightsEntry(
            "whisper-small", f"{_TABLE}:WHISPER_SMALL", "Whisper small, 99 languages, 244 M"
        ),
        WeightsEntry(
            "whisper-large-v3",
            f"{_TABLE}:WHISPER_LARGE_V3",
            "Whisper large-v3, 100 languages, 1.5 B",
        ),
        WeightsEntry("wav2vec2-base", f"{_TABLE}:WAV2VEC2_BASE", "wav2vec 2.0 base, English, 95 M"),
        WeightsEntry(
            "chinese-wav2vec2-base", f"{_TABLE}:WAV2VEC2_ZH", "wav2vec 2.0 base, Mandarin, 95 M"
        ),
        WeightsEntry(
            "wav2vec2-base-de-voxpopuli-v2",
            f"{_TABLE}:WAV2VEC2_DE",
            "wav2vec 2.0 base, German, 95 M",
        ),
        WeightsEntry(
            "wav2vec2-base-fr-voxpopuli", f"{_TABLE}:WAV2VEC2_FR", "wav2vec 2.0 base, French, 95 M"
        ),
        WeightsEntry(
            "smollm2-135m-instruct",
            f"{_TEXT}:SMOLLM2_135M",
            "SmolLM2 135M Instruct, a LLaMA, English",
        ),
        WeightsEntry(
            "llama-3.2-1b-instruct", f"{_TEXT}:LLAMA_32_1B", "LLaMA 3.2 1B Instruct (gated)"
        ),
        WeightsEntry("llama-3-8b", f"{_TEXT}:LLAMA_3_8B", "LLaMA 3 8B (gated)"),
        WeightsEntry(
            "minilm-l6", f"{_TEXT}:MINILM_L6", "all-MiniLM-L6-v2, a BERT of 6 layers, English, 23 M"
        ),
        WeightsEntry(
            "bert-base-uncased", f"{_TEXT}:BERT_BASE", "BERT base uncased, English, 110 M"
        ),
    ]
