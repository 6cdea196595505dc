"""Parts of recordings that lie beyond the end of their file: milliseconds, samples, wrong rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mserbench.contracts import Utterance
from mserbench.data import audio
from mserbench.data.index import Facts

TOLERANCE = 0.05  # seconds: tables are rounded, and decoders leave out a frame
_FEWEST = 3  # parts beyond their files, below which no unit is guessed
_MOSTLY = 0.9  # of all parts with times must lie beyond, for the unit to be the reason
_REACHED = 0.1  # of some file must be reached by the unit that is guessed
UNITS = {1_000: "milliseconds", 100: "hundredths of a second", 1_000_000: "microseconds"}


def checked(
    root: Path, utterances: Sequence[Utterance], facts: Mapping[str, Facts]
) -> dict[str, Facts]:
    """Return the facts of clips, with a problem for each part that ends beyond its file.

    Where nearly all parts do so, and would fit if times were of another unit, the problem asks
    whether they are. Lengths are those of the decoded audio; of a part that is empty, as it begins
    beyond the end, that which the file's header tells.
    """
    timed = [u for u in utterances if (u.start or u.end) and u.id in facts]
    lengths = {
        utterance.id: length
        for utterance in timed
        if (length := _length(root, utterance, facts[utterance.id])) is not None
    }
    guess = ""
    if len(lengths) >= max(_FEWEST, _MOSTLY * len(timed)):
        guess = _guess([(u, lengths[u.id]) for u in timed if u.id in lengths], facts)

    problems = {
        utterance.id: _sentence(utterance, lengths[utterance.id]) + guess
        for utterance in timed
        if utterance.id in lengths
    }
    return {
        identity: replace(clip, problem=problems[identity]) if identity in problems else clip
        for identity, clip in facts.items()
    }


def _length(root: Path, utterance: Utterance, clip: Facts) -> float | None:
    """Return the length of a file in seconds, where its part lies beyond; None where it fits."""
    start = utterance.start or 0.0
    if not clip.problem:
        end = start + clip.seconds
        return end if utterance.end is not None and utterance.end > end + TOLERANCE else None

    # The header is read for clips that nothing was heard of alone: all others are known.
    length = audio.told_seconds(root / utterance.audio)
    return length if length and start >= length - TOLERANCE else None


def _sentence(utterance: Utterance, length: float) -> str:
    start, end = utterance.start or 0.0, utterance.end
    part = f"starts at {start:g} s" if start >= length - TOLERANCE else f"ends at {end:g} s"
    return (
        f"clip {utterance.id!r} {part}, but its file {utterance.audio!r} ends at {length:.3g} s: "
        "correct its row, or leave it out"
    )


def _guess(beyond: Sequence[tuple[Utterance, float]], facts: Mapping[str, Facts]) -> str:
    """Return the question whether all times are of another unit; empty where none fits."""
    # Of parts that are empty no rate is known, but most corpora have one of these.
    rates = sorted({facts[u.id].rate for u, _ in beyond if facts[u.id].rate}) or [
        16_000, 44_100, 48_000, 22_050, 8_000,
    ]  # fmt: skip
    units = {**UNITS, **{rate: f"samples at {rate:,} Hz" for rate in rates}}
    last = [(max(u.start or 0.0, u.end or 0.0), length) for u, length in beyond]
    for units_per_second, name in sorted(units.items()):
        fits = all(time / units_per_second <= length + TOLERANCE for time, length in last)
        # A unit by which all parts lie at the very begin of their files explains nothing.
        furthest = max(time / units_per_second / length for time, length in last)
        if fits and furthest >= _REACHED:
            return (
                f"; all times are off by one factor: are they {name}? (units_per_second = "
                f"{units_per_second} in a TOML file)"
            )

    return ""
