"""Small random parts for tests: a Whisper, a BERT and a LLaMA with tokenizer, saved by their own
libraries.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import safetensors.torch
import torch
from whisper.model import AudioEncoder, ModelDimensions

from mserbench.disk import folders
from mserbench.disk.files import cache_dir, write_atomic
from mserbench.labels import CANONICAL
from mserbench_training.resources.quiet import quietly

Role = Literal["whisper", "bert", "llama"]
VERSION = "1"  # raise it whenever a part changes
_SPECIAL = ("<pad>", "<s>", "</s>")


def tiny_folder(role: Role) -> Path:
    """Return the folder of a part in the cache, made if it is not there; the same numbers on every
    machine.
    """
    place = cache_dir() / "tiny-parts" / f"{role}-{VERSION}"
    with folders.held(place.parent / f".{role}.lock", waiting=lambda: None):
        folders.clear_leftovers(place.parent, place.name)
        if not place.is_dir():
            with folders.whole(place) as work:
                make(role, work)

    return place


def make(role: Role, folder: Path, seed: int = 0) -> None:
    """Write a part with random weights of a seed into a folder; random numbers elsewhere stay as
    they are.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        with quietly():
            _MAKERS[role](folder)


def _whisper(folder: Path) -> None:
    dims = ModelDimensions(80, 1500, 64, 2, 2, 51_865, 448, 64, 2, 2)
    module = AudioEncoder(
        dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer
    )
    tensors = {
        f"encoder.{name}": tensor.contiguous() for name, tensor in module.state_dict().items()
    }
    safetensors.torch.save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    write_atomic(folder / "dims.json", json.dumps(dataclasses.asdict(dims)) + "\n")


def _bert(folder: Path) -> None:
    from transformers import BertConfig, BertModel

    bert: Any = BertModel(
        BertConfig(
            vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                intermediate_size=64,
            max_position_embeddings=16,
        )
    )  # fmt: skip
    bert.save_pretrained(folder)


def _llama(folder: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = byte_tokenizer()
    llama: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2048,
                pad_token_id=0, bos_token_id=1,
            # Not the usual 0.02: its words must differ for something to be learnt.
            eos_token_id=2, initializer_range=0.2,
        )
    )  # fmt: skip
    llama.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def byte_tokenizer() -> Any:
    """Return a tokenizer of bytes in which each canonical label after a space is one token, other
    words are several.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges: list[tuple[str, str]] = []
    for label in CANONICAL:
        spelt = "Ġ" + label  # how byte-level tokenizers write a space
        merges += [(spelt[:i], spelt[i]) for i in range(1, len(spelt))]

    merges = list(dict.fromkeys(merges))
    names = [*_SPECIAL, *alphabet, *(a + b for a, b in merges)]
    core: Any = Tokenizer(models.BPE({name: i for i, name in enumerate(names)}, merges))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    pad, begin, end = _SPECIAL
    tokenizer_class: Any = PreTrainedTokenizerFast  # it has no types

    return tokenizer_class(tokenizer_object=core, pad_token=pad, bos_token=begin, eos_token=end)


_MAKERS: Mapping[Role, Callable[[Path], None]] = {
    "whisper": _whisper,
    "bert": _bert,
    "llama": _llama,
}
