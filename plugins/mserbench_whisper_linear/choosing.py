"""Remakes every choice and figure of `whisper-linear`, and the weights that ship with it.

    python -m mserbench_whisper_linear.choosing             # variants on the sources, and the rule
    python -m mserbench_whisper_linear.choosing --variants  # the same with RAVDESS: "All variants"
    python -m mserbench_whisper_linear.choosing --nested    # each corpus by what the others choose
    python -m mserbench_whisper_linear.choosing --nested --single  # single layers, means over clips
    python -m mserbench_whisper_linear.choosing --remake    # the shipped weights

The figures stand in docs/whisper-linear.md. --data D is the folder of the corpora; --only TEXT
keeps the rows that say TEXT; --copies adds what is trained on or tested with copies of clips,
--padded clips of 30 s (both slow). Wants `mserbench weights get whisper-base`. Without --variants
or --nested no corpus but the three sources is opened; each is left out in turn and tested by what
the other two taught. Labels that only the corpus left out has are not asked for.

The rule: of the shrinkages of a discriminant, the one whose worst source left out is best, here for
layer 2 (the default) and for layers 1 to 3 averaged with centres of speakers; all else is taken as
given.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

import mserbench
from mserbench.contracts import Clip
from mserbench.data.labelled import labelled_clips
from mserbench.disk import folders
from mserbench.features import extract
from mserbench.labels import CANONICAL
from mserbench.statistics import metrics
from mserbench.weights import lookup
from mserbench_training.encoders.base import Length
from mserbench_training.encoders.whisper import WhisperEncoder
from mserbench_training.frames.pooled import Copy, Pooling, pooled_features
from mserbench_training.resources.threads import one_thread_each
from mserbench_whisper_linear import WEIGHTS, choice
from mserbench_whisper_linear.classifier import Method, StandardLinear, averaged, fit
from mserbench_whisper_linear.variants import (
    AUGMENTERS,
    AVERAGED,
    BOTH,
    DEFAULT,
    Variant,
    copied,
    learn,
    standardise,
    variants,
)

FOLDER = Path(__file__).parent / "weights"
SOURCES = WEIGHTS["whisper-linear-de-it-el"]
LAYERS = (0, 1, 2, 3)  # of whisper-base's seven: from layer 2 to layer 3 the UA falls already
POOLINGS: tuple[Pooling, ...] = ("mean", "loud20", "loud36", "std")
_RESAMPLES = 2_000  # of speakers, for the standard error of a difference

Counts = NDArray[np.int64]  # (n_speakers, n_labels, n_labels), rows the truth


@dataclass(frozen=True, eq=False)
class Sounds:
    """The clips of some corpora with the seven labels, and their pooled vectors."""

    names: tuple[str, ...]
    data: Path | None

    @cached_property
    def facts(self) -> tuple[list[Clip], list[str], list[str], list[str]]:
        """Clips, and the label, the speaker (`corpus:name`) and the corpus of each."""
        rows = []
        for name in self.names:
            loaded = labelled_clips(name, self.data)
            for item, clip in zip(
                loaded.items, loaded.clips(range(len(loaded.items))), strict=True
            ):
                if item.label in CANONICAL:
                    rows.append((clip, item.label, f"{name}:{item.utterance.speaker}", name))

        clips, labels, speakers, corpora = (list(column) for column in zip(*rows, strict=True))
        return clips, labels, speakers, corpora

    @cache  # noqa: B019 - lives as long as the script
    def _pooled(
        self, layers: tuple[int, ...], poolings: tuple[Pooling, ...], length: Length, heard: str
    ) -> NDArray[np.float64]:
        encoder = WhisperEncoder.from_folder(lookup.folder("whisper-base"), "whisper-base", length)
        copy = Copy(AUGMENTERS[heard], 1) if heard else None
        with one_thread_each():
            vectors = extract(self.facts[0], pooled_features(encoder, layers, poolings, copy))

        return vectors.reshape(len(vectors), len(layers), len(poolings), encoder.dim)

    def vectors(self, variant: Variant, heard: str = "") -> NDArray[np.float64]:
        """Return a variant's vectors of the clips, or of copies of them: (n_clips, n_features)."""
        # All that any variant wants of the clips comes from one pass; of what is slow to hear,
        # only what is compared there.
        layers: tuple[int, ...] = LAYERS if not heard else (1, 2, 3)
        layers = (2,) if variant.length == "padded" else layers
        poolings = BOTH if heard or variant.length == "padded" else POOLINGS
        pooled = self._pooled(layers, poolings, variant.length, heard)
        rows = [layers.index(layer) for layer in variant.layers]
        columns = [poolings.index(pooling) for pooling in variant.poolings]
        chosen = pooled[:, rows][:, :, columns].reshape(len(pooled), -1)

        if not variant.standardised:
            return chosen
        return standardise(chosen, self.facts[2], variant.standardised)


