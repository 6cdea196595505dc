"""SeamlessM4T v2 with random weights, as transformers saves it: tiny, or of the shape of large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CODES = ("deu", "spa", "fra", "ita", "cmn")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")

TINY: dict[str, Any] = {
    "vocab_size": 64, "t2u_vocab_size": 40, "char_vocab_size": 40, "hidden_size": 16,
    "max_position_embeddings": 256, "max_new_tokens": 12,
    "encoder_layers": 1, "encoder_ffn_dim": 16, "encoder_attention_heads": 2,
    "decoder_layers": 2, "decoder_ffn_dim": 16, "decoder_attention_heads": 2,
    "speech_encoder_layers": 2, "speech_encoder_attention_heads": 2,
    "speech_encoder_intermediate_size": 16,
    "t2u_encoder_layers": 1, "t2u_encoder_ffn_dim": 16, "t2u_encoder_attention_heads": 2,
    "t2u_decoder_layers": 1, "t2u_decoder_ffn_dim": 16, "t2u_decoder_attention_heads": 2,
    "t2u_max_position_embeddings": 512, "t2u_variance_predictor_embed_dim": 16,
    "t2u_variance_predictor_hidden_dim": 8,
    "upsample_initial_channel": 32, "unit_hifi_gan_vocab_size": 40, "unit_embed_dim": 16,
    "lang_embed_dim": 4, "spkr_embed_dim": 4, "vocoder_num_langs": 5, "vocoder_num_spkrs": 3,
}  # fmt: skip
TOWARDS_END = 2.0
LONGEST = 24  # pieces of a text, of the shape of large


def save(folder: Path, shape: dict[str, Any] | None = None, seed: int = 4) -> Path:
    """Save a model of this shape and its feature extractor, as `save_pretrained` writes them."""
    import torch
    from transformers import SeamlessM4TFeatureExtractor, SeamlessM4Tv2Config, SeamlessM4Tv2Model

    torch.manual_seed(seed)
    model = SeamlessM4Tv2Model(SeamlessM4Tv2Config(**(TINY if shape is None else shape)))
    # Random weights of the usual size say one and the same whatever they hear, and never end.
    if shape is None:
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and not name.startswith("vocoder.hifi_gan"):
                torch.nn.init.normal_(parameter, std=0.4)

        # Some texts end before others, as those of trained weights do.
        with torch.no_grad():
            end = model.shared.weight[model.config.eos_token_id]
            model.text_decoder.layer_norm.bias += TOWARDS_END * end

    # Units that the vocoder has not are signs, which trained weights never give to it.
    first = model.config.vocoder_offset
    with torch.no_grad():
        model.t2u_model.lm_head.weight[:first] = 0
        model.t2u_model.lm_head.weight[first + model.config.unit_hifi_gan_vocab_size :] = 0

    _describe(model.generation_config, model.config.vocab_size)
    model.save_pretrained(folder)
    SeamlessM4TFeatureExtractor().save_pretrained(folder)

    return folder


def _describe(generation: Any, vocab_size: int) -> None:
    """Say in a generation config which pieces and languages there are."""
    # One that says so loses what is set here when it is loaded; that of the published model does
    # not say it.
    generation._from_model_config = False
    languages = {code: len(SPECIAL) + place for place, code in enumerate(CODES)}
    pieces = [*SPECIAL, *(f"__{code}__" for code in CODES)]
    for number in range(len(pieces), vocab_size):
        first, second = divmod(number, len(LETTERS))
        space = "\u2581" if number % 3 == 0 else ""
        pieces.append(f"{space}{LETTERS[first % len(LETTERS)]}{LETTERS[second]}")

    generation.id_to_text = {str(number): piece for number, piece in enumerate(pieces)}
    generation.char_to_id = {
        sign: number for number, sign in enumerate(["<pad>", "<unk>", "\u2581", *LETTERS])
    }
    generation.text_decoder_lang_to_code_id = languages
    generation.t2u_lang_code_to_id = languages
    generation.vocoder_lang_code_to_id = {code: place for place, code in enumerate(CODES)}
    generation.max_new_tokens = 12 if vocab_size == TINY["vocab_size"] else LONGEST
