"""Language and licence of recordings, as the README and LICENSE beside them tell them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mserbench.data.own.findings import Findings
from mserbench.disk import outside

_NAMES = re.compile(r"(readme|license|licence|copying)(\.(md|txt|rst))?", re.IGNORECASE)
_MOST_BYTES = 200_000
_CREATIVE = re.compile(r"\bCC[ -]?(BY(?:-(?:NC|SA|ND)){0,2})[ -]?(\d\.\d)|\b(CC0)\b", re.IGNORECASE)
_SPELLED_OUT = re.compile(
    r"creativecommons\.org/licenses/(by(?:-(?:nc|sa|nd)){0,2})/(\d\.\d)", re.IGNORECASE
)
_OTHERS = {
    "MIT License": "MIT", "Apache License": "Apache-2.0", "Open Database License": "ODbL-1.0",
    "publicdomain/zero": "CC0-1.0",
}  # fmt: skip
LANGUAGES = {
    "Arabic": "ar", "Bengali": "bn", "Bulgarian": "bg", "Cantonese": "yue", "Catalan": "ca",
    "Czech": "cs", "Danish": "da", "Dutch": "nl", "English": "en", "Estonian": "et",
    "Finnish": "fi", "French": "fr", "German": "de", "Greek": "el", "Hebrew": "he", "Hindi": "hi",
    "Hungarian": "hu", "Indonesian": "id", "Italian": "it", "Japanese": "ja", "Korean": "ko",
    "Mandarin": "zh", "Chinese": "zh", "Norwegian": "no", "Persian": "fa", "Farsi": "fa",
    "Polish": "pl", "Portuguese": "pt", "Romanian": "ro", "Russian": "ru", "Serbian": "sr",
    "Slovak": "sk", "Slovene": "sl", "Spanish": "es", "Swedish": "sv", "Tamil": "ta",
    "Telugu": "te", "Thai": "th", "Turkish": "tr", "Ukrainian": "uk", "Urdu": "ur",
    "Vietnamese": "vi",
}  # fmt: skip
_LANGUAGE = re.compile(rf"\b({'|'.join(LANGUAGES)})\b")


def add_facts(proposed: Findings, folder: Path, names: Sequence[str]) -> None:
    """Fill in the licence and the language that a README names, as guesses to be looked at.

    A language is only taken where no other one is named: a text in English speaks of English too.
    """
    for name in names:
        if "/" in name or not _NAMES.fullmatch(name):
            continue

        text = _text(folder / name)
        licence = _licence(text)
        if licence and proposed.licence == "unknown":
            proposed.licence, proposed.is_licence_guessed = licence, True
            proposed.sentences.append(f"licence: {licence}, by {name}")

        # Several languages may be translations, or those of the text itself: then none is taken.
        codes = {LANGUAGES[word] for word in _LANGUAGE.findall(text)}
        if len(codes) == 1 and not proposed.languages and "language" not in proposed.columns:
            proposed.languages = tuple(codes)
            proposed.language_from = f"by {name}"
            proposed.sentences.append(f"language: {proposed.languages[0]}, by {name}")


def _text(path: Path) -> str:
    try:
        return outside.read(path, _MOST_BYTES, path.parent).decode("utf-8", "replace")
    except OSError:  # a guess less, and the person is asked
        return ""


def _licence(text: str) -> str:
    match = _CREATIVE.search(text) or _SPELLED_OUT.search(text)
    if match is not None:
        kind = match[1]
        return f"CC-{kind.upper()}-{match[2]}" if kind else "CC0-1.0"

    return next((short for words, short in _OTHERS.items() if words in text), "")
