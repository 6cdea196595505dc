"""The tables of the demo corpora: sentences, voices, and how emotions move the controls."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

TRAINING_LANGUAGES = ("en", "fr", "de", "it", "es", "zh")
TEST_LANGUAGES = ("el", "fa", "ru")

CONTROLS = (
    "pitch", "range", "rate", "pause", "tilt", "gain", "eslope", "pslope", "breath", "tremor",
    "rough",
)  # fmt: skip
"""The cues of the rule, in the order in which their noise is drawn."""

FILES = ("sentences.csv", "variants.csv", "profiles.csv")
"""The tables on disk; together with the code they decide every sample of the corpus."""

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sentence:
    """One neutral sentence; white space marks the tokens that pauses and pitch go by."""

    id: str
    voice: str  # espeak-ng's name of the language
    text: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One timbre of espeak-ng, for training and validation speakers or for test speakers."""

    name: str
    sex: Literal["f", "m"]
    use: Literal["train", "test"]


@cache
def sentences() -> Mapping[tuple[str, str], Sentence]:
    """Return the sentences by (language, sentence id): ten meanings in nine languages."""
    return {
        (row["language"], row["sentence"]): Sentence(row["sentence"], row["voice"], row["text"])
        for row in _rows("sentences.csv")
    }


@cache
def variants() -> tuple[Variant, ...]:
    """Return the espeak-ng variants in use, in the order of the table."""
    return tuple(Variant(**row) for row in _rows("variants.csv"))  # type: ignore[arg-type]


@cache
def profiles() -> Mapping[str, Mapping[str, float]]:
    """Return for each emotion the mean z of each control, before speaker, language and noise."""
    rows = _rows("profiles.csv")
    return {row["emotion"]: {control: float(row[control]) for control in CONTROLS} for row in rows}


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
