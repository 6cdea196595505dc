"""A small good corpus of one's own, with its table and TOML file, for tests that damage it."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 16_000
SECONDS = 0.6
SPEAKERS = ("ada", "bob", "eve")
LABELS = ("angry", "happy", "sad")


def sound(number: int, seconds: float = SECONDS, rate: int = RATE) -> NDArray[np.float64]:
    """Noise with a slow envelope, peak 0.5; another for each number."""
    generator = np.random.default_rng(number)
    n_samples = round(seconds * rate)
    wave = np.convolve(generator.normal(size=n_samples), np.hanning(9), "same")
    envelope = 0.2 + np.abs(np.sin(np.linspace(0, 5 + number % 4, n_samples)))
    shaped = wave * envelope
    return 0.5 * shaped / np.abs(shaped).max()


@dataclass
class OwnCorpus:
    """Recordings below `folder`/c/wav, and what the table and the TOML file will say of them.

    A damage changes files, `rows` or the rest; `write` makes the table and the TOML file then.
    """

    folder: Path
    rows: list[dict[str, str]] = field(default_factory=list)
    columns: dict[str, str] = field(
        default_factory=lambda: {"path": "file", "label": "emotion", "speaker": "speaker"}
    )
    labels: dict[str, str] = field(default_factory=lambda: {label: label for label in LABELS})
    table: str = "labels.csv"
    text: str | None = None  # the table as it stands, where it is not made of the rows

    @property
    def wav(self) -> Path:
        """The folder of the recordings."""
        return self.folder / "c" / "wav"

    @property
    def toml(self) -> Path:
        """The TOML file."""
        return self.folder / "t.toml"

    def path(self, number: int) -> Path:
        """Return the file of a row."""
        return self.folder / "c" / self.rows[number]["file"]

    def rename(self, number: int, ending: str) -> Path:
        """Give the file of a row another ending; returns its new path."""
        target = self.path(number).with_suffix(ending)
        self.path(number).rename(target)
        self.rows[number]["file"] = f"wav/{target.name}"
        return target

    def table_text(self) -> str:
        """Return the table, as csv with all columns that any row has, or as JSON lines."""
        if self.text is not None:
            return self.text
        if self.table.endswith(".jsonl"):
            return "".join(json.dumps(row) + "\n" for row in self.rows)

        names = list(dict.fromkeys(name for row in self.rows for name in row))
        with (self.folder / "written.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

        text = (self.folder / "written.csv").read_text()
        (self.folder / "written.csv").unlink()
        return text

    def write(self) -> None:
        """Write the table and the TOML file."""
        (self.folder / "c" / self.table).write_text(self.table_text())
        lines = [
            'language = "de"',
            'audio = "c"',
            f"table = {json.dumps('c/' + self.table)}",
            "[columns]",
            *(f"{key} = {json.dumps(column)}" for key, column in self.columns.items()),
            "[labels]",
            *(f"{json.dumps(raw)} = {json.dumps(label)}" for raw, label in self.labels.items()),
        ]
        self.toml.write_text("\n".join(lines) + "\n")


def build(folder: Path, telling: bool = True) -> OwnCorpus:
    """Record three speakers, three labels, two takes: 18 clips of 0.6 s.

    The names of the files name the labels, unless they are not `telling`.
    """
    corpus = OwnCorpus(folder)
    corpus.wav.mkdir(parents=True)
    names = [(who, label, take) for who in SPEAKERS for label in LABELS for take in (1, 2)]
    for number, (who, label, take) in enumerate(names):
        file = f"wav/{who}_{label if telling else LABELS.index(label)}_{take}.wav"
        soundfile.write(folder / "c" / file, sound(number), RATE, "PCM_16")
        corpus.rows.append({"file": file, "emotion": label, "speaker": who})

    return corpus
