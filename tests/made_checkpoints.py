"""Tiny checkpoints of every family for audio classification, with random weights, saved by
transformers as people save theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LABELS = ("ang", "Freude", "neu", "traurig", "fear", "boredom", "disgust")

_CONVOLUTIONS: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "conv_dim": (32,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "classifier_proj_size": 16,
}
_LAYER: dict[str, Any] = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
_SEW: dict[str, Any] = {
    "conv_dim": (32, 32, 32),
    "conv_stride": (5, 4, 16),
    "conv_kernel": (10, 8, 16),
    "squeeze_factor": 2,
}

FAMILIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "wav2vec2-group": ("Wav2Vec2", _CONVOLUTIONS),
    "wav2vec2-layer": ("Wav2Vec2", _CONVOLUTIONS | _LAYER),
    "wav2vec2-weighted": (
        "Wav2Vec2",
        _CONVOLUTIONS | _LAYER | {"use_weighted_layer_sum": True},
    ),
    "wav2vec2-conformer": ("Wav2Vec2Conformer", _CONVOLUTIONS | {"feat_extract_norm": "layer"}),
    "hubert-group": ("Hubert", _CONVOLUTIONS),
    "hubert-layer": ("Hubert", _CONVOLUTIONS | _LAYER),
    "wavlm-group": ("WavLM", _CONVOLUTIONS),
    "wavlm-layer": ("WavLM", _CONVOLUTIONS | _LAYER),
    "unispeech": ("UniSpeech", _CONVOLUTIONS | _LAYER),
    "unispeech-sat": ("UniSpeechSat", _CONVOLUTIONS | _LAYER),
    "data2vec": ("Data2VecAudio", _CONVOLUTIONS),
    "sew": ("SEW", _CONVOLUTIONS | _SEW),
    "whisper": (
        "Whisper",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 1,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "vocab_size": 100,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "decoder_start_token_id": 1,
            "classifier_proj_size": 16,
        },
    ),
    "ast": (
        "AST",
        {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "max_length": 1024,
        },
    ),
}


def save(
    family: str,
    folder: Path,
    labels: Sequence[str] = LABELS,
    seed: int = 0,
    mask: bool | None = None,
    **settings: Any,
) -> Path:
    """Save a checkpoint of a family into a folder, which is returned.

    `mask`: whether its feature extractor returns an attention mask; None as public ones do.
    """
    import torch
    import transformers

    prefix, sizes = FAMILIES[family]
    named = {"id2label": dict(enumerate(labels)), "label2id": {n: i for i, n in enumerate(labels)}}
    config = getattr(transformers, f"{prefix}Config")(**{**sizes, **named, **settings})
    network = _class(prefix)
    torch.manual_seed(seed)
    made = network(config)

    # Random heads of a small model give next to equal scores, and a fault would hide in them.
    with torch.no_grad():
        for name, weight in made.named_parameters():
            # Not the norm in the head of AST: 400 times as much makes every answer certain.
            if name.startswith(("classifier", "projector")) and "norm" not in name:
                weight.mul_(20)

    transformers.utils.logging.disable_progress_bar()
    made.save_pretrained(folder)
    _extractor(prefix, config, mask).save_pretrained(folder)
    return folder


def _class(prefix: str) -> Any:
    import transformers

    for ending in ("ForAudioClassification", "ForSequenceClassification"):
        if hasattr(transformers, f"{prefix}{ending}"):
            return getattr(transformers, f"{prefix}{ending}")

    raise LookupError(prefix)


def _extractor(prefix: str, config: Any, mask: bool | None) -> Any:
    import transformers

    if prefix == "Whisper":
        return transformers.WhisperFeatureExtractor(feature_size=config.num_mel_bins)
    if prefix == "AST":
        return transformers.ASTFeatureExtractor(max_length=config.max_length)

    is_layer = getattr(config, "feat_extract_norm", "layer") == "layer"
    return transformers.Wav2Vec2FeatureExtractor(
        return_attention_mask=is_layer if mask is None else mask
    )
