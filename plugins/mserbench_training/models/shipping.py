"""Trains the linear weights that ship: for tasks, by speaker, and for people from all corpora."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import mserbench
from mserbench.disk import folders
from mserbench.results.manifest import read_manifest
from mserbench.results.weights_card import WeightsCard, card_path, read_card, write_card
from mserbench_training.models.model_file import NAME

PEOPLE = ("emodb", "emovo", "aesdd", "ravdess")
"""All real corpora at hand: what `mserbench predict` goes by, as no task is to be unseen."""

# Corpora and labels count alike, and a target is taken to lie amid the corpora.
_FOR_PEOPLE = {"normalise": "corpus", "balance": "corpora"}


def remake(
    folder: Path,
    weights: Mapping[str, Sequence[str]],
    people: str,
    models: Mapping[str, str],
    data: Path | None = None,
) -> None:
    """Train all weights of models anew; the old ones stay until all new ones are there.

    `weights`: tasks by name, trained plain and, under the name with `-speaker`, normalised by
    speaker. `people`: the name of those of all corpora. `models`: folder below `folder` by model,
    "" for `folder` itself. `data`: the folder of the corpora, else that of $MSERBENCH_DATA.
    """
    with folders.whole(folder) as new:
        for model, below in models.items():
            recipes: list[tuple[str, Sequence[str], Mapping[str, str]]] = []
            for name, tasks in weights.items():
                recipes.append((name, tasks, {}))
                recipes.append((f"{name}-speaker", tasks, {"normalise": "speaker"}))

            for name, tasks, options in [*recipes, (people, PEOPLE, _FOR_PEOPLE)]:
                trained = new / below / name
                mserbench.train(model, tasks, trained, options=dict(options), data=data)
                _write_card(trained, folder / below / name)


def _write_card(trained: Path, old: Path) -> None:
    """Write the card of new weights; what was measured with the old ones is kept if they are the
    same.
    """
    labels = json.loads((trained / NAME).read_text(encoding="utf-8"))["labels"]
    weights_hash = read_manifest(trained).weights_hash
    earlier = read_card(old) if card_path(old).is_file() else None
    if earlier and earlier.hash == weights_hash:
        write_card(trained, earlier)
    else:
        write_card(trained, WeightsCard(weights_hash, tuple(labels)))
