"""The stages before: the manifests of the weights that a training went on from, kept beside its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mserbench import exposure
from mserbench.contracts import ModelCard
from mserbench.errors import DataError
from mserbench.files import write_atomic

FILE = "earlier_stages.json"


def of(folder: Path) -> list[dict[str, Any]]:
    """Return the manifests of all stages before the one whose weights lie in a folder. Raises DataError if damaged."""
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        for manifest in found:
            exposure.card_with_manifest(_NOBODY, manifest)  # it reads all that is wanted later
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{str(path)!r} is damaged ({error}): train again") from error
    return list(found)


def with_last(folder: Path) -> list[dict[str, Any]]:
    """Return the manifests of all stages up to the one whose weights lie in a folder. Raises DataError."""
    return [*of(folder), exposure.read_manifest(folder)]


def write(folder: Path, manifests: Sequence[Mapping[str, Any]]) -> None:
    """Write the manifests of the stages before beside weights; nothing where there were none."""
    if manifests:
        write_atomic(folder / FILE, json.dumps(list(manifests), indent=1, sort_keys=True) + "\n")


def exposed(card: ModelCard, manifests: Sequence[Mapping[str, Any]]) -> ModelCard:
    """Return a card with what the stages before were trained on: a clip of stage 1 is no unseen clip after stage 2."""
    for manifest in manifests:
        card = exposure.card_with_manifest(card, manifest)
    return card


_NOBODY = ModelCard("", "", "", "", "", (), True)
