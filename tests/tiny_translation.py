"""Text translation models with random weights, as transformers saves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEXT = [
    "Dogs are sitting by the door.", "Kids are talking by the door.", "The train leaves at nine.",
    "Die Hunde sitzen an der Tür.", "Die Kinder reden an der Tür.", "Der Zug fährt um neun.",
]  # fmt: skip
SHAPE: dict[str, Any] = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16,
    "max_position_embeddings": 512, "init_std": 0.5,
}  # fmt: skip


def save_marian(folder: Path, *languages: str) -> Path:
    """Save a Marian model; of several languages, it has their tokens."""
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir()
    pieces = [f">>{language}<<" for language in languages]
    words = _words(folder, ["</s>", "<unk>", *pieces], last="<pad>")
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes((folder / "pieces.model").read_bytes())

    tokenizer = MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"),
        source_lang="en", target_lang="de",
    )  # fmt: skip
    padding = words["<pad>"]
    config = MarianConfig(
        vocab_size=len(words), pad_token_id=padding, eos_token_id=0, forced_eos_token_id=0,
        decoder_start_token_id=padding, **SHAPE,
    )  # fmt: skip
    torch.manual_seed(0)
    MarianMTModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)

    return folder


def save_m2m(folder: Path) -> Path:
    """Save an M2M-100 model, which tells languages by tokens."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    folder.mkdir()
    _words(folder, ["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "pieces.model"))
    torch.manual_seed(0)
    size = max(map(tokenizer.get_lang_id, tokenizer.lang_code_to_token)) + 1
    config = M2M100Config(vocab_size=size, decoder_start_token_id=2, **SHAPE)
    M2M100ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)

    return folder


def _words(folder: Path, first: list[str], last: str = "") -> dict[str, int]:
    """Train pieces and write the vocabulary; returns it."""
    import sentencepiece

    (folder / "text").write_text("\n".join(TEXT), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "pieces"), vocab_size=48,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "pieces.model"))
    pieces = [model.id_to_piece(number) for number in range(3, model.get_piece_size())]
    every = [*first, *pieces, *([last] if last else [])]
    words = {piece: number for number, piece in enumerate(every)}
    (folder / "vocab.json").write_text(json.dumps(words), encoding="utf-8")

    return words
