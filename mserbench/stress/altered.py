"""A task's clips under every alteration, as one data set that the one loop runs over."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from mserbench.contracts import Clip
from mserbench.data.dataset import Dataset, Item
from mserbench.stress.alteration import SEVERITIES
from mserbench.stress.alterations import ALTERATIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLEAN = "clean"

# What altered samples are computed with: another release may give other samples.
_TOOLS = ("numpy", "scipy", "soxr", "soundfile", "python-stretch")


@dataclass(frozen=True, slots=True)
class AlteredItem(Item):
    """One utterance under one condition; its id names both, `original` is the utterance's own.

    `alteration` is empty for the clip as it was recorded.
    """

    original: str = ""
    alteration: str = ""
    severity: int = 0

    def clip(self, corpus_name: str, group: int | None = None) -> Clip:
        """Return what a model may see of it: an ordinary clip, seeded as its utterance is.

        Its key follows from that of the recording and from what is done to it, so that no audio is
        altered before a model asks for it; equal keys still are equal samples.
        """
        # By the plain item, so that seed and decoding are those of any run.
        utterance = replace(self.utterance, id=self.original)
        recorded = Item(utterance, self.label, self.root, self.facts).clip(corpus_name, group)
        if not self.alteration:
            return recorded

        alteration = ALTERATIONS[self.alteration]
        done = f"{recorded.key} {alteration.name} {alteration.version} {self.severity} {tools()}"
        return replace(
            recorded,
            key=hashlib.sha256(done.encode()).hexdigest(),
            load=_Altered(recorded, self.alteration, self.severity),
        )


@dataclass(frozen=True)
class _Altered:
    """Decodes a clip and alters it; only the clip's own machinery holds it, never a model."""

    recorded: Clip
    alteration: str
    severity: int

    def __call__(self) -> NDArray[np.float32]:
        # Not `waveform`, which would keep the samples for as long as the clip lives.
        samples = self.recorded.load()
        return ALTERATIONS[self.alteration].apply(samples, self.severity, self.recorded.key)


@dataclass(frozen=True)
class AlteredDataset(Dataset):
    """The clips of a task under all conditions; `recorded` are those without any alteration."""

    recorded: Dataset | None = None

    @property
    def as_recorded(self) -> Dataset:
        """The clips as their publisher gave them."""
        return self if self.recorded is None else self.recorded


def conditions() -> list[str]:
    """Return the names of all conditions: `clean`, then `ALTERATION:SEVERITY` in order."""
    return [CLEAN, *(f"{name}:{severity}" for name in ALTERATIONS for severity in SEVERITIES)]


def altered(target: Dataset) -> AlteredDataset:
    """Return a task's clips under every condition, sorted by id as those of any task are."""
    every = (each for item in target.items for each in _under_all(item))
    items = tuple(sorted(every, key=lambda item: item.utterance.id))
    return AlteredDataset(
        task=target.task,
        card=target.card,
        items=items,
        digest=_digest(target),
        expected=target.expected * len(conditions()),
        partial=target.partial,
        notes=target.notes,
        warnings=target.warnings,
        recorded=target,
    )


def item_id(condition: str, utterance: str) -> str:
    """Return the id of an utterance under a condition."""
    return f"{condition}/{utterance}"


@cache
def tools() -> str:
    """Return the libraries that altered samples are computed with, and their versions."""
    return " ".join(f"{name}={_version(name)}" for name in _TOOLS)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _under_all(item: Item) -> Iterator[AlteredItem]:
    own = item.utterance
    for condition in conditions():
        name, _, severity = condition.partition(":")
        facts, number = item.facts, int(severity or 0)
        if number:
            seconds = ALTERATIONS[name].seconds(facts.seconds, number, facts.key)
            facts = replace(facts, seconds=seconds)

        utterance = replace(own, id=item_id(condition, own.id))
        alteration = name if number else ""
        yield AlteredItem(utterance, item.label, item.root, facts, own.id, alteration, number)


def _digest(target: Dataset) -> str:
    """Return a digest of the clips' audio and of all that is done to it."""
    versions = " ".join(f"{name}={alteration.version}" for name, alteration in ALTERATIONS.items())
    return hashlib.sha256(f"{target.digest} {versions} {tools()}".encode()).hexdigest()
