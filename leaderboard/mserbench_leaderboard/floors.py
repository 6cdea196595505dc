"""The runs of `prior` and `random` made again: they need no audio, so nobody need be believed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mserbench.contracts import Clip
from mserbench.errors import MserbenchError
from mserbench.options import make_options
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results import predictions
from mserbench.running.lookup import model_class
from mserbench_leaderboard.board import FLOORS
from mserbench_leaderboard.entries import BoardRun


def findings(entry: BoardRun, rows: Sequence[predictions.Prediction]) -> list[str]:
    """Return a sentence where a floor's predictions are not what it gives; none for other models,
    for trained weights, and where no plugin registers it.
    """
    model = entry.run.record.model
    if entry.model not in FLOORS or model.weights is not None:
        return []
    if model.submitted is not None or entry.model not in registry.entries(ModelEntry):
        return []

    name, labels = f"run {entry.place!r}", entry.question.labels
    try:
        scores = _scores(entry)
    except MserbenchError as error:
        return [f"{name}: {entry.model!r} cannot be run again with its options ({error})"]

    # Six digits, as the file has them.
    for row, of_row in zip(rows, scores, strict=True):
        written = tuple(float(f"{score:.6g}") for score in of_row)
        answer = predictions.best_label(of_row.tolist(), labels)
        if row.scores != written or row.prediction != answer:
            return [
                f"{name}: {entry.model!r} gives {answer!r} for {row.id!r} when it is run again, "
                f"and not {row.prediction!r} with the scores there: run it again"
            ]

    return []


def _scores(entry: BoardRun) -> NDArray[np.float64]:
    kind = model_class(entry.model)
    options = {name: str(value) for name, value in entry.run.record.model.options.items()}
    floor = kind(make_options(kind, options, entry.model), None, "cpu")
    clips = [_unheard(entry.run.record.corpus.name, identity) for identity in entry.items.ids]

    return np.asarray(floor.predict(clips, entry.question.labels), dtype=np.float64)


def _unheard(corpus: str, identity: str) -> Clip:
    """Return a clip as `mserbench.data.dataset.Item.clip` makes it, but for its audio."""
    seed = hashlib.sha256(f"{corpus}/{identity}".encode()).hexdigest()
    return Clip(seed, seed, 1.0, lambda: np.zeros(16_000, dtype=np.float32))
