"""The facts of a comparison of two runs, with the names that their corpus gives speakers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from mserbench.results.comparing import Compared
from mserbench.results.disagreeing import Flips
from mserbench.telling.clips import LookedUp


@dataclass(frozen=True)
class ComparisonFacts:
    """What is to be told of two runs; `looked_up` is what their corpus says of the clips."""

    compared: Compared
    looked_up: LookedUp

    @cached_property
    def speakers(self) -> list[Flips]:
        """The flips of each speaker, that on whom A trails B furthest first."""
        # The record numbers speakers; only the corpus knows their names.
        names = {
            str(pair.speaker): clip.speaker
            for pair in self.compared.pairs
            if (clip := self.looked_up.clips.get(pair.a.id)) and clip.speaker
        }
        named = [
            replace(flips, name=names.get(flips.name, flips.name))
            for flips in self.compared.by_speaker
        ]
        # Differences that are equal as fractions may not be in their last bits.
        return sorted(named, key=lambda flips: round(flips.difference, 9))

    @property
    def unattributed(self) -> int:
        """Clips of which no speaker is known."""
        return sum(pair.speaker is None for pair in self.compared.pairs)

    def file(self, identity: str) -> str:
        """The file of a clip below the corpus folder, which can be listened to; else its id."""
        clip = self.looked_up.clips.get(identity)
        return clip.file if clip else identity

    def to_json(self) -> dict[str, Any]:
        """Return all facts, JSON-ready."""
        facts = self.compared.summary()
        return {
            **facts,
            "speakers": [asdict(flips) for flips in self.speakers],
            "disagreements": [
                {**clip, "file": self.file(clip["id"]) if self.looked_up.clips else ""}
                for clip in facts["disagreements"]
            ],
            "unknown_of_clips": self.looked_up.why_not,
        }
