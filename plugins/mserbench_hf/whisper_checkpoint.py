"""Weights of `whisper-linear` as a checkpoint of transformers, which others can open.

`python -m mserbench_hf.whisper_checkpoint WEIGHTS OUT`. A `WhisperForAudioClassification` takes the
mean over all frames of 30 s, silence behind the clip too. With `length=whole` `whisper-linear` does
the same, and both answer the same to 1e-4, of clips of up to 30 s. Beside it lies `card.json`, what
the weights were trained on, for `--card`.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor

from mserbench.disk.files import write_atomic
from mserbench.errors import DataError, MserbenchError, UsageError, why
from mserbench.running.judging import judging
from mserbench.weights import lookup
from mserbench_hf.hearing import quiet
from mserbench_training.encoders.whisper_model import load

CARD = "card.json"
_MODEL = "whisper-linear"
_MODULE = "mserbench_hf.whisper_checkpoint"

# Of the weighted sum of layers: its softmax is then 1 and 0 to the last bit.
_CHOSEN = 200.0

# What transformers computes: of a clip as it is, the mean over all frames of 30 s.
_HEARD = {"length": "whole", "pooling": "mean", "pauses": "kept", "normalise": "training"}

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
    """Write weights of one layer, pooled by its mean over 30 s, into a new folder as a checkpoint.

    Raises UsageError for weights of other features, which transformers cannot compute, and
    DataError where the file is damaged.
    """
    import transformers

    record = _record(weights)
    features = record["features"]
    layer = int(features["layers"])
    encoder = load(lookup.folder(features["encoder"]))
    n_layers, dim = len(encoder.blocks), encoder.positional_embedding.shape[1]
    # The layer behind the last block is its normalised output, which is what the encoder returns.
    is_last = layer == n_layers
    if layer == n_layers - 1:
        raise UsageError(
            f"weights {str(weights)!r} rest on layer {layer}, the last block before the encoder "
            f"normalises it, which transformers does not give: train with --option "
            f"layers={n_layers}, which is the same normalised, or a lower one"
        )

    labels = list(record["labels"])

    config = transformers.WhisperConfig(
        d_model=dim,
        num_mel_bins=encoder.conv1.in_channels,
        max_source_positions=encoder.positional_embedding.shape[0],
        # The last of the states is normalised: one block more than the layer that is taken.
        encoder_layers=n_layers if is_last else layer + 2,
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
    with quiet():
        network.save_pretrained(out)

    extractor: Any = transformers.WhisperFeatureExtractor  # its functions have no types
    extractor(feature_size=config.num_mel_bins).save_pretrained(out)


def write_card(weights: Path, out: Path) -> Path:
    """Write what weights were trained on beside the checkpoint made of them, and return the file.

    Raises DataError for weights without a manifest.
    """
    model = judging(_MODEL, weights, "cpu")
    card, trained = model.card, model.subject.weights
    exposure = [
        {"corpus": part.corpus, "languages": list(part.languages), "kind": part.kind,
         "evidence": part.evidence}
        for part in card.exposure
    ]  # fmt: skip
    record = {
        "title": f"{card.title}, as a checkpoint of transformers",
        "licence": card.licence,
        "citation": card.citation,
        "exposure": exposure,
        "exposure_complete": card.exposure_complete,
        "development": list(card.development),
    }
    if trained and trained.recipe:
        written = shlex.join(["python", "-m", _MODULE, trained.name, out.name])
        record["recipe"] = f"{trained.recipe} && {written}"

    path = out / CARD
    write_atomic(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return path


def _record(weights: Path) -> dict[str, Any]:
    """Read the classifier. Raises DataError, and UsageError for what cannot be written."""
    try:
        record: dict[str, Any] = json.loads((weights / "model.json").read_text(encoding="utf-8"))
        # Weights of before pauses could be dropped do not say that these were heard.
        rest_on = {"pauses": "kept", **record["features"], "normalise": record["normalise"]}
        has_one_layer = "," not in rest_on["layers"]
        strange = [f"{name}={rest_on[name]}" for name in _HEARD if rest_on[name] != _HEARD[name]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"weights {str(weights)!r} are none of whisper-linear ({why(error)}): give their folder"
        ) from error

    if strange or not has_one_layer:
        options = " ".join(f"--option {name}={value}" for name, value in _HEARD.items())
        raise UsageError(
            f"weights {str(weights)!r} rest on {', '.join(strange) or 'several layers'}, but a "
            f"checkpoint of transformers has one layer and its mean over 30 s: train with "
            f"{options} --option layers=2"
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


def main(arguments: list[str]) -> None:
    """Write a checkpoint and its card, and say how to run it; a fault is one sentence."""
    if len(arguments) != 2:
        sys.exit(f"usage: python -m {_MODULE} WEIGHTS OUT")

    weights, out = map(Path, arguments)
    try:
        export(weights, out)
        card = write_card(weights, out)
    except MserbenchError as error:
        sys.exit(f"error: {error}")

    run = shlex.join(["mserbench", "run", "--model", f"hf:{out}", "--card", str(card)])
    click.echo(f"{str(out)!r} is written: {run} --task emodb-sample")


if __name__ == "__main__":
    main(sys.argv[1:])
