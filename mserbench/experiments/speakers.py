"""How many speakers each target of a table has, and whether that is enough for any statement about
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mserbench.contracts import Corpus, Task
from mserbench.data import corpus, dataset, lookup
from mserbench.errors import DataError
from mserbench.statistics.intervals import FEWEST


@dataclass(frozen=True)
class Speakers:
    """The speakers of a target: how many, None where that is not known, and where the number is
    from.

    "counted": from the names and label files that are here. "published": the corpus's card says so;
    the corpus is not here, and its task may ask fewer. "open": neither tells.
    """

    task: str
    number: int | None
    source: Literal["counted", "published", "open"]

    @property
    def remark(self) -> str:
        """What a reader must know before anything runs; empty where there are enough."""
        if self.source == "open":
            return ""
        if not self.number:
            return (
                f"the speakers of target {self.task!r} are not known: what it shows does not stand "
                f"for other speakers, and no interval or p value over speakers can be given"
            )
        if self.number >= FEWEST:
            return ""

        return (
            f"target {self.task!r} has {self.number} speaker{'s' * (self.number > 1)}: no interval "
            f"and no p value can say anything about it; ask a task with {FEWEST} speakers or more, "
            f"or give the target 'folds' of its whole corpus"
        )


def of_targets(names: Sequence[str], data: Path | None, make: bool = False) -> list[Speakers]:
    """Return the speakers of some tasks; no audio is opened.

    A corpus that is made on the spot is looked at only with `make`, as making it takes minutes.
    """
    return [_of(lookup.task(name), data, make) for name in names]


def _of(task: Task, data: Path | None, make: bool) -> Speakers:
    source = lookup.corpus(task.corpus)
    names = _names(task, source, data, make)
    if names is not None:
        return Speakers(task.name, len(names - {None}), "counted")

    # A part or a selection may have fewer speakers than the card counts.
    whole = not task.part and not task.select
    if whole and source.card.speakers is not None:
        return Speakers(task.name, source.card.speakers, "published")

    return Speakers(task.name, None, "open")


def _names(
    task: Task, source: Corpus, data: Path | None, make: bool
) -> frozenset[str | None] | None:
    """Return the speakers of a task's clips, None among them for unknown ones; None where they
    cannot be told yet.
    """
    if source.card.access == "generated" and not make:
        return None

    try:
        root = corpus.find(source, data)
    except DataError:
        root = None

    try:
        if root is None:  # names may tell all there is to know
            rows = dataset.truth(task, None)
        else:
            rows = dataset.select(task, corpus.read(source, root).utterances.values())
    except DataError:
        return None

    return frozenset(utterance.speaker for utterance, _ in rows)
