"""Starts a Q-Former from a BERT: its self-attention and feed-forward tensors, by name;
cross-attention stays new.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from mserbench.errors import DataError, UsageError, why
from mserbench_training.resources.whole import whole_model

_RENAMED = (  # BERT's name and the Q-Former's, as regular expressions
    (r"embeddings\.LayerNorm\.(.*)", r"layernorm.\1"),
    (r"encoder\.layer\.(\d+)\.attention\.self\.(.*)", r"encoder.layer.\1.attention.attention.\2"),
    (r"encoder\.layer\.(\d+)\.attention\.output\.(.*)", r"encoder.layer.\1.attention.output.\2"),
    (
        r"encoder\.layer\.(\d+)\.intermediate\.dense\.(.*)",
        r"encoder.layer.\1.intermediate_query.dense.\2",
    ),
    (r"encoder\.layer\.(\d+)\.output\.(.*)", r"encoder.layer.\1.output_query.\2"),
)


def start_from_bert(qformer: nn.Module, folder: Path) -> tuple[str, ...]:
    """Put the first layers of a BERT into a Q-Former, in place; return the names of the tensors
    that stay new.

    New are the cross-attentions: their keys and values have the width of the speech encoder, so no
    BERT can fill them. Of the BERT, embeddings of words, positions and types, the pooler and
    further layers are left. `folder` is one that transformers' `save_pretrained` wrote, of a BERT
    with any head. Raises DataError where it is none, UsageError where its sizes are not the
    Q-Former's.
    """
    config, tensors = _read(folder)
    mine: Any = qformer.config
    for name in ("hidden_size", "num_attention_heads", "intermediate_size"):
        if getattr(config, name) != getattr(mine, name):
            raise UsageError(
                f"BERT {str(folder)!r} has {name} {getattr(config, name)}, but the "
                f"Q-Former {getattr(mine, name)}: "
                f"give the BERT's sizes by --option hidden_size, attention_heads and "
                f"intermediate_size, or bert=none"
            )

    if config.num_hidden_layers < mine.num_hidden_layers:
        raise UsageError(
            f"BERT {str(folder)!r} has {config.num_hidden_layers} layers, but the Q-Former "
            f"{mine.num_hidden_layers}: "
            f"give a smaller --option qformer_layers"
        )

    own_tensors = qformer.state_dict()
    filled = {name: tensor for name, tensor in renamed(tensors).items() if name in own_tensors}
    qformer.load_state_dict(filled, strict=False)

    return tuple(name for name in own_tensors if name not in filled)


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a BERT that a Q-Former has too, under the names that they have
    there.
    """
    by_new_name = {}
    for name, tensor in tensors.items():
        for pattern, replacement in _RENAMED:
            if re.fullmatch(pattern, name):
                by_new_name[re.sub(pattern, replacement, name)] = tensor

    return by_new_name


def _read(folder: Path) -> tuple[Any, dict[str, Tensor]]:
    from transformers import AutoConfig, BertModel

    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type != "bert":
            raise ValueError(f"it holds a {config.model_type!r}, no BERT")

        # By transformers, which knows prefixes and old names, such as LayerNorm.gamma.
        model = whole_model(BertModel, folder, add_pooling_layer=False, dtype=torch.float32)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = why(error, 200)
        raise DataError(
            f"BERT folder {str(folder)!r} cannot be loaded ({reason}): give another --option bert"
        ) from error

    return config, model.state_dict()
