"""Codes by which publishers name emotions in tables: letters and numbers that are no words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

# From the publishers' own descriptions; a code that says "no agreement" or "other" is dropped.
SYSTEMS: dict[str, dict[str, str]] = {
    "MSP-Podcast": {
        "A": "angry", "S": "sad", "H": "happy", "U": "surprise", "F": "fear", "D": "disgust",
        "C": "contempt", "N": "neutral", "O": "", "X": "",
    },
    "EmoDB": {
        "W": "angry", "L": "boredom", "E": "disgust", "A": "fear", "F": "happy", "T": "sad",
        "N": "neutral",
    },
    "ShEMO": {
        "A": "angry", "H": "happy", "N": "neutral", "S": "sad", "W": "surprise", "F": "fear",
    },
    "CaFE": {
        "C": "angry", "D": "disgust", "J": "happy", "N": "neutral", "P": "fear", "S": "surprise",
        "T": "sad",
    },
    "SAVEE": {
        "a": "angry", "d": "disgust", "f": "fear", "h": "happy", "n": "neutral", "sa": "sad",
        "su": "surprise",
    },
    "EMOVO": {
        "dis": "disgust", "gio": "happy", "pau": "fear", "rab": "angry", "sor": "surprise",
        "tri": "sad", "neu": "neutral",
    },
    "RAVDESS": {
        "01": "neutral", "02": "calm", "03": "happy", "04": "sad", "05": "angry", "06": "fear",
        "07": "disgust", "08": "surprise",
    },
}  # fmt: skip
_BY_COLUMN = {"emoclass": "MSP-Podcast"}  # columns that one publisher alone calls so
_FEWEST = 3  # codes in use: two letters fit too many systems


@dataclass(frozen=True)
class Reading:
    """Which systems know all codes of a column, and what each code means where they agree."""

    systems: tuple[str, ...]
    meanings: dict[str, str]


def read(column: str, values: Collection[str]) -> Reading | None:
    """Return what the codes of a column may mean; None where no system knows all of them.

    A code that fitting systems read differently has no meaning here.
    """
    named = _BY_COLUMN.get(column.casefold())
    if len(values) < (2 if named else _FEWEST):
        return None

    candidates = [named] if named else list(SYSTEMS)
    systems = [name for name in candidates if SYSTEMS[name].keys() >= set(values)]
    meanings = {}
    for value in values:
        readings = {SYSTEMS[name][value] for name in systems}
        if len(readings) == 1:
            meanings[value] = readings.pop()

    return Reading(tuple(systems), meanings) if systems else None
