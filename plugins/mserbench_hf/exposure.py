"""What a checkpoint was trained on: the one place where that is looked up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mserbench.cards import ModelCard
from mserbench.results.own_cards import read_card, unknown_card


def exposure_of(identifier: str, folder: str, weights_hash: str) -> ModelCard | None:
    """Return what is known of a public checkpoint; None where nobody says what it learnt.

    `identifier`: its id on the hub, or what its configuration says that it was made from; `folder`:
    the last part of its folder; `weights_hash`: SHA-256 (hex) of its safetensors. A registry of
    public checkpoints is asked here; there is none yet.
    """
    return None


def card_of(
    own_card: str, identifier: str, folder: str, weights_hash: str, title: str, licence: str
) -> ModelCard:
    """Return the card of a checkpoint: the user's own, else the registry's, else that of nothing
    known, which makes the verdict `unknown`.

    `title` and `licence` as the checkpoint says them; its version is the beginning of the hash.
    Raises DataError for a card that cannot be read.
    """
    version = weights_hash[:12]
    if own_card:
        return replace(read_card(Path(own_card), "hf"), version=version)

    card = exposure_of(identifier, folder, weights_hash) or unknown_card("hf")
    return replace(card, name="hf", title=title, version=version, licence=licence)
