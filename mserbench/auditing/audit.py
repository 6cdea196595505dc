"""What the parts of a split share (speakers, dialogues, sentences, audio), and speakers that give
the label away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mserbench.auditing.confounds import Confound, confounds, summed_confounds
from mserbench.auditing.overlaps import AUDIO, KINDS, NEAR, AuditedClip, Overlap, overlaps, summed

TRAIN = "train"  # the part of a split that models learn from
Way = Literal["split", "folds"]


@dataclass(frozen=True)
class Comparison:
    """One part tested by a model trained on others: sizes, overlaps by kind, confounds."""

    title: str
    trained: int
    tested: int
    overlaps: Mapping[str, Overlap]
    confounds: Mapping[str, Confound]

    def shared(self, kinds: Iterable[str] = KINDS) -> list[str]:
        """The kinds of thing that are shared, of those asked for."""
        return [kind for kind in kinds if kind in self.overlaps and self.overlaps[kind].items]


@dataclass(frozen=True)
class Inside:
    """What one set of clips holds twice: groups of ids with equal audio, and pairs by
    fingerprint.
    """

    entries: int
    copies: tuple[tuple[str, ...], ...]
    near: tuple[tuple[str, str], ...]
    unknown: Mapping[str, int]  # clips whose audio was not looked at, by kind
    confounds: Mapping[str, Confound] = field(default_factory=dict)
    contradicting: int = 0  # of the copies, those whose clips have different labels


@dataclass(frozen=True)
class Audit:
    """A division of some clips as audited: its comparisons (of folds the sum first), and the clips
    in no part.
    """

    title: str
    kind: Way
    source: str
    comparisons: tuple[Comparison, ...]
    nowhere: int = 0


def audit(
    title: str,
    kind: Way,
    parts: Mapping[str, Sequence[AuditedClip]],
    source: str = "",
    nowhere: int = 0,
) -> Audit:
    """Audit a division: each part of a split against its part `train`, each of some folds against
    all others.

    Without two parts that have clips there is nothing to compare, and no comparison.
    """
    parts = {name: entries for name, entries in parts.items() if entries}
    if len(parts) < 2 or (kind == "split" and TRAIN not in parts):
        return Audit(title, kind, source, (), nowhere)
    if kind == "folds":
        each = folds(title, parts)
        return Audit(title, kind, source, (together(title, each), *each), nowhere)

    # The test part first: it is what a reader looks for.
    names = sorted(
        (name for name in parts if name != TRAIN), key=lambda name: (name != "test", name)
    )
    titles = {
        name: title if title and name == "test" else f"{title}.{name}".lstrip(".") for name in names
    }
    comparisons = (compare(titles[name], parts[TRAIN], parts[name]) for name in names)

    return Audit(title, kind, source, tuple(comparisons), nowhere)


def compare(
    title: str, training: Sequence[AuditedClip], tested: Sequence[AuditedClip]
) -> Comparison:
    """Compare the clips tested on with those trained on. Pure; linear in their number."""
    shared, betrayed = overlaps(training, tested), confounds(training, tested)
    return Comparison(title, len(training), len(tested), shared, betrayed)


def together(title: str, folds: Sequence[Comparison]) -> Comparison:
    """Sum the folds of a division, in each of which other clips are tested."""
    shared = {kind: summed([fold.overlaps[kind] for fold in folds]) for kind in KINDS}
    betrayed = {
        kind: summed_confounds([fold.confounds[kind] for fold in folds])
        for kind in folds[0].confounds
    }
    # The folds differ a little in size: the largest training says what was learnt from.
    trained, tested = max(fold.trained for fold in folds), sum(fold.tested for fold in folds)

    return Comparison(title, trained, tested, shared, betrayed)


def folds(title: str, parts: Mapping[str, Sequence[AuditedClip]]) -> list[Comparison]:
    """Compare each part with all others."""
    comparisons = []
    for name, tested in parts.items():
        training = [entry for part, entries in parts.items() if part != name for entry in entries]
        comparisons.append(compare(f"{title}.{name}", training, tested))

    return comparisons


def inside(entries: Sequence[AuditedClip]) -> Inside:
    """Find what a set of clips holds twice, without regard to any division."""
    by_key = defaultdict(list)
    for entry in entries:
        if AUDIO in entry.facts:
            by_key[entry.facts[AUDIO]].append(entry.id)

    copies = tuple(tuple(ids) for ids in by_key.values() if len(ids) > 1)
    labels = {entry.id: entry.label for entry in entries}
    like = {
        (entry.facts[AUDIO], second)
        for entry in entries
        for second in entry.near or ()
        if second in by_key
    }
    # Equal recordings stand for one another: their first id does for all.
    pairs = {(min(by_key[first]), min(by_key[second])) for first, second in like}
    unknown = {
        AUDIO: sum(AUDIO not in entry.facts for entry in entries),
        NEAR: sum(entry.near is None for entry in entries),
    }

    return Inside(
        len(entries),
        copies,
        tuple(sorted(pair for pair in pairs if pair[0] < pair[1])),
        unknown,
        confounds(entries, entries),
        sum(len({labels[identity] for identity in ids}) > 1 for ids in copies),
    )
