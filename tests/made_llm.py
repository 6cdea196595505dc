"""The LLM of the preset `mini` for benchmarks: the real one, or random weights of its shape."""

from __future__ import annotations

import torch  # noqa: TID253 - imported by benchmarks of torch alone
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: TID253

from mserbench.errors import DataError
from mserbench.weights import lookup
from mserbench_mser_llm.language_model import FrozenLanguageModel
from mserbench_mser_llm.presets import PRESETS
from mserbench_mser_llm.tiny_parts import byte_tokenizer

SMOLLM2_135M = {
    "vocab_size": 49_152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "tie_word_embeddings": True,
}  # fmt: skip


def language_model() -> FrozenLanguageModel:
    """Return SmolLM2-135M-Instruct, or random weights of its shape.

    Each canonical label is one token of either, so that both take the same steps.
    """
    try:
        return FrozenLanguageModel.from_folder(lookup.folder(PRESETS["mini"].language_model))
    except DataError:
        torch.manual_seed(0)
        config = LlamaConfig(**SMOLLM2_135M, bos_token_id=1, eos_token_id=2)
        return FrozenLanguageModel(LlamaForCausalLM(config), byte_tokenizer())