def left_out(variant: Variant, sounds: Sounds, names: Sequence[str]) -> list[Counts]:
    """Return the confusion counts of each of `names`, tested by what the others teach a variant."""
    _, labels, speakers, corpora = sounds.facts
    vectors = {
        heard: sounds.vectors(variant, heard) for heard in {"", *variant.copies, *variant.heard}
    }
    folds = []

    for target in names:
        train = [i for i, name in enumerate(corpora) if name in names and name != target]
        taught = np.concatenate([vectors[heard][train] for heard in ("", *variant.copies)])
        times = 1 + len(variant.copies)
        own_labels = [labels[i] for i in train] * times
        learnt = learn(variant, taught, own_labels, [speakers[i] for i in train] * times)

        common, test = asked(sounds, train, target)
        scores = np.mean(
            [learnt(vectors[heard][test], common) for heard in ("", *variant.heard)], axis=0
        )
        folds.append(counts(sounds, test, common, scores))

    return folds


def asked(sounds: Sounds, train: Sequence[int], target: str) -> tuple[list[str], list[int]]:
    """Return the labels that training and target share, and the target's clips that bear them."""
    _, labels, _, corpora = sounds.facts
    own = [i for i, name in enumerate(corpora) if name == target]
    common = sorted({labels[i] for i in train} & {labels[i] for i in own})

    return common, [i for i in own if labels[i] in common]


def counts(
    sounds: Sounds, test: Sequence[int], common: Sequence[str], scores: NDArray[np.float64]
) -> Counts:
    """Return the confusion counts of each speaker from scores of shape (n_clips, n_labels)."""
    _, labels, speakers, _ = sounds.facts
    answers = scores.argmax(axis=1)
    confusions = []

    for name in sorted({speakers[i] for i in test}):
        rows = [row for row, i in enumerate(test) if speakers[i] == name]
        truth = [labels[test[row]] for row in rows]
        confusion = metrics.confusion(truth, [common[answers[row]] for row in rows], common)
        confusions.append(confusion[:, : len(common)])  # No answer is unreadable here.

    return np.stack(confusions)


def recall(confusion: NDArray[np.int64]) -> float:
    """Return the mean recall of counts (n_labels, n_labels), rows the truth, in percent."""
    return 100 * float(np.mean(np.diagonal(confusion) / np.maximum(1, confusion.sum(axis=1))))


def standard_error(folds: Sequence[Counts], reference: Sequence[Counts]) -> float:
    """Return the standard error of the difference of two mean UAs, speakers drawn anew.

    Both have the same folds, whose speakers are drawn together: the same voices are hard for both.
    """
    rng, draws = np.random.default_rng(0), []
    for _ in range(_RESAMPLES):
        chosen = [rng.integers(len(fold), size=len(fold)) for fold in folds]
        differences = [
            recall(fold[own].sum(axis=0)) - recall(other_fold[own].sum(axis=0))
            for fold, other_fold, own in zip(folds, reference, chosen, strict=True)
        ]
        draws.append(np.mean(differences))

    return float(np.std(draws))


def table(chosen: Sequence[Variant], sounds: Sounds) -> dict[Variant, list[float]]:
    """Print a row a variant as it is done; return the UA on each source."""
    columns = [
        *SOURCES,
        "mean",
        "difference",
        *([*sounds.names, "mean"] if sounds.names != SOURCES else []),
    ]
    say(f"| variant | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|")
    first, uas = left_out(DEFAULT, sounds, SOURCES), {}

    for variant in chosen:
        folds = left_out(variant, sounds, SOURCES)
        ua = uas[variant] = [recall(fold.sum(axis=0)) for fold in folds]
        difference = np.mean(ua) - np.mean([recall(fold.sum(axis=0)) for fold in first])
        cells = [*(f"{value:.1f}" for value in ua), f"{np.mean(ua):.1f}"]
        cells.append(
            "" if variant == DEFAULT else f"{difference:+.1f} ({standard_error(folds, first):.1f})"
        )

        if sounds.names != SOURCES:
            every = [recall(fold.sum(axis=0)) for fold in left_out(variant, sounds, sounds.names)]
            cells += [*(f"{value:.1f}" for value in every), f"{np.mean(every):.1f}"]

        say(f"| {variant.told} | {' | '.join(cells)} |")

    return uas


