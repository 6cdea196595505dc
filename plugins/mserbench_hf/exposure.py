"""What a checkpoint was trained on: the one place where that is looked up."""

from __future__ import annotations

from dataclasses import replace

from mserbench.cards import ModelCard
from mserbench.results.own_cards import unknown_card
from mserbench.results.public import card_named, registry
from mserbench_hf.checkpoint import Checkpoint


def exposure_of(checkpoint: Checkpoint) -> ModelCard | None:
    """Return what the registry of public checkpoints says of one; None where it has it not.

    By its id on the hub, the hash of its weights, the name of its folder, or what its configuration
    says that it was made from: the last two are claims, and never make a list complete.
    """
    entries = registry()
    match = entries.find(
        identifier=checkpoint.hub_id,
        hashes=checkpoint.file_hashes,
        folder=checkpoint.folder.name,
        made_from=checkpoint.made_from,
    )
    return entries.card(match, "hf") if match else None


def card_of(own_card: str, checkpoint: Checkpoint, title: str) -> ModelCard:
    """Return the card of a checkpoint: the user's own, else the registry's, else that of nothing
    known, which makes the verdict `unknown`.

    `own_card`: a file, or `registry:NAME`; the version is the beginning of the weights' hash.
    Raises DataError for a card that cannot be read, UnknownName for no entry.
    """
    version = checkpoint.weights_hash[:12]
    if own_card:
        return replace(card_named(own_card, "hf"), version=version)

    card = exposure_of(checkpoint) or unknown_card("hf")
    return replace(card, title=title, version=version, licence=checkpoint.licence)
