"""AESDD as its page gives it: a folder an emotion, and the file with a header and no audio."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus, lookup
from official.audio import link

FOLDERS = {"a": "anger", "d": "disgust", "f": "fear", "h": "happiness", "s": "sadness"}


def build(root: Path) -> None:
    """Build the tree below `root`."""
    stems = corpus.inventory(lookup.corpus("aesdd").card)
    top = root / "Acted Emotional Speech Dynamic Database"
    link(root, (f"{top.name}/{FOLDERS[stem[0]]}/{stem}.wav" for stem in stems))

    # The release has this file, and the card of the corpus passes over it.
    (top / "sadness").mkdir(parents=True, exist_ok=True)
    (top / "sadness/s05 (3).wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt ")