def rule(uas: dict[Variant, list[float]]) -> None:
    """Print what each rule takes of the shrinkages."""
    for start in (DEFAULT, AVERAGED):
        # The rows of the table that differ from the start in the shrinkage alone.
        path = [
            variant
            for variant in uas
            if variant == replace(start, method=replace(start.method, strength=_strength(variant)))
        ]
        worst = max(path, key=lambda variant: float(np.min(uas[variant])))
        mean = max(path, key=lambda variant: float(np.mean(uas[variant])))
        say(
            f"{start.told}: best on its worst source {_strength(worst):g}, highest mean "
            f"{_strength(mean):g}"
        )


def _strength(variant: Variant) -> float:
    return variant.method.strength


def nested(sounds: Sounds, single: bool) -> None:
    """Print for each corpus the candidate that is best on the others, and its UA on that corpus.

    Best is judged with each of the others left out in turn, so no corpus has a say in what it is
    tested with. `single`: without averaged layers and means over speakers, which were found on
    EmoDB, EMOVO and AESDD.
    """
    _, labels, speakers, corpora = sounds.facts
    layers: list[tuple[int, ...]] = [(0,), (1,), (2,), (3,), *([] if single else [(1, 2, 3)])]
    strengths = choice.STRENGTHS["discriminant"]
    means = ("clips",) if single else ("clips", "speakers")
    candidates = list(product(layers, strengths, choice.DIRECTIONS, means))

    # Both are kept by their arguments: a candidate of several layers shares the classifiers of its
    # layers with others, and an inner fold returns for each outer one.
    @cache
    def learnt(layer: int, method: Method, names: tuple[str, ...]) -> StandardLinear:
        own = [i for i, name in enumerate(corpora) if name in names]
        vectors = sounds.vectors(Variant(layers=(layer,)))[own]
        return fit(vectors, [labels[i] for i in own], [speakers[i] for i in own], method)

    @cache
    def ua(
        candidate: tuple[tuple[int, ...], float, int, str], names: tuple[str, ...], target: str
    ) -> float:
        of, strength, directions, centres = candidate
        method = Method(
            "discriminant", strength, directions, "speakers" if centres == "speakers" else "clips"
        )
        classifier = averaged([learnt(layer, method, names) for layer in of])
        common, test = asked(sounds, [i for i, name in enumerate(corpora) if name in names], target)
        scores = classifier.probabilities(sounds.vectors(Variant(layers=of))[test], common)

        return recall(counts(sounds, test, common, scores).sum(axis=0))

    for name, best in (("highest mean", np.mean), ("best on its worst source", np.min)):
        blind = []
        for target in sounds.names:
            teachers = tuple(corpus_name for corpus_name in sounds.names if corpus_name != target)

            def inner(
                candidate: tuple[tuple[int, ...], float, int, str],
                teachers: tuple[str, ...] = teachers,
            ) -> list[float]:
                return [
                    ua(candidate, tuple(name for name in teachers if name != held_out), held_out)
                    for held_out in teachers
                ]

            chosen = max(candidates, key=lambda candidate: float(best(inner(candidate))))
            blind.append(ua(chosen, teachers, target))
            say(f"{name}: {target} {blind[-1]:.1f} by {chosen}")

        say(f"{name}: mean {np.mean(blind):.1f}")


def remake(data: Path | None) -> None:
    """Train the shipped weights, plain and normalised by speaker.

    The old ones stay until all new ones are there.
    """
    with folders.whole(FOLDER) as folder:
        for name, tasks in WEIGHTS.items():
            mserbench.train("whisper-linear", tasks, folder / name, data=data)
            options = {"normalise": "speaker"}
            mserbench.train(
                "whisper-linear", tasks, folder / f"{name}-speaker", options=options, data=data
            )


def say(*lines: str) -> None:
    """Print lines at once."""
    for line in lines:
        click.echo(line)


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    for name in ("variants", "nested", "single", "remake", "copies", "padded"):
        parser.add_argument(f"--{name}", action="store_true")

    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="", help="rows that say this")
    arguments = parser.parse_args()
    if arguments.remake:
        remake(arguments.data)
        return

    sounds = Sounds(
        (*SOURCES, "ravdess") if arguments.variants or arguments.nested else SOURCES, arguments.data
    )
    if arguments.nested:
        nested(sounds, arguments.single)
        return

    chosen = [*dict.fromkeys(variants()), *(copied() if arguments.copies else ())]
    chosen += [replace(DEFAULT, length="padded")] if arguments.padded else []
    uas = table([variant for variant in chosen if arguments.only in variant.told], sounds)
    if not arguments.only:  # Without all shrinkages there is nothing to choose among.
        rule(uas)


if __name__ == "__main__":
    main()
