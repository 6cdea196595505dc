"""A translation model of transformers: Marian for one language, M2M-100 or NLLB-200 for many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from mserbench.errors import DataError
from mserbench_m5ser.translators.codes import SEAMLESS, TOKENS
from mserbench_training.resources.quiet import quietly

_ENGLISH = ("__en__", "eng_Latn")
_MOST_TOKENS = 256  # of a translation: ten times a sentence of these corpora


class TextModel:
    """Translates English sentences, each alone, deterministically."""

    def __init__(self, model: Any, tokenizer: Any, device: str) -> None:
        self._model = model.eval().requires_grad_(False).to(device)
        self._tokenizer = tokenizer
        self._vocabulary: dict[str, int] = tokenizer.get_vocab()
        self._device = device

    @classmethod
    def from_folder(cls, folder: Path, device: str) -> TextModel:
        """Load what `save_pretrained` wrote: safetensors, and no code. Raises DataError."""
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        loading: Any = AutoModelForSeq2SeqLM
        try:
            with quietly():
                model, report = loading.from_pretrained(
                    folder, local_files_only=True, use_safetensors=True, trust_remote_code=False,
                    dtype=torch.float32, output_loading_info=True,
                )  # fmt: skip

            # transformers fills them with random numbers.
            missing = sorted(set(report["missing_keys"]))
            if missing:
                raise ValueError(f"{len(missing)} tensor(s) are missing, such as {missing[0]!r}")

            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            return cls(model, tokenizer, device)
        except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
            reason = " ".join(str(error).split())[:200]
            raise DataError(
                f"folder {str(folder)!r} holds no translation model that can be loaded "
                f"({reason}): give another by --option translation_model=FOLDER"
            ) from error

    @torch.inference_mode()
    def translate(self, text: str, language: str) -> str:
        """Return an English sentence in a language (ISO 639-1); empty where it says nothing."""
        source = self._token(_ENGLISH)
        if source is not None and hasattr(self._tokenizer, "src_lang"):
            self._tokenizer.src_lang = source.strip("_")

        # Of one language, a model needs no token; of several, Marian wants it before the text.
        prefix = self._token((f">>{language}<<", f">>{SEAMLESS[language]}<<"))
        sentence = f"{prefix} {text}" if prefix else text
        inputs = self._tokenizer(sentence, return_tensors="pt", truncation=True).to(self._device)
        target = self._token(TOKENS[language])
        options = {} if target is None else {"forced_bos_token_id": self._vocabulary[target]}
        output = self._model.generate(
            **inputs, do_sample=False, max_new_tokens=_MOST_TOKENS, **options
        )

        return str(self._tokenizer.decode(output[0], skip_special_tokens=True)).strip()

    def _token(self, candidates: tuple[str, ...]) -> str | None:
        """Return the first of some tokens that the model knows."""
        return next((token for token in candidates if token in self._vocabulary), None)
