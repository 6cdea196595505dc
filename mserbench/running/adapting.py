"""Which unlabelled clips of a target a model hears before it is asked: folds and draws, by hashes.

The clips of a task fall into two folds. Those of a fold are scored by a model that heard N clips of
the other one, so that every clip is scored, once, and by a model that did not hear it: whatever N
and whichever draw, the scored clips are those of a run without adaptation (docs/adaptation.md).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mserbench.contracts import ADAPT_WAYS, OTHER_SPEAKERS, SAME_SPEAKERS
from mserbench.data.dataset import Dataset
from mserbench.errors import UsageError

FOLDS = 2
FEWEST_SPEAKERS = 4  # two to hear and two to score: below, one voice would stand for the room


@dataclass(frozen=True)
class Adaptation:
    """What a run is adapted to: `clips` from 1, one of `ADAPT_WAYS`, and the number of the draw."""

    clips: int
    way: str
    draw: int = 0

    @property
    def identity(self) -> dict[str, Any]:
        """What enters the key of a run."""
        return {"clips": self.clips, "way": self.way, "draw": self.draw, "folds": FOLDS}


@dataclass(frozen=True)
class Wish:
    """What a user asks for: `clips` from 0, a way or "" for that of the task, and a draw."""

    clips: int = 0
    way: str = ""
    draw: int = 0

    def of(self, target: Dataset) -> Adaptation | None:
        """Return the adaptation to a target, None where no clip is to be heard.

        Raises UsageError for a way that the task does not have.
        """
        return Adaptation(self.clips, way_of(target, self.way), self.draw) if self.clips else None


@dataclass(frozen=True)
class Fold:
    """Clips by their positions in the target: those that are scored, and those heard before."""

    scored: tuple[int, ...]
    heard: tuple[int, ...] = ()


def way_of(target: Dataset, way: str = "") -> str:
    """Return whose clips are heard: as wished, else as the task says, else of other speakers where
    four or more are known. Raises UsageError where the target does not have that way.
    """
    name, stated = target.task.name, target.task.adapt
    if way and stated and way != stated:
        raise UsageError(
            f"task {name!r} is adapted to by clips of the {stated}, as it says itself: leave "
            f"--adapt-from out"
        )

    speakers = {speaker for speaker in target.speakers if speaker is not None}
    several = OTHER_SPEAKERS if len(speakers) >= FEWEST_SPEAKERS else SAME_SPEAKERS
    chosen = way or stated or several
    if chosen not in ADAPT_WAYS:
        raise UsageError(f"--adapt-from is {way!r}, but {' or '.join(ADAPT_WAYS)} was expected")

    if chosen == OTHER_SPEAKERS and (len(speakers) < 2 or None in target.speakers):
        raise UsageError(
            f"task {name!r} has {len(speakers)} known speaker(s), but two or more, and one for "
            f"each clip, were expected to hear other speakers than those that are scored: give "
            f"--adapt-from {SAME_SPEAKERS.replace(' ', '-')}"
        )

    return chosen


def folds(target: Dataset, adaptation: Adaptation | None) -> tuple[Fold, ...]:
    """Return the folds of a run, which score each clip of the target once; without an adaptation
    one that hears nothing.

    Of one draw the clips of a smaller number are among those of a larger one. Raises UsageError
    where there are fewer clips than are to be heard.
    """
    if adaptation is None:
        return (Fold(tuple(range(len(target.items)))),)

    number = _folds_of_clips(target, adaptation.way)
    return tuple(_fold(target, adaptation, number, fold) for fold in range(FOLDS))


def pools(target: Dataset, adaptation: Adaptation) -> tuple[int, ...]:
    """Return for each fold how many clips there are to hear."""
    number = _folds_of_clips(target, adaptation.way)
    return tuple(len(_pool(target, number, fold)) for fold in range(FOLDS))


def _pool(target: Dataset, number: Sequence[int], fold: int) -> dict[str, int]:
    """Return the positions of the clips that may be heard before a fold is scored, by their audio:
    copies of a recording are heard once, and none that is scored.
    """
    keys = [item.facts.key for item in target.items]
    scored = {keys[at] for at, own in enumerate(number) if own == fold}
    return {
        keys[at]: at
        for at in reversed(range(len(keys)))
        if number[at] != fold and keys[at] not in scored
    }


def _fold(target: Dataset, adaptation: Adaptation, number: Sequence[int], fold: int) -> Fold:
    scored = tuple(at for at, own in enumerate(number) if own == fold)
    pool = _pool(target, number, fold)
    if len(pool) < adaptation.clips:
        raise UsageError(
            f"{adaptation.clips} clips of task {target.task.name!r} are to be heard, but only "
            f"{len(pool)} of the {adaptation.way} lie outside those that are scored: give --adapt "
            f"{len(pool)} or fewer"
        )

    drawn = sorted(pool, key=lambda key: _rank(target, "draw", adaptation, key))
    return Fold(scored, tuple(sorted(pool[key] for key in drawn[: adaptation.clips])))


def _folds_of_clips(target: Dataset, way: str) -> list[int]:
    """Return the fold of each clip."""
    if way == OTHER_SPEAKERS:
        return _by_speaker(target)

    # Half of each speaker's recordings; equal ones lie in one fold.
    fold_of: dict[str, int] = {}
    by_speaker: dict[str, set[str]] = defaultdict(set)
    for item in target.items:
        by_speaker[item.utterance.speaker or ""].add(item.facts.key)

    for speaker, keys in sorted(by_speaker.items()):
        # Else speakers with an odd number would all give the first fold one more.
        shift = _rank(target, "speaker", speaker)[0]
        ranked = sorted(keys, key=lambda key: _rank(target, "fold", key))
        for at, key in enumerate(ranked):
            fold_of.setdefault(key, (at + shift) % FOLDS)

    return [fold_of[item.facts.key] for item in target.items]


def _by_speaker(target: Dataset) -> list[int]:
    """Return the fold of each clip where speakers are kept together, women and men halved."""
    sexes = {str(item.utterance.speaker): item.utterance.sex or "" for item in target.items}
    ranked = sorted(sexes, key=lambda speaker: (sexes[speaker], _rank(target, "speaker", speaker)))
    fold_of = {speaker: at % FOLDS for at, speaker in enumerate(ranked)}
    return [fold_of[str(speaker)] for speaker in target.speakers]


def _rank(target: Dataset, *what: object) -> bytes:
    """Return where a clip or a speaker stands among others: by contents, never by its label."""
    words = [
        f"{part.way} {part.draw}" if isinstance(part, Adaptation) else str(part) for part in what
    ]
    return hashlib.sha256("\n".join([target.task.hash, *words]).encode()).digest()
