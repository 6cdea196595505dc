"""What made the speech of a corpus of one's own: what those models were exposed to, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from mserbench import languages
from mserbench.cards import Exposure, ExposureKind
from mserbench.data.own.wording import nearest, shown

_KEYS = ("corpus", "languages", "kind", "evidence")


def faults(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield everything that is wrong with `[[exposure]]` and `exposure_complete`."""
    complete = record.get("exposure_complete", False)
    if not isinstance(complete, bool):
        yield (("exposure_complete",), f"is {shown(complete)}, but true or false was expected")

    listed = record.get("exposure", [])
    if not isinstance(listed, list) or not all(isinstance(part, dict) for part in listed):
        yield ("exposure",), f"is {shown(listed)}, but tables [[exposure]] were expected"
        return

    for number, part in enumerate(listed, 1):
        for sentence in _faults_of(part):
            yield ("exposure",), f"number {number}: {sentence}"


def read(record: Mapping[str, Any]) -> tuple[Exposure, ...]:
    """Return the exposure that a checked file tells."""
    return tuple(
        Exposure(part["corpus"], tuple(part["languages"]), part["kind"], part["evidence"])
        for part in record.get("exposure", [])
    )


def is_complete(record: Mapping[str, Any]) -> bool | None:
    """Return whether the list is known to hold all; None where the file speaks of no exposure."""
    is_told = "exposure" in record or "exposure_complete" in record
    return bool(record.get("exposure_complete", False)) if is_told else None


def _faults_of(part: Mapping[str, Any]) -> Iterator[str]:
    for key in part:
        if key not in _KEYS:
            yield f"the key {shown(key)} is not known; {nearest(key, _KEYS)}"

    for key in ("corpus", "evidence"):
        value = part.get(key)
        if not isinstance(value, str) or not value.strip():
            yield f"{key!r} is {shown(value)}, but a text was expected"

    kinds = get_args(ExposureKind)
    if part.get("kind") not in kinds:
        yield f"'kind' is {shown(part.get('kind'))}, but one of {', '.join(kinds)} was expected"

    spoken = part.get("languages")
    if not isinstance(spoken, list) or languages.fault(spoken):
        yield (
            f"'languages' is {shown(spoken)}, but a list of ISO 639 codes such as 'en' was expected"
        )
