"""How files are to be heard, as the command and the Python function ask for it: checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mserbench.data.windows import Windowing
from mserbench.errors import UsageError

SHORTEST = 0.1  # seconds, of a window or a hop
PAUSES = "pauses"
CHANNELS = ("mix", "each")


@dataclass(frozen=True)
class Hearing:
    """How files are heard: by windows, or by segments between pauses; mixed, or by channel."""

    windowing: Windowing = field(default_factory=Windowing)
    pauses: bool = False
    channels: bool = False


def hearing_of(
    window: float | None,
    hop: float | None,
    segments: str | None,
    channels: str,
    dashes: str = "",
) -> Hearing:
    """Return how files are heard; `window` and `hop` in seconds, a window without end is none.

    `dashes` stand before an argument's name in errors, as it is typed. Raises UsageError for what
    does not go together, or is none of the choices.
    """
    if segments not in (None, PAUSES):
        raise UsageError(f"{dashes}segments is {segments!r}, but {PAUSES!r} or none was expected")
    if channels not in CHANNELS:
        choices = " or ".join(map(repr, CHANNELS))
        raise UsageError(f"{dashes}channels is {channels!r}, but {choices} was expected")
    if segments is not None and (window is not None or hop is not None):
        raise UsageError(
            f"{dashes}segments was given with {dashes}window or {dashes}hop, but a file is cut at "
            "its pauses or into windows: give one of them"
        )

    return Hearing(_windowing(window, hop, dashes), segments is not None, channels == "each")


def _windowing(window: float | None, hop: float | None, dashes: str) -> Windowing:
    if window is not None and math.isinf(window) and hop is not None:
        raise UsageError(
            f"{dashes}hop was given with {dashes}window {'none' if dashes else 'inf'}, which has "
            "no windows: leave one of them away"
        )

    usual = Windowing()
    length = usual.length if window is None else window
    step = length if hop is None else hop
    if step > length:
        raise UsageError(
            f"{dashes}hop is {step:g} s, but at most the window of {length:g} s was expected: else "
            "audio is lost"
        )

    # Who asks for windows wants them of every longer file, not of those over 30 s alone.
    return Windowing(length, step, usual.over if window is None else length)
