"""EMOVO as its archive holds it: one folder a speaker."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus, lookup
from official.audio import link


def build(root: Path) -> None:
    """Build the tree below `root`."""
    stems = corpus.inventory(lookup.corpus("emovo").card)
    link(root, (f"EMOVO/{stem[4:6]}/{stem}.wav" for stem in stems))
    (root / "EMOVO/documents.txt").write_text("not a label file")
