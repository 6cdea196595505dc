"""A translation model of transformers: Marian for one language, M2M-100 or NLLB-200 for many."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from mserbench.errors import DataError, UsageError, why
from mserbench_m5ser.translators.codes import SEAMLESS, TOKENS
from mserbench_training.resources.whole import whole_model

_ENGLISH = ("__en__", "eng_Latn")
_MOST_TOKENS = 256  # of a translation: ten times a sentence of these corpora


class TextModel:
    """Translates English sentences, each alone, deterministically."""

    def __init__(self, model: Any, tokenizer: Any, device: str) -> None:
        self._model = model.requires_grad_(False).eval().to(device)
        self._tokenizer = tokenizer
        self._device = device

    @classmethod
    def from_folder(cls, folder: Path, device: str) -> TextModel:
        """Load what `save_pretrained` wrote: safetensors, and no code. Raises DataError."""
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        try:
            model = whole_model(
                AutoModelForSeq2SeqLM, folder, dtype=torch.float32, trust_remote_code=False
            )
            with warnings.catch_warnings():
                # Marian recommends a package that mends punctuation, which these texts do not need.
                warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
                tokenizer = AutoTokenizer.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False
                )

            return cls(model, tokenizer, device)
        except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
            raise DataError(
                f"folder {str(folder)!r} holds no translation model that can be loaded "
                f"({why(error, 200)}): give another by --option translation_model=FOLDER"
            ) from error

    @torch.inference_mode()
    def translate(self, text: str, language: str) -> str:
        """Return an English sentence in a language (ISO 639-1); empty where it says nothing.

        Raises UsageError where the model is one of other languages.
        """
        # Of several languages, Marian wants a token before the text, others one in the answer.
        prefix = self._token((f">>{language}<<", f">>{SEAMLESS[language]}<<"))
        target = self._token(TOKENS[language])
        if prefix is None and target is None:
            self._require(language)

        source = self._token(_ENGLISH)
        if source is not None and hasattr(self._tokenizer, "src_lang"):
            self._tokenizer.src_lang = source.strip("_")

        sentence = f"{prefix} {text}" if prefix else text
        inputs = self._tokenizer(sentence, return_tensors="pt", truncation=True).to(self._device)
        first = None if target is None else self._number(target)
        output = self._model.generate(
            **inputs, do_sample=False, max_new_tokens=_MOST_TOKENS, forced_bos_token_id=first
        )
        # Not every tokenizer holds its languages to be special.
        tokens = [token for token in output[0].tolist() if token != first]

        return str(self._tokenizer.decode(tokens, skip_special_tokens=True)).strip()

    def _require(self, language: str) -> None:
        """Raise UsageError where a model without a token for a language is of other languages."""
        several = getattr(self._tokenizer, "supported_language_codes", ())
        only = getattr(self._tokenizer, "target_lang", None)
        if (
            several
            or hasattr(self._tokenizer, "src_lang")
            or (only and only not in (language, SEAMLESS[language]))
        ):
            raise UsageError(
                f"the translation model does not translate into {language!r}, but into "
                f"{only or 'others'}: give one by --option translation_model=FOLDER, in which "
                "{language} may stand for the language"
            )

    def _token(self, candidates: tuple[str, ...]) -> str | None:
        """Return the first of some tokens that the model knows."""
        return next((token for token in candidates if self._number(token) is not None), None)

    def _number(self, token: str) -> int | None:
        # Asked for one by one: the vocabulary of M2M-100 does not show its languages.
        number = self._tokenizer.convert_tokens_to_ids(token)
        return None if number in (None, self._tokenizer.unk_token_id) else int(number)
