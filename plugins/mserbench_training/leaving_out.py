"""Compares settings of a trained model on source corpora alone, each left out in turn.

EmoDB, EMOVO and AESDD have five emotions in common; languages, rooms and microphones differ. Wants
$MSERBENCH_DATA and the pretrained parts of the preset (`mserbench weights get`). No other corpus is
opened, but with --blind: then the preset and its ablations are trained on all three and tested on
RAVDESS.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from mserbench.data.labelled import labelled_clips
from mserbench.labels import CANONICAL
from mserbench.model import TrainingItem
from mserbench.statistics import metrics

Fold = tuple[list[TrainingItem], list[TrainingItem]]  # to train on, to test on
Variants = Mapping[str, Mapping[str, Any]]  # options by the name of the variant
# German, Italian and Greek: whichever is left out, none of its language was trained on.
SOURCES = ("emodb", "emovo", "aesdd")
BLIND = "ravdess"
COMMON = ("happy", "sad", "angry", "disgust", "fear")


@dataclass(frozen=True)
class Choices:
    """What is compared with a preset: its ablations, further settings, layers of its encoder."""

    kind: type[Any]
    ablations: Variants
    variants: Variants
    layers: Variants = field(default_factory=dict)

    def of(self, arguments: argparse.Namespace) -> Variants:
        """Return the variants that are asked for."""
        if arguments.layers:
            return self.layers
        if arguments.ablations or arguments.blind:
            return self.ablations
        return {**self.ablations, **self.variants}


def run(title: str, choices: Mapping[str, Choices]) -> None:
    """Print a row a variant: its UA on each source left out in percent, mean, spread, seconds.

    The spread is the standard deviation of the mean over seeds, the seconds those of one training.
    """
    arguments = _parsed(title, choices)
    logging.disable(logging.WARNING)  # What each of many trainings warns of would bury the table.
    torch.set_num_threads(arguments.threads)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    chosen = choices[arguments.preset]
    folds = _folds(arguments.blind)

    for name, options in chosen.of(arguments).items():
        if arguments.only in name:
            _report(chosen.kind, name, {"preset": arguments.preset, **options}, folds, seeds)


def _parsed(title: str, choices: Mapping[str, Choices]) -> argparse.Namespace:
    """Return what the command line says; the first preset is the default."""
    parser = argparse.ArgumentParser(description=title.partition("\n")[0])
    parser.add_argument("--preset", choices=list(choices), default=next(iter(choices)))
    parser.add_argument("--seeds", default="0,1,2", help="separated by commas")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="of one training; the figures may differ in the last digit",
    )
    parser.add_argument("--only", default="", help="variants whose name holds this")
    parser.add_argument(
        "--ablations", action="store_true", help="the preset and its ablations alone"
    )
    # Only where an encoder has layers to choose from is there such a flag; it is read always.
    parser.set_defaults(layers=False)

    if any(choice.layers for choice in choices.values()):
        parser.add_argument(
            "--layers",
            action="store_true",
            help="the layers of the encoder alone, as they are chosen blindly",
        )

    parser.add_argument(
        "--blind", choices=("five", "seven"), help="test on RAVDESS, with so many labels"
    )
    return parser.parse_args()


def _folds(blind: str | None) -> list[Fold]:
    """Return each source left out, or the test corpus set against all of them."""
    if blind:
        labels = CANONICAL if blind == "seven" else COMMON
        return [(_items(SOURCES, labels), _items([BLIND], labels))]

    every = _items(SOURCES, COMMON)
    return [
        (
            [item for item in every if item.corpus != held_out],
            [item for item in every if item.corpus == held_out],
        )
        for held_out in SOURCES
    ]


def _items(names: Sequence[str], labels: Sequence[str]) -> list[TrainingItem]:
    """Return the clips of tasks that have one of `labels`."""
    items = []
    for name in names:
        data = labelled_clips(name)
        for item, clip in zip(data.items, data.clips(range(len(data.items))), strict=True):
            if item.label in labels:
                items.append(
                    TrainingItem(
                        clip, item.label, item.utterance.speaker, item.utterance.language, name
                    )
                )

    return items


def _report(
    kind: type[Any],
    name: str,
    options: Mapping[str, Any],
    folds: Sequence[Fold],
    seeds: Sequence[int],
) -> None:
    """Train on each fold with each seed and print the recalls."""
    # Of the processor, not of the wall: other work on the machine then counts for nothing.
    started = time.process_time()
    ua = np.array(
        [
            [100 * value for value in tested(kind, {**options, "seed": seed}, folds)]
            for seed in seeds
        ]
    )
    seconds = (time.process_time() - started) / ua.size

    means = ua.mean(axis=1)
    cells = " ".join(f"{value:5.1f}" for value in [*ua.mean(axis=0), means.mean(), means.std()])
    click.echo(f"{cells}  {seconds:5.1f} s  {name}")


def tested(kind: type[Any], options: Mapping[str, Any], folds: Sequence[Fold]) -> Iterator[float]:
    """Yield the UA of each fold, in [0, 1]: the mean recall over the labels of the tested clips."""
    for training, target in folds:
        with tempfile.TemporaryDirectory() as folder:
            kind(kind.Options(**options)).fit(training, [], Path(folder))
            model = kind(weights=Path(folder))
            scores = model.predict([item.clip for item in target], model.labels)

        answers = [model.labels[row] for row in scores.argmax(axis=1)]
        truth = [item.label for item in target]
        recalls = metrics.recall_per_label(metrics.confusion(truth, answers, model.labels))
        yield float(np.nanmean(recalls))
