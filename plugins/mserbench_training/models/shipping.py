"""Trains the linear weights that ship: for tasks, by speaker, and for people from all corpora."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import mserbench
from mserbench.disk import folders

PEOPLE = ("emodb", "emovo", "aesdd", "ravdess")
"""All real corpora at hand: what `mserbench predict` goes by, as no task is to be unseen."""

# Within a label every corpus counts alike, however large it is.
_FOR_PEOPLE = {"balance": "corpora"}


def remake(
    folder: Path,
    weights: Mapping[str, Sequence[str]],
    by_speaker: Collection[str],
    people: str,
    models: Mapping[str, str],
    data: Path | None = None,
) -> None:
    """Train all weights of models anew; the old ones stay until all new ones are there.

    `weights`: tasks by name. `by_speaker`: those of them that are trained once more, normalised by
    speaker, under the name with `-speaker`. `people`: the name of those of all corpora. `models`:
    folder below `folder` by model, "" for `folder` itself. `data`: the folder of the corpora, else
    that of $MSERBENCH_DATA.
    """
    with folders.whole(folder) as new:
        for model, below in models.items():
            recipes: list[tuple[str, Sequence[str], Mapping[str, str]]] = []
            for name, tasks in weights.items():
                recipes.append((name, tasks, {}))
                if name in by_speaker:
                    recipes.append((f"{name}-speaker", tasks, {"normalise": "speaker"}))

            for name, tasks, options in [*recipes, (people, PEOPLE, _FOR_PEOPLE)]:
                mserbench.train(model, tasks, new / below / name, options=dict(options), data=data)
