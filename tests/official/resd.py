"""RESD as files: two tables, two folders, and below them one a dialogue, in both spellings."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus, divisions, lookup
from official.audio import link

WORDS = {
    word[0]: word
    for word in ("anger", "disgust", "enthusiasm", "fear", "happiness", "neutral", "sadness")
}


def place(stem: str) -> str:
    """Return `folder/name.wav`, the folder in one of the two ways that the release spells them."""
    # Dialogues 01 to 11 have their number in front, the others behind.
    number, first, second = stem.replace(" ", "_").split("_")[:3]
    folder = f"{number}_{first}_{second}" if int(number) < 12 else f"{first}_{second}_{number}"
    return f"{folder}/{stem}.wav"


def build(root: Path) -> None:
    """Build the tree below `root`."""
    card = lookup.corpus("resd").card
    test = {
        stem for stem, part in divisions.parts(card, "official").by_value.items() if part == "test"
    }
    for split in ("train", "test"):
        stems = [stem for stem in corpus.inventory(card) if (stem in test) == (split == "test")]
        link(root, (f"{split}/{place(stem)}" for stem in stems))
        lines = ["path,emotion", *(f"{place(stem)},{WORDS[stem[-5]]}" for stem in stems)]
        (root / f"{split}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
