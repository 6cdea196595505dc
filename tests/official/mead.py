"""MEAD as published: 31,729 m4a files, the label and the level in their folders."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus
from mserbench_tasks.corpora import mead
from official import audio


def build(root: Path) -> None:
    """Build the tree of all 48 speakers."""
    parts = (identity.split("/") for identity in corpus.inventory(mead.CARD))
    audio.link(
        root,
        [
            f"{speaker}/audio/{emotion}/{level}/{name}.m4a"
            for speaker, emotion, level, name in parts
        ],
    )
