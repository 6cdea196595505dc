"""Small corpora of one's own in English, from which sets are built in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

EMOTIONS = ("angry", "happy", "neutral", "sad")
TOML = """\
name = "{name}"
title = "A corpus of a test"
language = "en"
licence = "MIT"
table = "{name}/labels.csv"
audio = "{name}"
{more}
[columns]
path = "path"
id = "id"
label = "label"
speaker = "speaker"
split = "split"
text = "text"
derived_from = "derived_from"

[labels]
angry = "angry"
happy = "happy"
neutral = "neutral"
sad = "sad"
bored = "boredom"
other = "DROP"
"""


def sound(number: int, seconds: float) -> np.ndarray:
    """Return noise that no other number has: float32, 16 kHz."""
    noise = np.random.default_rng(number).standard_normal(round(16_000 * seconds))
    return (0.1 * noise).astype(np.float32)


def write_source(
    folder: Path,
    lengths: Sequence[float],
    *,
    name: str = "calls",
    labels: Sequence[str] = EMOTIONS,
    origins: Mapping[int, str] | None = None,
    seed: int = 0,
    more: str = "",
) -> Path:
    """Write a corpus of clips of these lengths in seconds; return the path of its TOML file."""
    (folder / name).mkdir(parents=True)
    lines = ["path,id,label,speaker,split,text,derived_from"]
    for number, seconds in enumerate(lengths):
        soundfile.write(
            folder / name / f"{number}.wav", sound(seed + number, seconds), 16_000, "PCM_16"
        )
        label = labels[number % len(labels)]
        origin = (origins or {}).get(number, "")
        lines.append(
            f"{number}.wav,c{number:05d},{label},s{number % 3},train,word {number},{origin}"
        )

    (folder / name / "labels.csv").write_text("\n".join(lines) + "\n")
    path = folder / f"{name}.toml"
    path.write_text(TOML.format(name=name, more=more))
    return path
