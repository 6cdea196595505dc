"""How far the clips tested on share speakers, sessions, dialogues, sentences and audio with those
trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

AUDIO, NEAR = "audio", "near-duplicate"
KINDS = ("speaker", "role", "session", "dialogue", "sentence", AUDIO, NEAR)
"""What is looked at; `audio` is equality of the decoded samples, `near-duplicate` that of the
fingerprints.
"""


@dataclass(frozen=True, slots=True)
class AuditedClip:
    """One clip as an audit sees it: `facts` maps a kind to its value, and lacks what is not known.

    `near` holds the audio keys of other recordings that are the same by fingerprint; None where
    that was not looked at, or the clip is too short.
    """

    id: str
    label: str
    facts: Mapping[str, str]
    near: frozenset[str] | None = None


@dataclass(frozen=True)
class Overlap:
    """How far the clips tested on share one kind of thing with the clips trained on.

    `items` are the ids of those that do. `unknown` counts the others of which it cannot be said,
    because their own value is not known or that of a training clip is not. `values` are those on
    both sides.
    """

    kind: str
    tested: int
    items: tuple[str, ...]
    unknown: int
    values: tuple[str, ...]
    of: int  # different values in both parts together

    @property
    def known(self) -> bool:
        """Something can be said of at least one clip."""
        return self.unknown < self.tested

    @property
    def clean(self) -> bool:
        """Nothing is shared, and nothing is unknown."""
        return not self.items and not self.unknown


def overlaps(training: Sequence[AuditedClip], tested: Sequence[AuditedClip]) -> dict[str, Overlap]:
    """Return the overlap of two sets of clips for each kind. Pure; linear in their number."""
    by_kind = {kind: _overlap(kind, training, tested) for kind in KINDS[:-1]}
    return {**by_kind, NEAR: _near_overlap(training, tested)}


def summed(overlaps: Sequence[Overlap]) -> Overlap:
    """Sum the overlaps of one kind over folds, in each of which other clips are tested."""
    return Overlap(
        overlaps[0].kind,
        sum(overlap.tested for overlap in overlaps),
        tuple(identity for overlap in overlaps for identity in overlap.items),
        sum(overlap.unknown for overlap in overlaps),
        tuple(sorted({value for overlap in overlaps for value in overlap.values})),
        max(overlap.of for overlap in overlaps),  # each fold sees the values of all
    )


def _overlap(kind: str, training: Sequence[AuditedClip], tested: Sequence[AuditedClip]) -> Overlap:
    trained, gaps = _values(kind, training)
    values, _ = _values(kind, tested)
    items = tuple(entry.id for entry in tested if entry.facts.get(kind) in trained)
    # A training clip without a value may have any: of all that share nothing it is then open.
    unknown = len(tested) - len(items) if gaps else sum(kind not in entry.facts for entry in tested)

    return Overlap(
        kind, len(tested), items, unknown, tuple(sorted(trained & values)), len(trained | values)
    )


def _near_overlap(training: Sequence[AuditedClip], tested: Sequence[AuditedClip]) -> Overlap:
    """Near-duplicates are pairs, not values: what is like two others need not make these alike.
    Equal ones count.
    """
    # A training clip that is too short to be compared hides no copy of a longer one; one that was
    # not heard may.
    trained, gaps = _values(AUDIO, training)
    items = tuple(
        entry.id
        for entry in tested
        if entry.facts.get(AUDIO) in trained or (entry.near and not entry.near.isdisjoint(trained))
    )
    if gaps:
        unknown = len(tested) - len(items)
    else:
        unknown = sum(
            entry.near is None and entry.facts.get(AUDIO) not in trained for entry in tested
        )

    return Overlap(NEAR, len(tested), items, unknown, (), 0)


def _values(kind: str, entries: Sequence[AuditedClip]) -> tuple[set[str], bool]:
    """Return the values of a kind, and whether any entry has none."""
    values = {entry.facts.get(kind) for entry in entries}
    return {value for value in values if value is not None}, None in values
