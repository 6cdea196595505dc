"""ShEMO as its archives unpack: female, male, transcripts, and the file of corrected labels."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from mserbench.data import corpus, divisions, lookup
from official.audio import link

WORDS = {
    "A": "anger",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "S": "sadness",
    "W": "surprise",
}
# How many have each corrected label, as published; which ones is made up here.
CORRECTED = {"A": 1042, "F": 32, "H": 203, "N": 1160, "S": 361, "W": 202}
SPOKEN = "\u0633\u0644\u0627\u0645"


def build(root: Path) -> None:
    """Build the tree below `root`."""
    card = lookup.corpus("shemo").card
    stems = corpus.inventory(card)
    unpaired = {
        stem
        for stem, part in divisions.parts(card, "emobox").by_value.items()
        if part == "unpaired"
    }
    link(root, (f"{'female' if stem[0] == 'F' else 'male'}/{stem}.wav" for stem in stems))

    for folder, suffix in (("final text", "ort"), ("final script", "tra")):
        (root / folder).mkdir()
        for number, stem in enumerate(stems):
            # Some transcripts bear a name that no recording has, as in the release.
            name = f"{stem[:4]}9{number % 100:02}x" if stem in unpaired else stem
            (root / folder / f"{name}.{suffix}").write_bytes(
                f"\ufeff\u200f{SPOKEN} {stem}\u200e\r\n".encode()
            )

    entries = {f"{stem}.wav": _entry(stem, letter) for stem, letter in _corrected(stems).items()}
    (root / "modified_shemo.json").write_text(json.dumps(entries, indent=4), encoding="utf-8")


def _corrected(stems: tuple[str, ...]) -> dict[str, str]:
    """Give as many recordings another letter as it takes to have the published counts."""
    surplus = Counter(stem[3] for stem in stems)
    surplus.subtract(CORRECTED)
    lacking = [letter for letter, n in surplus.items() for _ in range(-n)]
    letters = {}

    for stem in stems:
        moved = surplus[stem[3]] > 0
        letters[stem] = lacking.pop() if moved else stem[3]
        surplus[stem[3]] -= moved

    return letters


def _entry(stem: str, letter: str) -> dict[str, str]:
    return {
        "path": f"shemo/{stem}.wav", "gender": "female" if stem[0] == "F" else "male",
        "speech_name": stem,
        "text_name": f"{stem[:3]}{letter}{stem[4:]}", "emotion": WORDS[letter],
        "transcript": f"{SPOKEN}\u200e {stem}",
        "ipa": "s\u04d5l\u0251m",
    }  # fmt: skip
