"""What the translator `espeak` says: translations of known sentences, and neutral ones."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

VOICES: Mapping[str, str] = {
    "fr": "fr", "de": "de", "it": "it", "zh": "cmn", "es": "es",
    "pt": "pt-br", "nl": "nl", "sv": "sv", "pl": "pl",
}  # fmt: skip
"""espeak-ng's voice of each language. Persian, Russian and Greek are left out, as the harness
evaluates on them.
"""

_FILE = Path(__file__).with_name("sentences.csv")
_SOURCE = "en"
# Of the demo corpus: said with any feeling, they tell none.
_NEUTRAL = tuple(f"s{number:02d}" for number in range(1, 11))


def said(text: str | None, identity: str, language: str) -> str:
    """Return what is said in a language for a clip of that text and id.

    It is the translation where the table has the English text, whatever its case and signs; else
    one of ten neutral sentences, which the clip's id decides: one meaning in all languages.
    """
    sentence = _known().get(_plain(text)) if text else None
    if sentence is None:
        sentence = _NEUTRAL[digest(identity) % len(_NEUTRAL)]

    return _table()[sentence, language]


def shown(text: str, language: str) -> str:
    """Return a sentence as it is written: the table parts the words of Chinese for espeak-ng."""
    return text.replace(" ", "") if language == "zh" else text


def digest(name: str) -> int:
    """Return a number that is drawn by a name: the same on every machine."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


@cache
def _table() -> Mapping[tuple[str, str], str]:
    """Return the texts by (sentence, language)."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {(row["sentence"], row["language"]): row["text"] for row in csv.DictReader(file)}


@cache
def _known() -> Mapping[str, str]:
    """Return the sentences by their English text."""
    return {
        _plain(text): sentence
        for (sentence, language), text in _table().items()
        if language == _SOURCE
    }


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))
