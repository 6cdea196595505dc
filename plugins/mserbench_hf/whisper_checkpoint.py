"""Weights of `whisper-linear` as a checkpoint of transformers, which others can open.

`python -m mserbench_hf.whisper_checkpoint WEIGHTS OUT`. A `WhisperForAudioClassification` takes the
mean over all frames of 30 s, silence behind the clip too, where `whisper-linear` takes those of the
clip alone: both are the same function of clips that are padded to 30 s.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mserbench.errors import DataError, UsageError, why
from mserbench.weights import lookup
from mserbench_training.encoders.whisper_model import load

# Of the weighted sum of layers: its softmax is then 1 and 0 to the last bit.
_CHOSEN = 200.0

_NAMES = {
    "positional_embedding": "embed_positions.weight",
    "ln_post": "layer_norm",
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "self_attn_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
}


def export(weights: Path, out: Path) -> None:
    """Write weights of one layer, pooled by its mean, into a new folder as a checkpoint.

    Raises UsageError for weights of other layers or poolings, which the head of transformers cannot
    hold, and DataError where the file is damaged.
    """
    import transformers

    record = _record(weights)
    features = record["features"]
    layer = int(features["layers"])
    encoder = load(lookup.folder(features["encoder"]))
    n_layers, dim = len(encoder.blocks), encoder.positional_embedding.shape[1]
    # The layer behind the last block is its normalised output, which is what the encoder returns.
    is_last = layer == n_layers
    labels = list(record["labels"])

    config = transformers.WhisperConfig(
        d_model=dim,
        num_mel_bins=encoder.conv1.in_channels,
        max_source_positions=encoder.positional_embedding.shape[0],
        # The last of the states is normalised: one block more than the layer that is taken.
        encoder_layers=n_layers if is_last else min(n_layers, layer + 2),
        encoder_attention_heads=encoder.blocks[0].attn.n_head,
        encoder_ffn_dim=4 * dim,
        decoder_layers=1,
        decoder_attention_heads=1,
        use_weighted_layer_sum=not is_last,
        classifier_proj_size=dim,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    network = transformers.WhisperForAudioClassification(config)
    network.load_state_dict(_tensors(encoder.state_dict(), config) | _head(record, layer, config))
    network.save_pretrained(out)
    extractor: Any = transformers.WhisperFeatureExtractor  # its functions have no types
    extractor(feature_size=config.num_mel_bins).save_pretrained(out)


def _record(weights: Path) -> dict[str, Any]:
    """Read the classifier. Raises DataError, and UsageError for what cannot be written."""
    try:
        record: dict[str, Any] = json.loads((weights / "model.json").read_text(encoding="utf-8"))
        features, normalise = record["features"], record["normalise"]
        layers, pooling = features["layers"], features["pooling"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"weights {str(weights)!r} are none of whisper-linear ({why(error)}): give their folder"
        ) from error

    if "," in layers or pooling != "mean" or normalise != "training":
        raise UsageError(
            f"weights {str(weights)!r} rest on layers {layers}, pooling {pooling} and normalise "
            f"{normalise}, but a checkpoint of transformers has one layer and its mean: train with "
            f"--option layers=2 --option pooling=mean"
        )

    return record


def _tensors(own: Mapping[str, Tensor], config: Any) -> dict[str, Tensor]:
    """Return the tensors of an encoder by the names of transformers, without unused blocks."""
    tensors = {}
    for name, tensor in own.items():
        block = re.match(r"blocks\.(\d+)\.", name)
        if block and int(block[1]) >= config.encoder_layers:
            continue

        renamed = name.replace("blocks.", "layers.")
        # Longest first, as `attn` begins several.
        for part in sorted(_NAMES, key=len, reverse=True):
            renamed = re.sub(rf"(^|\.){re.escape(part)}(?=\.|$)", rf"\1{_NAMES[part]}", renamed)

        tensors[f"encoder.{renamed}"] = tensor

    return tensors


def _head(record: Mapping[str, Any], layer: int, config: Any) -> dict[str, Tensor]:
    """Return the linear classifier, standardisation included, as the head of transformers."""
    mean, scale, coef = (np.array(record[name]) for name in ("mean", "scale", "coef"))
    weight = coef / scale
    bias = np.array(record["intercept"]) - weight @ mean
    head = {
        "projector.weight": torch.eye(config.classifier_proj_size),
        "projector.bias": torch.zeros(config.classifier_proj_size),
        "classifier.weight": torch.tensor(weight, dtype=torch.float32),
        "classifier.bias": torch.tensor(bias, dtype=torch.float32),
    }
    if config.use_weighted_layer_sum:
        chosen = torch.zeros(config.encoder_layers + 1)
        chosen[layer + 1] = _CHOSEN  # behind the embeddings
        head["layer_weights"] = chosen

    return head


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m mserbench_hf.whisper_checkpoint WEIGHTS OUT")

    export(Path(sys.argv[1]), Path(sys.argv[2]))
