"""A model's card as its own code gives it, checked before anything rests on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

from mserbench.cards import Exposure, ExposureKind, ModelCard
from mserbench.errors import ModelError, plain

# The form of a language tag, as a card may hold what no library of tags can read.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TEXTS = ("name", "title", "version", "licence", "citation")


def checked_card(card: Any, model: str) -> ModelCard:
    """Return a card, if it is one. Raises ModelError in one sentence for what no record can
    hold.
    """
    if not isinstance(card, ModelCard):
        raise _wrong(model, f"is of the class {type(card).__name__}", "a mserbench.ModelCard")

    for name in _TEXTS:
        if not _is_text(getattr(card, name)):
            raise _wrong(model, f"has the {name} {_shown(getattr(card, name))}", "text")

    if not _are(card.exposure, lambda part: isinstance(part, Exposure)):
        raise _wrong(
            model, f"has the exposure {_shown(card.exposure)}", "a tuple of mserbench.Exposure"
        )
    if not _are(card.development, _is_text):
        raise _wrong(
            model, f"has the development {_shown(card.development)}", "a tuple of names of corpora"
        )

    for part in card.exposure:
        _check_exposure(part, model)

    return card


def _check_exposure(part: Exposure, model: str) -> None:
    place = f"has an exposure to {_shown(part.corpus)} whose"
    if not _is_text(part.corpus) or not _is_text(part.evidence):
        raise _wrong(model, f"{place} evidence is {_shown(part.evidence)}", "both in text")
    if part.kind not in get_args(ExposureKind):
        raise _wrong(model, f"{place} kind is {_shown(part.kind)}", f"{get_args(ExposureKind)}")
    if not _are(part.languages, _is_language):
        raise _wrong(
            model, f"{place} languages are {_shown(part.languages)}", "a tuple of codes as 'de'"
        )


def _are(values: Any, is_valid: Callable[[Any], bool]) -> bool:
    return isinstance(values, (tuple, list)) and all(map(is_valid, values))


def _is_language(value: Any) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    # Half a character is text to Python, but to no file.
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _shown(value: Any) -> str:
    return plain(repr(value), 100)


def _wrong(model: str, fault: str, expected: str) -> ModelError:
    return ModelError(
        f"the card of model {model!r} {fault}, but {expected} was expected: mend 'card' of its "
        "class"
    )
