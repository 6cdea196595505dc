"""Counts of what became of clips: by language, emotion and source, and by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mserbench.contracts import SAMPLE_RATE
from mserbench_m5ser.building.sources import Piece
from mserbench_m5ser.building.work import Result

Kept = tuple[str, str, str]  # language, emotion, corpus


@dataclass
class Tally:
    """Clips and samples (16 kHz) of what is in the set, and how many are not, by reason.

    Samples are whole numbers, so that sums are equal in whatever order they are made.
    """

    clips: Counter[Kept] = field(default_factory=Counter)
    samples: Counter[Kept] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result, piece: Piece, language: str) -> None:
        """Count what became of a clip in a language."""
        if result.state == "kept":
            self.keep(language, piece.item.label, piece.corpus, result.samples)
        else:
            reasons = self.dropped if result.state == "dropped" else self.failed
            reasons[result.reason] += 1

    def keep(self, language: str, emotion: str, corpus: str, n_samples: int) -> None:
        """Count a clip of the set."""
        self.clips[language, emotion, corpus] += 1
        self.samples[language, emotion, corpus] += n_samples

    def merge(self, tally: Tally) -> None:
        """Add the counts of another part."""
        self.clips.update(tally.clips)
        self.samples.update(tally.samples)
        self.dropped.update(tally.dropped)
        self.failed.update(tally.failed)

    @property
    def n_kept(self) -> int:
        """How many clips are in the set."""
        return sum(self.clips.values())

    @property
    def hours(self) -> float:
        """Hours of speech in the set."""
        return _hours(sum(self.samples.values()))

    def record(self) -> dict[str, Any]:
        """Return the counts as a manifest holds them; the most frequent reason first."""
        return {
            "clips": self.n_kept,
            "hours": self.hours,
            "by_language": self._by(0),
            "by_emotion": self._by(1),
            "by_source": self._by(2),
            "dropped": _by_count(self.dropped),
            "failed": _by_count(self.failed),
        }

    def _by(self, position: int) -> dict[str, dict[str, float]]:
        # Of samples, and rounded in the end: hours that were rounded before would not add up.
        clips, samples = Counter[str](), Counter[str]()
        for kind, count in self.clips.items():
            clips[kind[position]] += count
            samples[kind[position]] += self.samples[kind]

        return {
            name: {"clips": clips[name], "hours": _hours(samples[name])} for name in sorted(clips)
        }

    def to_json(self) -> dict[str, Any]:
        """Return all that `from_json` needs."""
        return {
            "kept": [
                [*kind, count, self.samples[kind]] for kind, count in sorted(self.clips.items())
            ],
            "dropped": dict(sorted(self.dropped.items())),
            "failed": dict(sorted(self.failed.items())),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Tally:
        """Return what `to_json` gave."""
        tally = cls(dropped=Counter(record["dropped"]), failed=Counter(record["failed"]))
        for language, emotion, corpus, count, n_samples in record["kept"]:
            tally.clips[language, emotion, corpus] = count
            tally.samples[language, emotion, corpus] = n_samples

        return tally


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the counts of all parts together."""
    total = Tally()
    for tally in tallies:
        total.merge(tally)

    return total


def _by_count(reasons: Counter[str]) -> dict[str, int]:
    return dict(sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0])))


def _hours(n_samples: int) -> float:
    return round(n_samples / SAMPLE_RATE / 3600, 4)
