"""EmoDB as its page gives it: all recordings in the folder wav."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus, lookup
from official.audio import link


def build(root: Path) -> None:
    """Build the tree below `root`."""
    link(root, (f"wav/{stem}.wav" for stem in corpus.inventory(lookup.corpus("emodb").card)))
