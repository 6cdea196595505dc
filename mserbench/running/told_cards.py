"""The card of a model as its own code gives it, checked before anything rests on it."""

from __future__ import annotations

from typing import get_args

from mserbench import languages
from mserbench.cards import Exposure, ExposureKind, ModelCard
from mserbench.errors import ModelError
from mserbench.results.parts import is_text

_TEXTS = ("name", "title", "version", "licence", "citation")


def require_card(card: object, model: str) -> ModelCard:
    """Return what is a card of a model. Raises ModelError with what is wrong in it: the verdict,
    the key and the record of a run are made of it.
    """
    if not isinstance(card, ModelCard):
        raise ModelError(
            f"model {model!r} gave {repr(card)[:60]!a} as its card, but a ModelCard was expected: "
            f"let its 'card' return one"
        )

    subject = f"the card of model {model!r}"
    wrong = [field for field in _TEXTS if not is_text(getattr(card, field))]
    if wrong:
        raise ModelError(
            f"{subject}: {wrong[0]!r} is {repr(getattr(card, wrong[0]))[:60]!a}, but a text that "
            f"can be written was expected: mend the card"
        )

    parts: object = card.exposure
    if not isinstance(parts, tuple | list):
        raise ModelError(
            f"{subject}: 'exposure' is {repr(parts)[:60]!a}, but a tuple of Exposure was expected: "
            f"mend the card"
        )

    for part in parts:
        _require_exposure(part, subject)

    return card


def _require_exposure(part: object, subject: str) -> None:
    if not isinstance(part, Exposure) or not is_text(part.corpus) or not is_text(part.evidence):
        raise ModelError(
            f"{subject}: {repr(part)[:60]!a} is no Exposure with a corpus and its evidence: mend "
            f"the card"
        )

    place = f"{subject}, exposure to {part.corpus[:60]!a}"
    if part.kind not in get_args(ExposureKind):
        raise ModelError(
            f"{place}: kind {repr(part.kind)[:60]} is none of {', '.join(get_args(ExposureKind))}: "
            f"mend the card"
        )

    spoken: object = part.languages
    fault = (
        languages.fault(spoken) if isinstance(spoken, tuple | list) else "languages are no tuple"
    )
    if fault:
        raise ModelError(f"{place}: {fault}: mend the card")
