"""The findings of an audit in words: cells of a table, and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mserbench.auditing.audit import Inside
from mserbench.auditing.confounds import Confound
from mserbench.auditing.overlaps import AUDIO, NEAR, Overlap

_SHOWN = 5  # speakers that a sentence names


def cell(overlap: Overlap, absent: str = "not known") -> str:
    """Return an overlap as in `149 of 149 (6 of 6)`; `absent` where nothing at all is known."""
    shared = len(overlap.items)
    if not overlap.known:
        return absent

    values = f" ({len(overlap.values)} of {overlap.of})" if overlap.values else ""
    unknown = f", not known for {overlap.unknown}" if overlap.unknown else ""
    return f"{shared} of {overlap.tested}{values}{unknown}"


def confound_sentence(confound: Confound, names: bool = True) -> str:
    """Say how far the speaker gives the label away; `names` says whether to name any."""
    majority = (
        f"the most frequent label of all is right on {_share(confound.majority, confound.tested)}"
    )
    sentences = [
        f"the {confound.kind}s of training tell nothing of the label of a clip tested: {majority}"
    ]
    if confound.guessed != confound.majority:
        sentences = [
            f"the {confound.kind} alone: the label that each {confound.kind} has most often in "
            f"training is right on {_share(confound.guessed, confound.tested)}, {majority}"
        ]

    if confound.single:
        have = "s have" if len(confound.single) > 1 else " has"
        counted = f"{len(confound.single)} {confound.kind}{have}"
        listed = f": {_listed(confound.single)}" if names else ""
        sentences.append(
            f"{counted} one label only, and {_share(len(confound.items), confound.tested)} of the "
            f"clips{listed}"
        )

    for label, (value, count, total) in confound.holders.items():
        sentences.append(
            f"{value if names else 'one ' + confound.kind} has {count} of the {total} clips of "
            f"{label!r}"
        )

    if confound.unknown:
        sentences.append(
            f"the {confound.kind} of {confound.unknown} of {confound.tested} is not known"
        )

    return "; ".join(sentences)


def independence(overlap: Overlap) -> str:
    """Say whether a division is independent of speakers."""
    if overlap.items:
        heard = _share(len(overlap.items), overlap.tested)
        return f"not speaker-independent: the speakers of {heard} clips tested are also in training"
    if overlap.unknown:
        return (
            f"of unknown independence of speakers: this cannot be said for {overlap.unknown} of "
            f"{overlap.tested} clips"
        )

    return "speaker-independent: no speaker is in both"


def inside_sentences(within: Inside, most: int | None, names: bool = True) -> list[str]:
    """Say what a set of clips holds twice; `most` limits the examples, `names` says whether to give
    any.
    """
    if within.unknown[AUDIO] == within.entries:
        return [
            "equal recordings and near-duplicates: not known, the audio is not here or was not "
            "looked at"
        ]

    lines = [f"recordings that occur twice with equal audio: {len(within.copies)}"]
    # One of the two labels is wrong then, whatever the division.
    if within.contradicting:
        lines[0] += f", {within.contradicting} of them under different labels"

    lines[0] += _examples([_group(ids, most) for ids in within.copies], most) if names else ""
    near = (
        f"pairs of recordings with the same audio by fingerprint, but not equal: {len(within.near)}"
    )
    lines.append(
        near + (_examples([" ~ ".join(pair) for pair in within.near], most) if names else "")
    )

    if within.unknown[AUDIO]:
        lines.append(f"audio not known for {within.unknown[AUDIO]} of {within.entries}")

    if short := within.unknown[NEAR] - within.unknown[AUDIO]:
        lines.append(f"too short or too quiet for a fingerprint: {short} of {within.entries}")

    return lines


def _group(ids: Sequence[str], most: int | None) -> str:
    listed = ids if most is None else ids[:_SHOWN]
    return " = ".join(listed) + (
        f" and {len(ids) - len(listed)} more" if len(ids) > len(listed) else ""
    )


def percent(part: int, whole: int) -> str:
    """Return a share as in `41.2 %`."""
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({percent(part, whole)})"


def _listed(single: Mapping[str, str]) -> str:
    listed = [f"{value} {label!r}" for value, label in list(single.items())[:_SHOWN]]
    more = f" and {len(single) - _SHOWN} more" if len(single) > _SHOWN else ""
    return ", ".join(listed) + more


def _examples(texts: Sequence[str], most: int | None) -> str:
    if not texts:
        return ""

    listed = texts if most is None else texts[:most]
    more = f" and {len(texts) - len(listed)} more" if len(texts) > len(listed) else ""
    return f" ({'; '.join(listed)}{more})"
