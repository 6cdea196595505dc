"""Compares penalties of the linear classifier on sources alone, as the defaults were chosen.

`python -m mserbench_baselines.choose_penalty` trains on one of EmoDB and EMOVO and tests on the
other, both ways, six common classes; it prints the mean UA in percent. Wants $MSERBENCH_DATA; no
test corpus of the board is opened.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import click
import numpy as np

from mserbench import train
from mserbench.data.labelled import labelled_clips
from mserbench.options import make_options
from mserbench.statistics import metrics
from mserbench_baselines.egemaps import EGeMAPS
from mserbench_baselines.feature_model import LinearModel
from mserbench_baselines.logmel import LogMel

MODELS: dict[str, type[LinearModel]] = {"logmel": LogMel, "egemaps": EGeMAPS}
SOURCES = ("emodb", "emovo")
COMMON = ("neutral", "happy", "sad", "angry", "disgust", "fear")
PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def cross_source_ua(model: str, normalise: str, penalty: float) -> float:
    """Return the mean UA, in [0, 1], of training on one source and testing on the other."""
    recalls = []
    for source, target in (SOURCES, SOURCES[::-1]):
        options = {"normalise": normalise, "C": str(penalty)}
        with tempfile.TemporaryDirectory() as folder:
            weights = train(model, [source], Path(folder) / "weights", options=options)
            kind = MODELS[model]
            trained = kind(make_options(kind, options, model), weights)

        data = labelled_clips(target)
        positions = [i for i, item in enumerate(data.items) if item.label in COMMON]
        clips = list(data.clips(positions, grouped=trained.transductive))
        # Bound as a default: a plain closure would see the clips of the next round.
        trained.prepare(lambda clips=clips: clips)  # type: ignore[misc]
        best = np.argmax(trained.predict(clips, COMMON), axis=1)
        truth = [data.items[i].label for i in positions]
        counts = metrics.confusion(truth, [COMMON[column] for column in best], COMMON)
        recalls.append(float(metrics.metrics(counts)["UA"]))

    return float(np.mean(recalls))


def main() -> None:
    """Print one row a model and normalisation, one column a penalty."""
    argparse.ArgumentParser(description=str(__doc__)).parse_args()

    click.echo(f"{'UA, %':20}" + "".join(f"{f'C={penalty}':>9}" for penalty in PENALTIES))
    for model in MODELS:
        for normalise in ("training", "speaker"):
            cells = [
                f"{100 * cross_source_ua(model, normalise, penalty):9.1f}" for penalty in PENALTIES
            ]
            click.echo(f"{f'{model} {normalise}':20}" + "".join(cells))


if __name__ == "__main__":
    main()
