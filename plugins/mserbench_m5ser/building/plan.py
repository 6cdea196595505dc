"""What is done in which order: parts, which become shards of the set, and batches.

Batches are of nearly one length, composed of the sources alone and never of what a killed build
left to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mserbench_m5ser.building.sources import Piece

_T = TypeVar("_T")

PART_CLIPS = 4_000  # source clips of a shard of the set: some hours, under half a gigabyte
# What a worker is given at once, counted in each language; a killed build does so much again for
# each of its workers.
_JOB_CLIPS = 48
_JOB_SECONDS = 240.0

Batch = tuple[Piece, ...]


@dataclass(frozen=True)
class Part:
    """The clips of one shard of the set: `pieces` in one language."""

    language: str
    index: int
    pieces: tuple[Piece, ...]

    @property
    def name(self) -> str:
        """Its name, which is that of its file without the ending."""
        return f"{self.language}-{self.index:05d}"


Job = tuple[tuple[Part, Batch], ...]
"""What a worker is given at once: batches, each with the part that it belongs to."""


@dataclass(frozen=True)
class Plan:
    """All clips, in all languages, with how many a batch and a part hold at most."""

    pieces: tuple[Piece, ...]
    languages: tuple[str, ...]
    batch_size: int
    part_clips: int = PART_CLIPS

    @property
    def clips(self) -> int:
        """How many clips there are to make."""
        return len(self.pieces) * len(self.languages)

    @property
    def seconds(self) -> float:
        """How much speech there is to translate, into all languages together."""
        return sum(piece.item.facts.seconds for piece in self.pieces) * len(self.languages)

    def parts(self) -> Iterator[Part]:
        """Yield the parts, language by language."""
        for language in self.languages:
            for index, pieces in enumerate(_cut(self.pieces, self.part_clips)):
                yield Part(language, index, pieces)

    def rounds(self) -> Iterator[tuple[Part, ...]]:
        """Yield the same parts, those of the same clips together: one a language."""
        for index, pieces in enumerate(_cut(self.pieces, self.part_clips)):
            yield tuple(Part(language, index, pieces) for language in self.languages)

    def jobs(self, parts: Sequence[Part]) -> Iterator[Job]:
        """Yield the batches of parts of the same clips, as many together as a worker is given.

        A batch comes in all languages before the next one, so that a worker that measured a source
        for one language has it for the others: in jobs of one language each of the workers would
        measure all.
        """
        job: list[tuple[Part, Batch]] = []
        for batch in self._batches(parts[0].pieces) if parts else ():
            pairs = [(part, batch) for part in parts]
            # Not some of its languages in this job and the others in the next one, if all fit.
            if job and _is_full([*job, *pairs]):
                yield tuple(job)
                job = []

            for pair in pairs:
                if job and _is_full([*job, pair]):
                    yield tuple(job)
                    job = []

                job.append(pair)

        if job:
            yield tuple(job)

    def _batches(self, pieces: Sequence[Piece]) -> Iterator[Batch]:
        """Yield batches of nearly one length, the shortest first."""
        by_length = sorted(pieces, key=lambda piece: (piece.item.facts.seconds, piece.number))
        yield from _cut(by_length, self.batch_size)


def _is_full(job: Sequence[tuple[Part, Batch]]) -> bool:
    n_clips = sum(len(batch) for _, batch in job)
    seconds = sum(piece.item.facts.seconds for _, batch in job for piece in batch)
    return n_clips > _JOB_CLIPS or seconds > _JOB_SECONDS


def _cut(values: Sequence[_T], size: int) -> Iterator[tuple[_T, ...]]:
    """Yield the values in order, `size` at a time and the last ones fewer."""
    for first in range(0, len(values), size):
        yield tuple(values[first : first + size])
