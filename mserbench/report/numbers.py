"""How a number is written for a person: percent with one digit, and its interval."""

from __future__ import annotations

from collections.abc import Sequence


def percent(
    value: float,
    interval: Sequence[float] | None = None,
    by_clip: bool = False,
    signed: bool = False,
) -> str:
    """Write a fraction as percent with one digit, with its interval where there is one: `45.3
    [41.2, 49.0]`; `signed` as a difference in points: `+4.1 [+1.2, +7.0]`.

    An interval over clips, where no speaker is known, says nothing of other speakers: `45.3 (clips:
    43.9 to 46.7)`.
    """
    sign = "+" if signed else ""
    text = f"{100 * value:{sign}.1f}"
    if interval is None:
        return text

    lower, upper = (f"{100 * end:{sign}.1f}" for end in interval)
    return f"{text} (clips: {lower} to {upper})" if by_clip else f"{text} [{lower}, {upper}]"
