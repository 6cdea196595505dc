"""Clips that are too much alike, or one unlike all others: equal audio, shared parts, odd rates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from mserbench.contracts import Utterance
from mserbench.data.index import Facts

_SHOWN = 3
SHARED = 0.8  # of the time that two parts of a file take together: neighbours share less
USUAL = 0.9  # share of the clips that have one rate, for another one to be odd
_LABELS = "under different labels, of which one at most is right"
_SPEAKERS = "under different speakers, of which one at most is right"
_TWICE = "twice, and count twice"

LabelOf = Callable[[Utterance], str]
_Group = Sequence[Utterance]


def remarks(
    utterances: Sequence[Utterance], facts: Mapping[str, Facts], label_of: LabelOf
) -> list[str]:
    """Return a sentence for each kind of likeness, with how often and the first clips.

    `facts` by id; clips that could not be decoded are left out.
    """
    heard = [clip for clip in utterances if clip.id in facts and facts[clip.id].key]
    return [
        *_equal(heard, facts, label_of),
        *_overlapping(heard, facts),
        *_odd_rates(heard, facts),
    ]


def _equal(heard: _Group, facts: Mapping[str, Facts], label_of: LabelOf) -> Iterator[str]:
    """Tell which clips have the same samples: with two labels, with two speakers, or just twice."""
    by_key: dict[str, list[Utterance]] = defaultdict(list)
    for clip in heard:
        by_key[facts[clip.id].key].append(clip)

    kinds: dict[str, list[str]] = {_LABELS: [], _SPEAKERS: [], _TWICE: []}
    for group in by_key.values():
        if len(group) == 1:
            continue

        kind = _TWICE
        if len({label_of(clip) for clip in group}) > 1:
            kind = _LABELS
        elif len({clip.speaker for clip in group}) > 1:
            kind = _SPEAKERS

        named = " and ".join(f"{clip.id!r} ({label_of(clip)})" for clip in group[:_SHOWN])
        # Ids may say nothing of a file that two of them share.
        where = f" in {group[0].audio!r}" if len({clip.audio for clip in group}) == 1 else ""
        kinds[kind].append(named + where)

    for kind, groups in kinds.items():
        if groups:
            yield f"{len(groups)} recording(s) are here {kind}; the same audio: {_first(groups)}"


def _overlapping(heard: _Group, facts: Mapping[str, Facts]) -> Iterator[str]:
    """Tell which clips are nearly the same part of one file."""
    by_file: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for clip in heard:
        start = clip.start or 0.0
        by_file[clip.audio].append((start, start + facts[clip.id].seconds, clip.id))

    pairs = []
    for parts in by_file.values():
        parts.sort()
        for before, after in pairwise(parts):
            shared = min(before[1], after[1]) - after[0]
            is_equal = facts[before[2]].key == facts[after[2]].key
            # Equal ones are told as such.
            if not is_equal and shared > SHARED * (max(before[1], after[1]) - before[0]):
                pairs.append(f"{before[2]!r} and {after[2]!r}")

    if pairs:
        yield (
            f"{len(pairs)} pair(s) of clips overlap so far that they are nearly the same part of "
            f"one file: {_first(pairs)}"
        )


def _odd_rates(heard: _Group, facts: Mapping[str, Facts]) -> Iterator[str]:
    """Tell which clips have another sampling rate, where nearly all have one."""
    counts = Counter(facts[clip.id].rate for clip in heard)
    if len(counts) < 2:
        return

    usual, number = counts.most_common(1)[0]
    if number < USUAL * len(heard):
        return

    odd = [f"{clip.id!r} ({facts[clip.id].rate:,} Hz)" for clip in heard]
    odd = [name for name, clip in zip(odd, heard, strict=True) if facts[clip.id].rate != usual]
    yield (
        f"{len(odd)} clip(s) have another sampling rate than the {usual:,} Hz of all others; a "
        f"header that is wrong makes speech fast or slow: {_first(odd)}"
    )


def _first(items: Sequence[str]) -> str:
    more = f"; and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return "; ".join(items[:_SHOWN]) + more
