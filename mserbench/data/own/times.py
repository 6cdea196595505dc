"""Which part of a file a row means: start and end or duration, in the unit that the file names."""

from __future__ import annotations

import math
from collections.abc import Mapping


class WrongValue(Exception):
    """What is wrong with a value of one row; it becomes a fault."""


def span(
    values: Mapping[str, str], units_per_second: float = 1.0
) -> tuple[float | None, float | None]:
    """Return start and end in seconds of a row's `start`, `end` and `duration`; None for none.

    Raises WrongValue for what is no number, and for an end that does not come after the start.
    """
    start, end, duration = (
        _seconds(values.get(name, ""), name, units_per_second)
        for name in ("start", "end", "duration")
    )
    if duration is not None:
        end = (start or 0.0) + duration

    if end is not None and end <= (start or 0.0):
        raise WrongValue(
            f"start is {start or 0.0:g} s and end {end:g} s, but the end must come after the start"
        )

    return start, end


def _seconds(text: str, name: str, units_per_second: float) -> float | None:
    if not text:
        return None

    try:
        number = float(text)
    except ValueError:
        number = math.nan

    if not (math.isfinite(number) and number >= 0):
        expected = "seconds such as 1.5" if units_per_second == 1 else "units such as 1500"
        raise WrongValue(f"{name} is {text[:100]!r}, but a number of {expected} was expected")

    return number / units_per_second
