"""What is known of each clip that is looked at, be it an English original or generated speech."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mserbench.labels import CANONICAL

Stratum = tuple[str, str, str]
"""Language, emotion and source corpus: clips that are alike in these are drawn from together."""


@dataclass(frozen=True, slots=True)
class Point:
    """One clip. `source` is CORPUS:ID of the clip that it was made from, an original's own name.

    `key` is the audio key of its own sound, `source_key` that of the source clip as the set tells
    it, None where it does not. `speaker` is that of the source, None where nobody knows.
    """

    id: str
    emotion: str
    language: str
    corpus: str
    speaker: str | None
    source: str
    key: str
    source_key: str | None
    seconds: float
    is_generated: bool

    @property
    def stratum(self) -> Stratum:
        """Language, emotion and source corpus."""
        return self.language, self.emotion, self.corpus

    @property
    def person(self) -> str | None:
        """A name of the speaker that no other corpus has, None where nobody knows."""
        return None if self.speaker is None else f"{self.corpus}/{self.speaker}"


@dataclass
class Tally:
    """How many clips, and how many seconds, there are of each stratum."""

    clips: Counter[Stratum] = field(default_factory=Counter)
    seconds: dict[Stratum, float] = field(default_factory=dict)

    def add(self, stratum: Stratum, seconds: float) -> None:
        """Count one clip."""
        self.clips[stratum] += 1
        self.seconds[stratum] = self.seconds.get(stratum, 0.0) + seconds

    def by(self, place: int) -> dict[str, int]:
        """Return the clips by one part of the stratum: 0 language, 1 emotion, 2 corpus."""
        counts: Counter[str] = Counter()
        for stratum, clips in self.clips.items():
            counts[stratum[place]] += clips

        return dict(sorted(counts.items()))

    def hours_by(self, place: int) -> dict[str, float]:
        """Return the hours by one part of the stratum."""
        # Over sorted strata, so that the order of the shards does not show in the last digit.
        seconds: dict[str, float] = {}
        for stratum in sorted(self.seconds):
            seconds[stratum[place]] = seconds.get(stratum[place], 0.0) + self.seconds[stratum]

        return {name: total / 3600 for name, total in sorted(seconds.items())}


def in_order(emotions: Iterable[str]) -> list[str]:
    """Return emotions once each: the canonical ones in their order, then others by name."""
    present = set(emotions)
    return [label for label in CANONICAL if label in present] + sorted(present - set(CANONICAL))


def languages_of(points: Sequence[Point], is_generated: bool) -> list[str]:
    """Return the languages of the originals, or of the generated clips, by name."""
    return sorted({point.language for point in points if point.is_generated is is_generated})
