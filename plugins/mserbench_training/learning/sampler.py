"""Which clips stand together in a batch: plain shuffled ones, or languages x emotions x samples."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from mserbench.errors import UsageError
from mserbench_training.learning.sets import CodedItems

Missing = Literal["fill", "skip", "error"]
Cell = tuple[int, int]  # language, emotion


class Sampler(Protocol):
    """Batches of indices, a pure function of seed and epoch: a resumed training needs no state."""

    def batches(self, epoch: int) -> list[list[int]]:
        """Return the batches of an epoch, counted from 0; every item stands in at least one."""


@dataclass(frozen=True)
class ShuffledSampler:
    """Every item once an epoch, in batches of `batch_size`; the last one may be smaller.

    A last batch of a single item is joined to the one before, as losses compare items.
    """

    n_items: int
    batch_size: int
    seed: int = 0

    def batches(self, epoch: int) -> list[list[int]]:
        """Return the shuffled batches of an epoch."""
        order = np.random.default_rng([self.seed, epoch]).permutation(self.n_items).tolist()
        batches = [
            order[start : start + self.batch_size]
            for start in range(0, self.n_items, self.batch_size)
        ]
        if len(batches) > 1 and len(batches[-1]) == 1:
            batches[-2:] = [batches[-2] + batches[-1]]

        return batches


@dataclass(frozen=True)
class HierarchicalSampler:
    """Batches of languages x emotions x samples (supcon-w2v2, section 2.2).

    A batch has `n_languages` languages, the same `n_emotions` emotions of each, and `n_samples`
    clips of each pair of both, which is called a cell. Languages and emotions that still hold clips
    not yet seen in the epoch come first, at random; the epoch ends when every clip was seen. A cell
    that runs out starts anew, so clips of small cells are seen several times; a cell smaller than
    `n_samples` gives clips twice in a batch. Where there are fewer languages or emotions than asked
    for, all are taken and batches are smaller.

    `missing` says what stands in for an emotion that a drawn language has not: "fill" takes as many
    more clips of it from the other drawn languages, so that emotions stay balanced and batches
    equally large; "skip" leaves the place empty; "error" refuses such data.
    """

    languages: Sequence[int]
    emotions: Sequence[int]
    n_languages: int = 3
    n_emotions: int = 4
    n_samples: int = 3
    missing: Missing = "fill"
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.languages) != len(self.emotions) or not self.languages:
            raise ValueError(
                f"{len(self.languages)} languages and {len(self.emotions)} emotions: one each a "
                "clip"
            )
        if min(self.n_languages, self.n_emotions, self.n_samples) < 1:
            raise UsageError(
                "a batch needs at least one language, one emotion and one sample: give larger "
                "numbers"
            )

        holes = self.holes()
        if holes and self.missing == "error":
            raise UsageError(
                f"language {holes[0][0]} has no clip of emotion {holes[0][1]} ({len(holes)} such "
                "hole(s)), and every language needs all emotions: leave that corpus away, or let "
                "'missing' be fill or skip"
            )

    def holes(self) -> list[Cell]:
        """Return the pairs of a language and an emotion that no clip has, sorted."""
        cells = set(zip(self.languages, self.emotions, strict=True))
        return sorted(
            (language, emotion)
            for language in set(self.languages)
            for emotion in set(self.emotions)
            if (language, emotion) not in cells
        )

    def batches(self, epoch: int) -> list[list[int]]:
        """Return the batches of an epoch."""
        random = np.random.default_rng([self.seed, epoch])
        cells: dict[Cell, list[int]] = defaultdict(list)
        for i, cell in enumerate(zip(self.languages, self.emotions, strict=True)):
            cells[cell].append(i)

        # Sorted, so that shuffles are drawn in the same order whatever clip comes first.
        decks = {cell: _Deck(cells[cell], random) for cell in sorted(cells)}
        batches = []
        while any(deck.unseen for deck in decks.values()):
            batches.append(self._batch(decks, random))

        return batches

    def _batch(self, decks: dict[Cell, _Deck], random: np.random.Generator) -> list[int]:
        unseen = {cell: deck.unseen for cell, deck in decks.items()}
        languages = _draw(
            {language for language, _ in decks},
            {language for (language, _), n in unseen.items() if n},
            self.n_languages,
            random,
        )

        # Emotions are drawn for all languages at once: the contrast is between the same ones.
        within = {cell: n for cell, n in unseen.items() if cell[0] in languages}
        emotions = _draw(
            {emotion for _, emotion in within},
            {emotion for (_, emotion), n in within.items() if n},
            self.n_emotions,
            random,
        )
        batch: list[int] = []

        for emotion in emotions:
            in_batch = [
                decks[language, emotion] for language in languages if (language, emotion) in decks
            ]
            shares = self._shares(len(in_batch), len(languages))
            for deck, n in zip(in_batch, shares, strict=True):
                batch += deck.draw(n)

        return batch

    def _shares(self, n_have: int, n_languages: int) -> list[int]:
        """Return how many clips of an emotion each of the languages that have it gives."""
        if self.missing == "skip":
            return [self.n_samples] * n_have

        # "fill": as many as if all had it; what does not divide goes to the first ones.
        total = self.n_samples * n_languages
        return [total // n_have + (i < total % n_have) for i in range(n_have)]


class _Deck:
    """The clips of one cell as a pack of cards: dealt in random order, shuffled when run out."""

    def __init__(self, cards: Sequence[int], random: np.random.Generator) -> None:
        self.cards = list(cards)
        self.random = random
        self.waiting: list[int] = random.permutation(self.cards).tolist()
        self.unseen = len(self.cards)

    def draw(self, n: int) -> list[int]:
        """Deal `n` clips; none twice unless the cell holds fewer."""
        dealt: list[int] = []
        while len(dealt) < n:
            if not self.waiting:
                fresh = [card for card in self.cards if card not in dealt] or self.cards
                repeated = [card for card in self.cards if card not in fresh]

                # What this draw has already dealt goes to the bottom, so that it comes again only
                # in a later draw.
                self.waiting = [
                    *self.random.permutation(fresh).tolist(),
                    *self.random.permutation(repeated).tolist(),
                ]

            lacking = n - len(dealt)
            dealt += self.waiting[:lacking]
            self.waiting = self.waiting[lacking:]

        self.unseen = max(0, self.unseen - n)
        return dealt


def _draw(everything: set[int], first: set[int], n: int, random: np.random.Generator) -> list[int]:
    """Draw up to `n` at random: from `first` while they last, then from the others."""
    # Sorted, as the order of a set may differ from one process to another.
    chosen: list[int] = random.permutation(sorted(first)).tolist()[:n]
    later: list[int] = random.permutation(sorted(everything - first)).tolist()
    return chosen + later[: n - len(chosen)]


class BatchSettings(Protocol):
    """The settings of a model that say what stands together in a batch."""

    @property
    def sampler(self) -> Literal["hierarchical", "shuffled"]:
        """Which sampler."""

    @property
    def batch_languages(self) -> int:
        """Languages in a hierarchical batch."""

    @property
    def batch_emotions(self) -> int:
        """Emotions of each."""

    @property
    def batch_samples(self) -> int:
        """Clips of each pair."""

    @property
    def batch_size(self) -> int:
        """Clips in a shuffled batch."""

    @property
    def missing(self) -> Missing:
        """What stands in for a pair without clips."""

    @property
    def seed(self) -> int:
        """Of all random numbers."""


def sampler_of(settings: BatchSettings, items: CodedItems) -> Sampler:
    """Return the sampler of some items that the settings name."""
    if settings.sampler == "shuffled":
        return ShuffledSampler(len(items.items), settings.batch_size, settings.seed)
    return HierarchicalSampler(
        items.languages.tolist(),
        items.labels.tolist(),
        settings.batch_languages,
        settings.batch_emotions,
        settings.batch_samples,
        settings.missing,
        settings.seed,
    )


def shard(batch: Sequence[int], rank: int, n_processes: int) -> list[int]:
    """Return the part of a global batch that one process holds; all parts are equally long.

    A batch that cannot be divided is filled up from its own beginning: gathering wants as many rows
    of each process.
    """
    whole = math.ceil(len(batch) / n_processes) * n_processes
    filled = [batch[i % len(batch)] for i in range(whole)]
    return filled[rank * whole // n_processes : (rank + 1) * whole // n_processes]
