"""Training items as numbers: codes of labels, languages and speakers, and the source speakers held
out to stop by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from mserbench.errors import DataError
from mserbench.labels import CANONICAL
from mserbench.model import TrainingItem
from mserbench_training.learning.losses import UNKNOWN

Speaker = tuple[str, str]  # language and name: one actor of two languages is two voices
Key = TypeVar("Key", bound=Hashable)


def speaker_of(item: TrainingItem) -> Speaker | None:
    """Return the speaker class of an item, language + speaker (supcon-w2v2, section 2.3); None
    where unknown.
    """
    return None if item.speaker is None else (item.language, item.speaker)


@dataclass(frozen=True)
class Codes:
    """What the classes of a training are, in fixed order; made of the training items alone."""

    labels: tuple[str, ...]
    languages: tuple[str, ...]
    speakers: tuple[Speaker, ...]

    @classmethod
    def of(cls, items: Sequence[TrainingItem]) -> Codes:
        """Collect the classes of items: canonical labels first, in their order, then others; the
        rest sorted.

        Raises DataError where there are fewer than two labels.
        """
        present = {item.label for item in items}
        labels = tuple(label for label in CANONICAL if label in present) + tuple(
            sorted(present - set(CANONICAL))
        )
        if len(labels) < 2:
            raise DataError(
                f"the training clips bear the labels {list(labels)}, but two or more are "
                f"needed: give other sources"
            )

        # Of training items alone: a held-out speaker must not be a class of the adversary.
        speakers = {speaker for item in items if (speaker := speaker_of(item)) is not None}
        return cls(
            labels, tuple(sorted({item.language for item in items})), tuple(sorted(speakers))
        )

    def encode(self, items: Sequence[TrainingItem]) -> CodedItems:
        """Return items with their codes; a label, language or speaker that is not known here is
        `UNKNOWN`.
        """
        return CodedItems(
            tuple(items),
            _encoded([item.label for item in items], self._label_code),
            _encoded([item.language for item in items], self._language_code),
            _encoded([speaker_of(item) for item in items], self._speaker_code),
        )

    @cached_property
    def _label_code(self) -> dict[str, int]:
        return {label: i for i, label in enumerate(self.labels)}

    @cached_property
    def _language_code(self) -> dict[str, int]:
        return {language: i for i, language in enumerate(self.languages)}

    @cached_property
    def _speaker_code(self) -> dict[Speaker | None, int]:
        return {speaker: i for i, speaker in enumerate(self.speakers)}

    def to_json(self) -> dict[str, Any]:
        """Return the classes as JSON-ready lists."""
        return {
            "labels": list(self.labels),
            "languages": list(self.languages),
            "speakers": [list(speaker) for speaker in self.speakers],
        }


@dataclass(frozen=True)
class CodedItems:
    """Items and their codes: int64, (n_items,) each."""

    items: tuple[TrainingItem, ...]
    labels: Tensor
    languages: Tensor
    speakers: Tensor


def _encoded(values: Sequence[Key], codes: Mapping[Key, int]) -> Tensor:
    return torch.tensor([codes.get(value, UNKNOWN) for value in values], dtype=torch.int64)


def learnable(items: Sequence[TrainingItem]) -> tuple[list[TrainingItem], dict[str, int]]:
    """Return the items with one of the canonical labels, and how many of each other label were left
    out.
    """
    left_out = Counter(item.label for item in items if item.label not in CANONICAL)
    return [item for item in items if item.label in CANONICAL], dict(sorted(left_out.items()))


def hold_out_speakers(
    items: Sequence[TrainingItem], share: float = 0.15, seed: int = 0
) -> tuple[list[TrainingItem], list[TrainingItem]]:
    """Split items into those to learn from and those of other speakers to stop by; order is kept.

    Of each corpus and language, whole speakers are drawn at random until `share` of its clips is
    held out; a speaker who would overshoot to more than twice that is passed over while others
    remain, but at least one is taken wherever there are two. One speaker of each is always left to
    learn from. Clips of unknown speakers are learnt from. The draw depends on the names and counts
    of the speakers and on the seed, not on the order of items.
    """
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item in items:
        if item.speaker is not None:
            groups[item.corpus, item.language][item.speaker] += 1

    held_speakers = {
        (*group, speaker)
        for number, group in enumerate(sorted(groups))
        for speaker in _drawn(groups[group], share, np.random.default_rng([seed, number]))
    }
    is_held = [(item.corpus, item.language, item.speaker) in held_speakers for item in items]
    training = [item for item, out in zip(items, is_held, strict=True) if not out]

    return training, [item for item, out in zip(items, is_held, strict=True) if out]


def _drawn(speakers: Mapping[str, int], share: float, random: np.random.Generator) -> list[str]:
    if share <= 0 or len(speakers) < 2:
        return []

    target_clips = share * sum(speakers.values())
    # Sorted before they are drawn, so that the order of items decides nothing.
    order = random.permutation(sorted(speakers)).tolist()
    drawn: list[str] = []

    for speaker in order:
        size = sum(speakers[drawn_speaker] for drawn_speaker in drawn)
        if (
            size < target_clips
            and size + speakers[speaker] <= 2 * target_clips
            and len(drawn) + 1 < len(speakers)
        ):
            drawn.append(speaker)

    # Where every speaker overshoots the smallest is taken: without any there is nothing to stop by.
    return drawn or [min(order, key=lambda speaker: speakers[speaker])]
