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


def confound_sentence(one: Confound, names: bool = True) -> str:
    """Say how far the speaker gives the label away; `names` says whether to name any."""
    majority = f"the most frequent label of all is right on {_share(one.majority, one.tested)}"
    said = [f"the {one.kind}s of training tell nothing of the label of a clip tested: {majority}"]
    if one.guessed != one.majority:
        said = [
            f"the {one.kind} alone: the label that each {one.kind} has most often in "
            f"training is right on "
            f"{_share(one.guessed, one.tested)}, {majority}"
        ]

    if one.single:
        counted = f"{len(one.single)} {one.kind}{'s have' if len(one.single) > 1 else ' has'}"
        listed = f": {_listed(one.single)}" if names else ""
        said.append(
            f"{counted} one label only, and {_share(len(one.items), one.tested)} of the "
            f"clips{listed}"
        )

    for label, (value, count, total) in one.holders.items():
        said.append(
            f"{value if names else 'one ' + one.kind} has {count} of the {total} clips of {label!r}"
        )

    if one.unknown:
        said.append(f"the {one.kind} of {one.unknown} of {one.tested} is not known")

    return "; ".join(said)


def independence(overlap: Overlap) -> str:
    """Say whether a division is independent of speakers."""
    if overlap.items:
        heard = _share(len(overlap.items), overlap.tested)
        return f"not speaker-independent: the speakers of {heard} clips tested are also in training"
    if overlap.unknown:
        return (
            f"of unknown independence of speakers: this cannot be said for "
            f"{overlap.unknown} of {overlap.tested} clips"
        )

    return "speaker-independent: no speaker is in both"


def inside_sentences(within: Inside, most: int | None, names: bool = True) -> list[str]:
    """Say what a set of clips holds twice; `most` limits the examples, `names` says whether to give
    any.
    """
    if within.unknown[AUDIO] == within.entries:
        return [
            "equal recordings and near-duplicates: not known, the audio is not here or was "
            "not looked at"
        ]

    lines = [f"recordings that occur twice with equal audio: {len(within.copies)}"]
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
    shown = ids if most is None else ids[:_SHOWN]
    return " = ".join(shown) + (
        f" and {len(ids) - len(shown)} more" if len(ids) > len(shown) else ""
    )


def percent(part: int, whole: int) -> str:
    """Return a share as in `41.2 %`."""
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({percent(part, whole)})"


def _listed(single: Mapping[str, str]) -> str:
    shown = [f"{value} {label!r}" for value, label in list(single.items())[:_SHOWN]]
    more = f" and {len(single) - _SHOWN} more" if len(single) > _SHOWN else ""
    return ", ".join(shown) + more


def _examples(texts: Sequence[str], most: int | None) -> str:
    if not texts:
        return ""

    shown = texts if most is None else texts[:most]
    more = f" and {len(texts) - len(shown)} more" if len(texts) > len(shown) else ""
    return f" ({'; '.join(shown)}{more})"
