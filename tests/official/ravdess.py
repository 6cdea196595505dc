"""RAVDESS speech as Zenodo gives it: one folder an actor, and a clip of the song release that
strayed in.
"""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus, lookup
from official.audio import link


def build(root: Path) -> None:
    """Build the tree below `root`."""
    stems = corpus.inventory(lookup.corpus("ravdess").card)
    folder = "Audio_Speech_Actors_01-24"
    link(root, (f"{folder}/Actor_{stem[-2:]}/{stem}.wav" for stem in stems))
    link(root, ["Audio_Song_Actors_01-24/Actor_01/03-02-01-01-01-01-01.wav"])
