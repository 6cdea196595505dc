"""Parts of a run's record on the conditions it was made in: clips heard before, clips far away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from mserbench.contracts import ADAPT_WAYS
from mserbench.results import parts
from mserbench.results.parts import COUNT, FRACTION, TEXT, Part, checked


def _are_heard(value: Any) -> bool:
    return isinstance(value, list) and all(map(parts.are_texts, value))


LENGTH = checked(parts.is_amount)
WAY = checked(lambda value: value in ADAPT_WAYS)
HEARD_IDS = checked(_are_heard, lambda value: tuple(map(tuple, value)))


@dataclass(frozen=True, kw_only=True)
class AdaptationPart(Part):
    """The unlabelled clips that a model heard first: `clips` of them, of whom (`way`), by which
    draw, and their ids (`heard`), a list for each fold of the scored clips (docs/adaptation.md).
    """

    clips: Annotated[int, COUNT]
    way: Annotated[str, WAY]
    draw: Annotated[int, COUNT]
    heard: Annotated[tuple[tuple[str, ...], ...], HEARD_IDS]


@dataclass(frozen=True, kw_only=True)
class RemotenessPart(Part):
    """How far the mean of so many `clips` lies from the nearest training corpus, and how far these
    lie from one another at most: in the model's own measure.
    """

    distance: Annotated[float, LENGTH]
    reach: Annotated[float, LENGTH]
    nearest: Annotated[str, TEXT]
    clips: Annotated[int, COUNT]


@dataclass(frozen=True, kw_only=True)
class OneSidedPart(Part):
    """The label that most answers have, where too many have one: their share, and its share among
    the true labels.
    """

    label: Annotated[str, TEXT]
    share: Annotated[float, FRACTION]
    truth: Annotated[float, FRACTION]
