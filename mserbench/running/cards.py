"""A model's card as its own code gives it, checked before anything rests on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from mserbench import languages
from mserbench.cards import Exposure, ExposureKind, ModelCard
from mserbench.errors import ModelError, plain
from mserbench.results.parts import is_text

_TEXTS = ("name", "title", "version", "licence", "citation", "recipe")


def checked_card(card: Any, model: str) -> ModelCard:
    """Return a card, if it is one. Raises ModelError in one sentence for what no record can
    hold.
    """
    if not isinstance(card, ModelCard):
        raise _wrong(model, f"is of the class {type(card).__name__}", "a mserbench.ModelCard")

    for name in _TEXTS:
        if not is_text(getattr(card, name)):
            raise _wrong(model, f"has the {name} {_shown(getattr(card, name))}", "text")

    if not _are(card.exposure, lambda part: isinstance(part, Exposure)):
        raise _wrong(
            model, f"has the exposure {_shown(card.exposure)}", "a tuple of mserbench.Exposure"
        )
    if not _are(card.development, is_text):
        raise _wrong(
            model, f"has the development {_shown(card.development)}", "a tuple of names of corpora"
        )

    for part in card.exposure:
        _check_exposure(part, model)

    return card


def _check_exposure(part: Exposure, model: str) -> None:
    place = f"has an exposure to {_shown(part.corpus)} whose"
    if not is_text(part.corpus) or not is_text(part.evidence):
        raise _wrong(model, f"{place} evidence is {_shown(part.evidence)}", "both in text")
    if part.kind not in get_args(ExposureKind):
        raise _wrong(model, f"{place} kind is {_shown(part.kind)}", f"{get_args(ExposureKind)}")
    if not isinstance(part.languages, (tuple, list)):
        raise _wrong(
            model, f"{place} languages are {_shown(part.languages)}", "a tuple of codes as 'de'"
        )

    wrong = languages.fault(part.languages)
    if wrong:
        raise _wrong(model, f"{place} languages are wrong ({wrong})", "a tuple of codes")


def _are(values: Any, is_valid: Callable[[Any], bool]) -> bool:
    return isinstance(values, (tuple, list)) and all(map(is_valid, values))


def _shown(value: Any) -> str:
    return plain(repr(value), 100)


def _wrong(model: str, fault: str, expected: str) -> ModelError:
    return ModelError(
        f"the card of model {model!r} {fault}, but {expected} was expected: mend 'card' of its "
        "class"
    )
