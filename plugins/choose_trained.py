"""Remake the choices of supcon-w2v2's presets `small` and `logmel`, and of mser-llm's `mini`, on source corpora.

Each of EmoDB, EMOVO and AESDD is left out in turn and tested by a model trained on the other two, with the five
emotions that all have: languages, rooms and microphones differ. Wants $MSERBENCH_DATA and, for `small` and `mini`,
their pretrained parts (`mserbench weights get`). No other corpus is opened, but with --blind: then the preset and its
ablations are trained on all three and tested on RAVDESS. The presets took their layer from `whisper-linear`, whose
choice had seen RAVDESS; --layers chooses it again, by the highest mean over the three sources and two seeds.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mserbench.data import corpus, dataset, lookup
from mserbench.labels import CANONICAL
from mserbench.model import TrainingItem
from mserbench.statistics import metrics
from mserbench_mser_llm.model import MserLlm
from mserbench_supcon_w2v2.model import SupconW2V2

Fold = tuple[list[TrainingItem], list[TrainingItem]]  # to train on, to test on
SOURCES = ("emodb", "emovo", "aesdd")
BLIND = "ravdess"
COMMON = ("happy", "sad", "angry", "disgust", "fear")
MODELS: Mapping[str, type[Any]] = {"small": SupconW2V2, "logmel": SupconW2V2, "mini": MserLlm}
_SUPCON: Mapping[str, Mapping[str, Any]] = {
    "as the preset has it": {},
    "without the contrastive loss": {"alpha": 0.0},
    "without the adversary": {"beta": 0.0},
    "without both": {"alpha": 0.0, "beta": 0.0},
    "without both, shuffled batches": {"alpha": 0.0, "beta": 0.0, "sampler": "shuffled"},
}
ABLATIONS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "small": _SUPCON,
    "logmel": _SUPCON,
    "mini": {
        "as the preset has it": {},
        "without L_lec": {"same_weight": 0.0, "different_weight": 0.0},
        "last layer": {"layers": "last"},
        "taught by the LLM alone": {"aligned": 0.0},
        "taught by soft prompts alone": {"aligned": 1.0},
    },
}
LAYERS: Mapping[str, Mapping[str, Any]] = {
    f"layer{'s' if '-' in layers else ''} {layers}": {"layers": layers} for layers in ("1", "2", "3", "1-3")
}
VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "small": {
        "stopped by held-out speakers": {"held_out": 0.15, "steps": 1000, "evaluate_every": 25},
        "100 steps": {"steps": 100},
        "1000 steps": {"steps": 1000},
        "the mean over all frames alone": {"pooling": "mean"},
        "adapter on frames": {"adaptation": "adapter"},
        "standardised by frames": {"standardise": "frames"},
        "dropout 0.5": {"dropout": 0.5},
        "temperature 0.3": {"temperature": 0.3},
        "adversary at 1": {"beta": 1.0},
        "learning rate 3e-4": {"learning_rate": 3e-4},
        "learning rate 3e-3": {"learning_rate": 3e-3},
        "weight decay 1": {"weight_decay": 1.0},
        "label smoothing 0.1": {"label_smoothing": 0.1},
        "shuffled batches": {"sampler": "shuffled"},
        "a tenth of each frame hidden": {"mask_width": 102},
    },
    "logmel": {
        "stopped by held-out speakers": {"held_out": 0.15, "steps": 1000, "evaluate_every": 25},
        "100 steps": {"steps": 100},
        "without dropout": {"dropout": 0.0},
        "parts hidden": {"mask_width": 20, "mask_seconds": 0.5},
        "two augmented copies": {"copies": 2},
        "learning rate 3e-4": {"learning_rate": 3e-4},
        "frames half as long, 6 s heard": {"reduce": 4, "crop_seconds": 6.0},
        "pooled with loud frames": {"pooling": "mean+loud"},
    },
    "mini": {
        "without noise": {"noise": 0.0},
        "noise 1": {"noise": 1.0},
        "noise 2": {"noise": 2.0},
        "last weights": {"averaged": 0.0},
        "frames": {"pooling": "none", "num_queries": 8},
        "dropout 0.3": {"dropout": 0.3},
        "one layer of Q-Former": {"qformer_layers": 1, "cross_frequency": 1},
        "Q-Former at random": {"bert": "none"},
        "150 steps": {"steps": 150},
    },
}


def main() -> None:
    """Print the UA of each variant in percent: each source left out, their mean, its spread over seeds, seconds."""
    logging.disable(logging.WARNING)
    arguments = parsed()
    torch.set_num_threads(arguments.threads)
    seeds = [int(one) for one in arguments.seeds.split(",")]
    chosen = variants(arguments)
    if arguments.blind:
        labels = CANONICAL if arguments.blind == "seven" else COMMON
        training, target = items(SOURCES, labels), items([BLIND], labels)
        folds = [(training, target)]
    else:
        known = items(SOURCES, COMMON)
        folds = [
            ([item for item in known if item.corpus != left], [item for item in known if item.corpus == left])
            for left in SOURCES
        ]
    for name, options in chosen.items():
        if arguments.only in name:
            report(name, {"preset": arguments.preset, **options}, folds, seeds)


def variants(arguments: argparse.Namespace) -> dict[str, Mapping[str, Any]]:
    """Return the options of each variant that is asked for, by its name."""
    if arguments.layers:
        return dict(LAYERS)
    ablations = dict(ABLATIONS[arguments.preset])
    return ablations if arguments.ablations or arguments.blind else {**ablations, **VARIANTS[arguments.preset]}


def parsed() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=sorted(VARIANTS), default="small")
    parser.add_argument("--seeds", default="0,1,2", help="separated by commas")
    parser.add_argument(
        "--threads", type=int, default=1, help="of one training; the figures may differ in the last digit"
    )
    parser.add_argument("--only", default="", help="variants whose name holds this")
    parser.add_argument("--ablations", action="store_true", help="the preset and its ablations alone")
    parser.add_argument(
        "--layers", action="store_true", help="the layers of the encoder alone, as they are chosen blindly"
    )
    parser.add_argument("--blind", choices=("five", "seven"), help="test on RAVDESS, with so many labels")
    return parser.parse_args()


def items(names: Sequence[str], labels: Sequence[str]) -> list[TrainingItem]:
    """Return the clips of tasks that have one of `labels`."""
    found = []
    for name in names:
        data = dataset.load(lookup.task(name), corpus.data_folder(None))
        for one, clip in zip(data.items, data.clips(range(len(data.items))), strict=True):
            if one.label in labels:
                found.append(TrainingItem(clip, one.label, one.utterance.speaker, one.utterance.language, name))
    return found


def report(
    name: str,
    options: Mapping[str, Any],
    folds: Sequence[Fold],
    seeds: Sequence[int],
) -> None:
    """Train on each fold with each seed and print the recalls."""
    started = time.process_time()
    ua = np.array(
        [
            [100 * value for value in tested(MODELS[options["preset"]], {**options, "seed": seed}, folds)]
            for seed in seeds
        ]
    )
    seconds = (time.process_time() - started) / ua.size
    means = ua.mean(axis=1)
    cells = " ".join(f"{value:5.1f}" for value in [*ua.mean(axis=0), means.mean(), means.std()])
    print(f"{cells}  {seconds:5.1f} s  {name}", flush=True)  # noqa: T201 - a script


def tested(kind: type[Any], options: Mapping[str, Any], folds: Sequence[Fold]) -> Iterator[float]:
    """Yield the UA of each fold, in [0, 1]: the mean recall of the labels that the tested clips have."""
    for training, target in folds:
        with tempfile.TemporaryDirectory() as folder:
            kind(kind.Options(**options)).fit(training, [], Path(folder))
            model = kind(weights=Path(folder))
            scores = model.predict([item.clip for item in target], model.labels)
        answers = [model.labels[row] for row in scores.argmax(axis=1)]
        truth = [item.label for item in target]
        recalls = metrics.recall_per_label(metrics.confusion(truth, answers, model.labels))
        yield float(np.nanmean(recalls))


if __name__ == "__main__":
    main()
