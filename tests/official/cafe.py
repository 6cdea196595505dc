"""CaFE as published: 936 wav files below emotion and intensity, in folders with accents."""

from __future__ import annotations

from pathlib import Path

from mserbench.data import corpus
from mserbench_tasks.corpora import cafe
from official import audio

FOLDERS = {
    "C": "Colère", "D": "Dégoût", "J": "Joie", "N": "Neutre", "P": "Peur", "S": "Surprise",
    "T": "Tristesse",
}  # fmt: skip


def build(root: Path, folders: dict[str, str] = FOLDERS) -> None:
    """Build the 48 kHz release; Neutre has no folders of intensity."""
    names = []
    for stem in corpus.inventory(cafe.CARD):
        _, emotion, intensity, _ = stem.split("-")
        level = "" if emotion == "N" else {"1": "Faible/", "2": "Fort/"}[intensity]
        names.append(f"{folders[emotion]}/{level}{stem}.wav")

    audio.link(root, names)
