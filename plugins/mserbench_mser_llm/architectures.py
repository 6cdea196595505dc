"""The shapes of frozen parts by name, so that plans can build them where their weights are not
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from mserbench.errors import UsageError
from mserbench.weights import lookup
from mserbench.weights.named import weights_names
from mserbench_mser_llm.names import TINY
from mserbench_mser_llm.tiny_parts import tiny_folder
from mserbench_training.encoders import whisper_sizes
from mserbench_training.encoders.whisper_sizes import Sizes

LLAMA: Mapping[str, Mapping[str, Any]] = {
    "llama-3-8b": {
        "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": False,
    },
    "llama-3.2-1b-instruct": {
        "vocab_size": 128_256, "hidden_size": 2048, "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": True,
    },
    "smollm2-135m-instruct": {
        "vocab_size": 49_152, "hidden_size": 576, "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9, "num_key_value_heads": 3, "tie_word_embeddings": True,
    },
}  # fmt: skip
"""Configurations of language models, as their publishers state them."""


def encoder_sizes(name: str) -> Sizes:
    """Return the sizes of a Whisper encoder.

    Raises UsageError for a name of which neither the weights are here nor the shape is known.
    """
    sizes = (
        whisper_sizes.read(tiny_folder("whisper")) if name == TINY else whisper_sizes.sizes_of(name)
    )
    return sizes or _unknown(name, "encoder", whisper_sizes.BY_NAME)


def language_config(name: str) -> Any:
    """Return the configuration of a language model, of transformers. Raises UsageError as
    `encoder_sizes`.
    """
    from transformers import AutoConfig, LlamaConfig

    folder = _folder(name)
    if folder is not None:
        return AutoConfig.from_pretrained(folder, local_files_only=True)

    return LlamaConfig(**LLAMA[name]) if name in LLAMA else _unknown(name, "language_model", LLAMA)


def _folder(name: str) -> Path | None:
    """Return the folder of a language model that is on this machine, or None."""
    if name == TINY:
        return tiny_folder("llama")
    if name in weights_names():
        return lookup.folder(name) if lookup.read_record(name) is not None else None
    return Path(name) if Path(name).is_dir() else None


def _unknown(name: str, option: str, shapes: Mapping[str, object]) -> NoReturn:
    raise UsageError(
        f"option {option} is {name!r}, whose shape is not known: get its weights first, or "
        f"give one of "
        f"{', '.join(shapes)}"
    )
