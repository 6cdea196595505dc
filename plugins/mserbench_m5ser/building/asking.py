"""From what is typed to a request, and from a set to what the command says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mserbench.errors import UsageError
from mserbench_m5ser.building.agreement import Judge
from mserbench_m5ser.building.building import Built
from mserbench_m5ser.building.filters import PUBLISHED, Filters
from mserbench_m5ser.building.request import Request

_SHOWN = 5  # reasons of failures; the table of the set has all


def request(
    *,
    sources: str,
    languages: str,
    translator: str,
    options: Sequence[str],
    protect: str,
    allow_partial: bool,
    agree_by: str | None,
    filters: Filters,
) -> Request:
    """Return the request of the options of the command. Raises UsageError for one that cannot be
    read.
    """
    return Request(
        sources=_names(sources, "sources"),
        languages=_names(languages, "languages"),
        translator=translator,
        options=dict(_pair(text, "option", "KEY=VALUE") for text in options),
        filters=filters,
        judge=_judge(agree_by),
        protect=_names(protect, "protect") if protect.strip() else (),
        allow_partial=allow_partial,
    )


def filters(
    min_seconds: float,
    sizes: Sequence[str],
    silence_db: float | None,
    max_clipped: float | None,
    duration_ratio: str | None,
) -> Filters:
    """Return the rules of the options of the command. Raises UsageError as `request` does."""
    # A threshold of one corpus leaves those of the others as published.
    least = dict(PUBLISHED)
    for text in sizes:
        corpus, kilobytes = _pair(text, "min-kb", "CORPUS=KB")
        least[corpus] = _number(kilobytes, f"--min-kb {text}")

    ratio = None
    if duration_ratio is not None:
        shortest, _, longest = duration_ratio.partition(":")
        wording = f"--duration-ratio {duration_ratio}"
        ratio = (_number(shortest, wording), _number(longest, wording))

    return Filters(min_seconds, least, silence_db, max_clipped, ratio)


def summary(built: Built) -> Iterator[str]:
    """Yield the lines that tell of a set."""
    became = built.manifest["became"]
    if built.was_there:
        yield f"{built.folder} is done already, by the same request: nothing was made anew"

    yield f"{became['clips']:,} clips, {became['hours']:.2f} h in {built.folder}"
    for language, counts in became["by_language"].items():
        yield f"  {language}: {counts['clips']:,} clips, {counts['hours']:.2f} h"

    for reason, count in became["dropped"].items():
        yield f"left out: {count:,} {reason}"

    for reason, count in list(became["failed"].items())[:_SHOWN]:
        yield f"failed: {count:,} {reason}"

    if len(became["failed"]) > _SHOWN:
        yield f"failed: for {len(became['failed']) - _SHOWN} more reasons, which its table tells"

    yield f"verify it: mserbench m5ser verify {built.folder}"


def _names(text: str, option: str) -> tuple[str, ...]:
    listed = [name.strip() for name in text.split(",") if name.strip()]
    if not listed or len(set(listed)) < len(listed):
        raise UsageError(
            f"--{option} is {text!r}, but a comma list of different names was expected"
        )

    return tuple(listed)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--{option} {text!r} is not understood: {form} was expected")

    # Options are fields of a dataclass, but people type them as they type flags.
    name = name.strip()
    return name.replace("-", "_") if option == "option" else name, value.strip()


def _number(text: str, wording: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{wording} is not understood: a number was expected") from None


def _judge(text: str | None) -> Judge | None:
    if text is None:
        return None

    model, _, weights = text.partition(",")
    return Judge(model.strip(), weights.strip() or None)
