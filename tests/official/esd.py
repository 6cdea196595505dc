"""ESD as published: 35,000 wav files by speaker and emotion, texts in mixed encodings."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus
from mserbench_tasks.corpora import esd
from official import audio

ENCODINGS = ("utf-8", "utf-16", "gb2312", "latin-1")


def build(root: Path) -> None:
    """Build the flat layout of all 20 speakers."""
    stems = corpus.inventory(esd.CARD)
    audio.link(
        root,
        [
            f"{stem[:4]}/{esd.BLOCKS[(int(stem[5:]) - 1) // esd.SENTENCES]}/{stem}.wav"
            for stem in stems
        ],
    )
    for number in range(1, 21):
        # Mandarin speakers have their labels in Chinese where the encoding can write them.
        word = "中立" if number <= 10 and ENCODINGS[number % 4] != "latin-1" else "Neutral"
        lines = f"{number:04}_000001\ttext\t{word}\n{number:04}_000002 text {word}\n"
        (root / f"{number:04}" / f"{number:04}.txt").write_bytes(
            lines.encode(ENCODINGS[number % 4])
        )
