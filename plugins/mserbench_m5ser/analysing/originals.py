"""The clips that a set was made from, and human speech to compare with: loaded by the core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.data.labelled import labelled_clips
from mserbench.errors import MserbenchError, UsageError
from mserbench.labels import CANONICAL
from mserbench_m5ser.analysing.points import Point, Tally

if TYPE_CHECKING:
    from mserbench.contracts import Clip


@dataclass(frozen=True, eq=False)
class Recordings:
    """Labelled recordings of some tasks. `points` tells of each clip of `clips`, in order.

    `missing` says of each task that could not be loaded why.
    """

    points: tuple[Point, ...]
    clips: tuple[Clip, ...]
    missing: Mapping[str, str]

    def tally(self) -> Tally:
        """Return how many clips and seconds there are of each stratum."""
        tally = Tally()
        for point in self.points:
            tally.add(point.stratum, point.seconds)

        return tally

    def clips_of(self, points: Sequence[Point]) -> Iterator[Clip]:
        """Yield the clips of some of the points."""
        numbers = {point.source: number for number, point in enumerate(self.points)}
        return (self.clips[numbers[point.source]] for point in points)


def load(tasks: Mapping[str, bool], data: Path | None, is_typed: bool) -> Recordings:
    """Return the recordings of some tasks with one of the seven emotions, each once.

    `tasks` says of each whether a part of it will do. What of them is not at hand, or not in order,
    is in `missing`; nothing is raised for it, but for a name that a user typed wrongly (UsageError,
    where `is_typed`).
    """
    points: dict[str, Point] = {}
    clips: dict[str, Clip] = {}
    missing: dict[str, str] = {}

    for name, is_partial in tasks.items():
        try:
            loaded = labelled_clips(name, data, is_partial)
        except MserbenchError as error:
            if is_typed and isinstance(error, UsageError):
                raise

            missing[shown(name)] = str(error).splitlines()[0]
            continue

        for item, clip in zip(loaded.items, loaded.clips(range(len(loaded.items))), strict=True):
            # No other emotion is translated, so that none has anything to be compared with.
            if item.label not in CANONICAL:
                continue

            utterance, corpus = item.utterance, loaded.card.name
            # The name by which a row of the set tells its source.
            source = f"{corpus}:{utterance.id}"
            points[source] = Point(
                source, item.label, utterance.language, corpus, utterance.speaker, source,
                clip.key, clip.key, clip.seconds, False,
            )  # fmt: skip
            clips[source] = clip

    return Recordings(tuple(points.values()), tuple(clips.values()), missing)


def shown(task: str) -> str:
    """Return a task's name as a report has it: of a file of one's own without its folder."""
    return Path(task).stem if task.endswith(".toml") else task


def with_speakers(generated: Sequence[Point], originals: Sequence[Point]) -> list[Point]:
    """Return generated clips with the speakers of their originals, where those are at hand.

    A set may write a speaker's name in another way, and both must be one person to the intervals.
    """
    speakers = {point.source: (point.corpus, point.speaker) for point in originals}
    return [
        replace(point, corpus=speakers[point.source][0], speaker=speakers[point.source][1])
        if point.source in speakers
        else point
        for point in generated
    ]


def of_other_sound(generated: Sequence[Point], originals: Sequence[Point]) -> int:
    """Return how many of the source clips here sound other than those that were translated."""
    keys = {point.source: point.key for point in originals}
    return len(
        {
            point.source
            for point in generated
            if point.source_key and keys.get(point.source, point.source_key) != point.source_key
        }
    )
