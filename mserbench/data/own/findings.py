"""What was found in a folder, on its way to a TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """A source of labels: `sentences` say what was seen, `doubts` what to look at."""

    source: dict[str, str]
    columns: dict[str, str | list[str]]
    labels: dict[str, int]
    # What a raw label stands for, where the source says it.
    meanings: dict[str, str] = field(default_factory=dict)
    # Raw labels whose meaning is a guess by the codes of a publisher.
    guessed: set[str] = field(default_factory=set)
    languages: tuple[str, ...] = ()
    language_from: str = ""  # where the language was read, if that is a guess
    licence: str = "unknown"
    is_licence_guessed: bool = False
    family: str = ""
    strip: str = ""
    units_per_second: int = 1
    sentences: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
