"""Remake every choice of `whisper-linear` on the sources of its shipped weights, and with --remake the weights.

Each of EmoDB, EMOVO and AESDD is left out in turn and tested by a classifier trained on the other two: languages,
rooms and microphones all differ. Wants $MSERBENCH_DATA and `mserbench weights get whisper-base`; no test corpus of the
board but AESDD, which is a source here, is opened. Labels that only the source left out has are not asked for.

The rule: layer 2, mean and 20 dB, and three directions are taken as given; the shrinkage is the one whose worst source
left out is best. What other rules would take is printed too: docs/whisper-linear.md says what each gives on RAVDESS.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import mserbench
from mserbench import corpus, dataset, metrics, registry, weights
from mserbench.features import extract
from mserbench.labels import CANONICAL
from mserbench.model import TrainingItem
from mserbench_training.encoders.whisper import WhisperEncoder
from mserbench_training.pooled import Pooling, pooled_features
from mserbench_training.threads import one_thread_each
from mserbench_whisper_linear import WEIGHTS, choice, classifier
from mserbench_whisper_linear.options import Kind

FOLDER = Path(__file__).parent / "mserbench_whisper_linear" / "weights"
LAYERS = (0, 1, 2, 3, 4, 5)
POOLINGS: tuple[Pooling, ...] = ("mean", "loud20", "loud36", "std")
DIRECTIONS = 3
_RESAMPLES = 2_000


@dataclass(frozen=True)
class Variant:
    """One way to pool and to learn."""

    layers: tuple[int, ...]
    poolings: tuple[Pooling, ...]
    kind: Kind
    strength: float
    directions: int = DIRECTIONS


def variants() -> Iterator[Variant]:
    """Yield all that are compared."""
    both: tuple[Pooling, ...] = ("mean", "loud20")
    for layer in LAYERS:
        yield Variant((layer,), ("mean",), "logistic", 0.003, 0)
        yield Variant((layer,), both, "discriminant", 0.8)
    sets: tuple[tuple[Pooling, ...], ...] = (
        ("mean",), ("loud20",), ("loud36",), both, ("mean", "loud36"), (*both, "loud36"), (*both, "std"),
    )  # fmt: skip
    for poolings in sets:
        yield Variant((2,), poolings, "logistic", 0.001)
        yield Variant((2,), poolings, "discriminant", 0.8)
    for strength in (0.1, 0.3, 0.6, 0.8, 0.9, 0.95):
        for directions in (0, 1, 2, 3, 5, 8):
            yield Variant((2,), both, "discriminant", strength, directions)
    for strength, directions in product(choice.STRENGTHS["logistic"], (0, 3)):
        yield Variant((2,), both, "logistic", strength, directions)
    for layers in ((1, 2), (2, 3)):
        for strength in (0.6, 0.8, 0.9):
            yield Variant(layers, both, "discriminant", strength)


def main() -> None:
    """Print the mean UA of each variant in percent, best first, and what the rule chooses."""
    if "--remake" in sys.argv[1:]:
        remake()
        return
    items, features = sources()
    counted = {one: counts(one, items, features) for one in dict.fromkeys(variants())}
    ua = {one: [recall(speakers.sum(axis=0)) for speakers in folds] for one, folds in counted.items()}
    for one in sorted(ua, key=lambda one: -float(np.mean(ua[one]))):
        cells = " ".join(f"{100 * value:5.1f}" for value in [*ua[one], float(np.mean(ua[one]))])
        told = (
            f"layers {one.layers}, {'+'.join(one.poolings)}, {one.kind} {one.strength:g}, directions {one.directions}"
        )
        print(f"{cells}  {told}")  # noqa: T201 - a script
    best = max(ua, key=lambda one: float(np.mean(ua[one])))
    error = standard_error(counted[best])
    path = [one for one in ua if one == Variant((2,), ("mean", "loud20"), "discriminant", one.strength)]
    near = [one for one in path if np.mean(ua[one]) >= np.mean(ua[best]) - error]
    print(f"best mean: {best}, standard error {100 * error:.2f}")  # noqa: T201 - a script
    print(f"strongest shrinkage within one standard error: {max(one.strength for one in near):g}")  # noqa: T201
    print(f"best on its worst source, chosen: {max(path, key=lambda one: min(ua[one])).strength:g}")  # noqa: T201


def sources() -> tuple[list[TrainingItem], NDArray[np.float64]]:
    """Return the clips of the sources and all pooled vectors: (n_clips, n_layers, n_poolings, dim)."""
    items = []
    for name in WEIGHTS["whisper-linear-de-it-el"]:
        data = dataset.load(registry.task(name), corpus.data_folder(None))
        for one, clip in zip(data.items, data.clips(range(len(data.items))), strict=True):
            if one.label in CANONICAL:
                items.append(TrainingItem(clip, one.label, one.utterance.speaker, one.utterance.language, name))
    encoder = WhisperEncoder.from_folder(weights.folder("whisper-base"), "whisper-base")
    with one_thread_each():
        vectors = extract((item.clip for item in items), pooled_features(encoder, LAYERS, POOLINGS))
    return items, vectors.reshape(len(items), len(LAYERS), len(POOLINGS), encoder.dim)


def counts(one: Variant, items: Sequence[TrainingItem], features: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Return for each source left out the confusion counts of each speaker: (n_speakers, n_labels, n_labels)."""
    chosen = features[:, [LAYERS.index(layer) for layer in one.layers]]
    chosen = chosen[:, :, [POOLINGS.index(pooling) for pooling in one.poolings]].reshape(len(items), -1)
    labels, speakers = np.array([item.label for item in items]), np.array([f"{i.corpus}:{i.speaker}" for i in items])
    found = []
    for train, test in choice.folds(items):
        learnt = classifier.fit(
            chosen[train], labels[train].tolist(), speakers[train].tolist(), one.kind, one.strength, one.directions
        )
        common = [label for label in learnt.labels if label in set(labels[test])]
        kept = test[np.isin(labels[test], common)]
        answers = np.array(common)[learnt.probabilities(chosen[kept], common).argmax(axis=1)]
        of_speaker = [speakers[kept] == name for name in sorted(set(speakers[kept]))]
        parts = [metrics.confusion(labels[kept][own].tolist(), answers[own].tolist(), common) for own in of_speaker]
        found.append(np.stack(parts)[:, :, : len(common)])
    return found


def recall(confusion: NDArray[np.int64]) -> float:
    """Return the mean recall of counts (n_labels, n_labels), rows the truth, in [0, 1]."""
    return float(np.mean(np.diagonal(confusion) / np.maximum(1, confusion.sum(axis=1))))


def standard_error(folds: Sequence[NDArray[np.int64]]) -> float:
    """Return the standard error of the mean UA over the folds, by drawing the speakers of each anew."""
    rng = np.random.default_rng(0)
    draws = [
        np.mean([recall(one[rng.integers(len(one), size=len(one))].sum(axis=0)) for one in folds])
        for _ in range(_RESAMPLES)
    ]
    return float(np.std(draws))


def remake() -> None:
    """Train the shipped weights, plain and normalised by speaker; the old ones stay until all new ones are there."""
    made = FOLDER.with_name("weights.new")
    shutil.rmtree(made, ignore_errors=True)
    for name, tasks in WEIGHTS.items():
        mserbench.train("whisper-linear", tasks, made / name)
        mserbench.train("whisper-linear", tasks, made / f"{name}-speaker", options={"normalise": "speaker"})
    shutil.rmtree(FOLDER, ignore_errors=True)
    made.rename(FOLDER)


if __name__ == "__main__":
    main()
