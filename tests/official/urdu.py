"""URDU as published: 400 wav files in four folders."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus
from mserbench_tasks.corpora import urdu
from official import audio


def build(root: Path) -> None:
    """Build the four folders of the publisher's repository."""
    stems = corpus.inventory(urdu.CARD)
    audio.link(root, [f"{urdu.FOLDERS[stem.split('_')[2][0]]}/{stem}.wav" for stem in stems])
