"""A corpus that is made on the spot: twelve tones of three speakers, loud ones `A`, soft ones
`S`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mserbench import Corpus, CorpusCard, Task, Tree, Utterance
from mserbench.disk.files import cache_dir

NAME = re.compile(r"s(?P<speaker>\d)_(?P<emotion>[AS])_(?P<take>\d)")

CARD = CorpusCard(
    name="stranger",
    title="A stranger's corpus of tones",
    languages=("cy",),
    speakers=3,
    licence="CC0-1.0",
    access="generated",
    source="made by mserbench-stranger",
    how_to_get="nothing to do",
    unpack="nothing to do",
    citation="none",
    counts={"complete": {"A": 6, "S": 6}},
    synthetic=True,
)


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield the tones; all facts stand in the file name."""
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            yield Utterance(stem, path, match["emotion"], f"stranger:{match['speaker']}", "cy")


def provide() -> Path:
    """Write the tones into the cache, once, and return their folder."""
    import soundfile

    folder = cache_dir() / "stranger"
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(8000) / 16_000

    for number in range(12):
        speaker, emotion, take = number % 3, "AS"[number % 2], number // 6
        path = folder / f"s{speaker}_{emotion}_{take}.wav"
        if not path.exists():
            level = 0.8 if emotion == "A" else 0.1
            soundfile.write(path, level * np.sin(2 * np.pi * (150 + 20 * number) * time), 16_000)

    return folder


CORPUS = Corpus(CARD, parse, provide)

TASK = Task(
    name="stranger-task",
    title="Angry or sad tones",
    corpus="stranger",
    languages=("cy",),
    labels=("angry", "sad"),
    label_map={"A": "angry", "S": "sad"},
    counts={"angry": 6, "sad": 6},
)
