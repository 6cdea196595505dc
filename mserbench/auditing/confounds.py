"""How far the speaker, or the role, gives the label of a clip away."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mserbench.auditing.overlaps import AuditedClip

KINDS = ("speaker", "role")
MUCH = 1 / 3  # of the clips of a label by one speaker is worth a word
FEW = 10  # clips of a label are too few for that

_Table = dict[str, Counter[str]]


@dataclass(frozen=True)
class Confound:
    """How far the speaker (or the role) gives the label away.

    `single` maps each value that has one label only to that label; `items` are the tested clips of
    those. `guessed` counts the tested clips that one gets right who knows who speaks and what he or
    she mostly does in training, `majority` those that the most frequent label of training gets
    right.
    """

    kind: str
    tested: int
    unknown: int
    single: Mapping[str, str]
    items: tuple[str, ...]
    guessed: int
    majority: int
    # By label: who has much of it, how many of its clips, and how many it has in all.
    holders: Mapping[str, tuple[str, int, int]]


def confounds(
    training: Sequence[AuditedClip], tested: Sequence[AuditedClip]
) -> dict[str, Confound]:
    """Return what is to be said of each kind that is known of any clip; a clip may be in both
    parts.
    """
    entries = list({entry.id: entry for entry in (*training, *tested)}.values())
    known_kinds = [kind for kind in KINDS if any(kind in entry.facts for entry in entries)]
    return {kind: _confound(kind, training, tested, _table(kind, entries)) for kind in known_kinds}


def summed_confounds(folds: Sequence[Confound]) -> Confound:
    """Sum the confounds of one kind over folds, in each of which other clips are tested."""
    return replace(
        # What is said of all clips (`single`, `holders`) is the same in each fold.
        folds[0],
        tested=sum(fold.tested for fold in folds),
        unknown=sum(fold.unknown for fold in folds),
        items=tuple(identity for fold in folds for identity in fold.items),
        guessed=sum(fold.guessed for fold in folds),
        majority=sum(fold.majority for fold in folds),
    )


def _confound(
    kind: str, training: Sequence[AuditedClip], tested: Sequence[AuditedClip], table: _Table
) -> Confound:
    # That a speaker has one label is said of all clips; what is guessed rests on training alone.
    single = {value: min(counts) for value, counts in sorted(table.items()) if len(counts) == 1}
    usual = {value: _most(counts) for value, counts in _table(kind, training).items()}
    majority = _most(Counter(entry.label for entry in training))

    return Confound(
        kind,
        len(tested),
        sum(kind not in entry.facts for entry in tested),
        single,
        tuple(entry.id for entry in tested if entry.facts.get(kind) in single),
        sum(usual.get(entry.facts.get(kind, ""), majority) == entry.label for entry in tested),
        sum(majority == entry.label for entry in tested),
        _holders(table),
    )


def _table(kind: str, entries: Sequence[AuditedClip]) -> _Table:
    """Count the labels of each value of a kind."""
    counts: _Table = defaultdict(Counter)
    for entry in entries:
        if kind in entry.facts:
            counts[entry.facts[kind]][entry.label] += 1

    return counts


def _holders(table: _Table) -> dict[str, tuple[str, int, int]]:
    """Return who has more than `MUCH` of the clips of a label, by label."""
    totals: Counter[str] = Counter()
    for counts in table.values():
        totals.update(counts)

    holders = {}
    for label, total in sorted(totals.items()):
        most, value = max((counts[label], value) for value, counts in table.items())
        if total >= FEW and most > MUCH * total:
            holders[label] = (value, most, total)

    return holders


def _most(counts: Counter[str]) -> str:
    """Return the most frequent label; of equally frequent ones the first by name."""
    return min(counts, key=lambda label: (-counts[label], label), default="")
