"""The user's own room: unlabelled recordings that a model hears before it predicts."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.contracts import Clip
from mserbench.errors import DataError
from mserbench.predicting.hearing import Hearing
from mserbench.predicting.listening import Failed, Piece, Source, listen
from mserbench.running.asking import require_adapts
from mserbench.running.lookup import adaptable
from mserbench.running.subject import Subject, as_model_error

MOST = 300  # recordings, and windows of them, that are heard: a hundred bring what there is to gain


@dataclass(frozen=True)
class Room:
    """What a model was adapted to: `clips` of `recordings`, `predicted` of which are among those
    that it predicts, and `unread` of which could not be read.
    """

    clips: int
    recordings: int
    predicted: int
    unread: int
    reason: str = ""  # why the first of these could not be read

    def record(self) -> dict[str, Any]:
        """Return what JSON tells of it."""
        return {
            "clips": self.clips, "recordings": self.recordings, "predicted": self.predicted,
            "unread": self.unread,
        }  # fmt: skip

    @property
    def sentence(self) -> str:
        """What a reader of the predictions must know."""
        same = (
            f"; {self.predicted} of them are predicted too, so these scores rest on one another"
            if self.predicted
            else ""
        )
        unread = f"; {self.unread} could not be read ({self.reason})" if self.unread else ""
        return (
            f"adapted:{self.clips}: the model first heard {self.clips} clip(s) of "
            f"{self.recordings} recording(s), without labels{same}{unread}"
        )


def adapt(
    subject: Subject,
    room: Sequence[Source | Failed],
    predicted: Sequence[Source | Failed],
    hearing: Hearing,
) -> Room:
    """Let a model hear the recordings of a room, 300 of them by a hash where there are more.

    Raises UsageError for a model that cannot adapt, DataError where no recording can be read, and
    ModelError where the model fails.
    """
    require_adapts(subject, subject.name, adaptable())
    chosen = _fewest(room, MOST)
    clips: list[tuple[str, Clip]] = []
    read: set[str] = set()
    failed: list[Failed] = []
    for part in listen(chosen, hearing):
        if isinstance(part, Failed):
            failed.append(part)
        elif isinstance(part, Piece):
            read.add(part.file)
            clips.append((part.clip.seed, part.clip))
            # Of long recordings, windows by a hash: memory holds no more than these.
            if len(clips) >= 2 * MOST:
                clips = heapq.nsmallest(MOST, clips, key=_first)

    clips = heapq.nsmallest(MOST, clips, key=_first)
    if not clips:
        raise DataError(
            f"no recording to adapt to can be read ({failed[0].error}): give --adapt recordings"
            if failed
            else "there is no recording to adapt to: give --adapt files, or a folder of them"
        )

    with as_model_error(subject.name, "adapting"):
        subject.model.adapt([clip for _, clip in clips])

    own = {_place(source) for source in predicted if isinstance(source, Source)}
    heard = [part for part in chosen if isinstance(part, Source) and part.name in read]
    return Room(
        clips=len(clips),
        recordings=len(read),
        predicted=sum(_place(source) in own for source in heard),
        unread=len(failed),
        reason=str(failed[0].error) if failed else "",
    )


def _fewest(room: Sequence[Source | Failed], most: int) -> list[Source | Failed]:
    """Return at most so many sources, by a hash of their names, in the order in which they came."""
    ranked = sorted(range(len(room)), key=lambda at: _digest(room[at].name))
    return [room[at] for at in sorted(ranked[:most])]


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def _place(source: Source) -> Path:
    return source.path.resolve()


def _first(pair: tuple[str, Clip]) -> str:
    return pair[0]


class Watch:
    """Looks at what is predicted, for what makes all of it doubtful; holds a hundred clips."""

    HELD = 100  # clips for the mean, 60 MB of windows of ten seconds

    def __init__(self) -> None:
        self._clips: list[tuple[str, Clip]] = []
        self.answers: list[str] = []

    def add(self, clip: Clip, answer: str) -> None:
        """Take a clip, and the label that was predicted for it, "" where there is none."""
        self.answers.append(answer)
        self._clips.append((clip.seed, clip))
        if len(self._clips) >= 2 * self.HELD:
            self._clips = heapq.nsmallest(self.HELD, self._clips, key=_first)

    @property
    def clips(self) -> list[Clip]:
        """Some of the clips, by a hash; all where there are a hundred or fewer."""
        return [clip for _, clip in heapq.nsmallest(self.HELD, self._clips, key=_first)]


def told(subject: Subject, watch: Watch, was_adapted: bool) -> tuple[list[str], dict[str, Any]]:
    """Return sentences on what makes all that was predicted doubtful, and what JSON tells of it."""
    from mserbench.results import doubts
    from mserbench.running.remote import of_clips

    part = of_clips(subject, watch.clips) if len(watch.answers) >= doubts.LEAST else None
    label, share = doubts.most_frequent(watch.answers)
    sentences = [doubts.far_sentence(part)] if part and doubts.is_far(part) else []
    sentences += [doubts.one_sided_sentence(label, share)] if label else []
    record: dict[str, Any] = {}
    if part:
        record["remoteness"] = {**part.to_json(), "far": doubts.is_far(part)}
    if label:
        record["one_sided"] = {"label": label, "share": round(share, 6)}

    advice = "" if was_adapted or not subject.model.adapts else doubts.ADVICE_PREDICT
    return doubts.advised(sentences, advice), record
