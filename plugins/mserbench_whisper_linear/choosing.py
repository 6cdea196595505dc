"""Remakes every choice and figure of `whisper-linear`, as docs/whisper-linear.md has them, and the
shipped weights.

    python -m mserbench_whisper_linear.choosing [--data D]             # variants on the sources,
    and the rule python -m mserbench_whisper_linear.choosing --variants [--data D]  # the same with
    RAVDESS: "All variants" python -m mserbench_whisper_linear.choosing --nested [--data D]    #
    each corpus by what the other three choose python -m mserbench_whisper_linear.choosing --nested
    --single      # among single layers with means over clips python -m
    mserbench_whisper_linear.choosing --remake [--data D]    # the shipped weights

--only TEXT keeps the rows that say TEXT; --copies adds what is trained on or tested with copies of
clips, --padded clips of 30 s (both slow). Wants `mserbench weights get whisper-base`. Without
--variants or --nested no corpus but the three sources is opened; each is left out in turn and
tested by what the other two taught. Labels that only the corpus left out has are not asked for.

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
from mserbench_training.pooled import Copy, Pooling, pooled_features
from mserbench_training.threads import one_thread_each
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
LAYERS = (0, 1, 2, 3)
POOLINGS: tuple[Pooling, ...] = ("mean", "loud20", "loud36", "std")
_RESAMPLES = 2_000

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
            for one, clip in zip(loaded.items, loaded.clips(range(len(loaded.items))), strict=True):
                if one.label in CANONICAL:
                    rows.append((clip, one.label, f"{name}:{one.utterance.speaker}", name))

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

    def vectors(self, one: Variant, heard: str = "") -> NDArray[np.float64]:
        """Return the vectors of a variant, of the clips or of their copies: (n_clips,
        n_features).
        """
        layers: tuple[int, ...] = LAYERS if not heard else (1, 2, 3)
        layers = (2,) if one.length == "padded" else layers
        poolings = BOTH if heard or one.length == "padded" else POOLINGS
        pooled = self._pooled(layers, poolings, one.length, heard)
        chosen = pooled[:, [layers.index(layer) for layer in one.layers]]
        chosen = chosen[:, :, [poolings.index(pooling) for pooling in one.poolings]].reshape(
            len(pooled), -1
        )

        return standardise(chosen, self.facts[2], one.standardised) if one.standardised else chosen


def left_out(one: Variant, sounds: Sounds, names: Sequence[str]) -> list[Counts]:
    """Return the confusion counts of each of `names`, tested by what a variant learns from the
    others.
    """
    _, labels, speakers, corpora = sounds.facts
    vectors = {heard: sounds.vectors(one, heard) for heard in {"", *one.copies, *one.heard}}
    found = []

    for target in names:
        train = [i for i, name in enumerate(corpora) if name in names and name != target]
        taught = np.concatenate([vectors[heard][train] for heard in ("", *one.copies)])
        times = 1 + len(one.copies)
        learnt = learn(
            one, taught, [labels[i] for i in train] * times, [speakers[i] for i in train] * times
        )
        common, test = asked(sounds, train, target)
        scores = np.mean(
            [learnt(vectors[heard][test], common) for heard in ("", *one.heard)], axis=0
        )
        found.append(counts(sounds, test, common, scores))

    return found


def asked(sounds: Sounds, train: Sequence[int], target: str) -> tuple[list[str], list[int]]:
    """Return the labels that training and target share, and the positions of the target's clips
    that bear them.
    """
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
    found = []

    for name in sorted({speakers[i] for i in test}):
        rows = [row for row, i in enumerate(test) if speakers[i] == name]
        told = [labels[test[row]] for row in rows]
        found.append(
            metrics.confusion(told, [common[answers[row]] for row in rows], common)[
                :, : len(common)
            ]
        )

    return np.stack(found)


def recall(confusion: NDArray[np.int64]) -> float:
    """Return the mean recall of counts (n_labels, n_labels), rows the truth, in percent."""
    return 100 * float(np.mean(np.diagonal(confusion) / np.maximum(1, confusion.sum(axis=1))))


def standard_error(folds: Sequence[Counts], others: Sequence[Counts]) -> float:
    """Return the standard error of the difference of two mean UAs, the speakers of each fold drawn
    anew together.
    """
    rng, draws = np.random.default_rng(0), []
    for _ in range(_RESAMPLES):
        chosen = [rng.integers(len(one), size=len(one)) for one in folds]
        pairs = zip(folds, others, chosen, strict=True)
        draws.append(
            np.mean(
                [recall(a[own].sum(axis=0)) - recall(b[own].sum(axis=0)) for a, b, own in pairs]
            )
        )

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
    first, found = left_out(DEFAULT, sounds, SOURCES), {}

    for one in chosen:
        folds = left_out(one, sounds, SOURCES)
        ua = found[one] = [recall(fold.sum(axis=0)) for fold in folds]
        difference = np.mean(ua) - np.mean([recall(fold.sum(axis=0)) for fold in first])
        cells = [*(f"{value:.1f}" for value in ua), f"{np.mean(ua):.1f}"]
        cells.append(
            "" if one == DEFAULT else f"{difference:+.1f} ({standard_error(folds, first):.1f})"
        )

        if sounds.names != SOURCES:
            every = [recall(fold.sum(axis=0)) for fold in left_out(one, sounds, sounds.names)]
            cells += [*(f"{value:.1f}" for value in every), f"{np.mean(every):.1f}"]

        say(f"| {one.told} | {' | '.join(cells)} |")

    return found


def rule(found: dict[Variant, list[float]]) -> None:
    """Print what each rule takes of the shrinkages."""
    for given in (DEFAULT, AVERAGED):
        path = [
            one
            for one in found
            if one == replace(given, method=replace(given.method, strength=_strength(one)))
        ]
        worst, mean = (
            max(path, key=lambda one: float(best(found[one]))) for best in (np.min, np.mean)
        )
        say(
            f"{given.told}: best on its worst source {_strength(worst):g}, highest mean "
            f"{_strength(mean):g}"
        )


def _strength(one: Variant) -> float:
    return one.method.strength


def nested(sounds: Sounds, single: bool) -> None:
    """Print for each corpus what is best on the other three, each of them left out in turn, and its
    UA there.

    `single`: without averaged layers and means over speakers, which were found on EmoDB, EMOVO and
    AESDD.
    """
    _, labels, speakers, corpora = sounds.facts
    layers: list[tuple[int, ...]] = [(0,), (1,), (2,), (3,), *([] if single else [(1, 2, 3)])]
    strengths, means = (
        choice.STRENGTHS["discriminant"],
        ("clips",) if single else ("clips", "speakers"),
    )
    candidates = list(product(layers, strengths, choice.DIRECTIONS, means))

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
        found = []
        for target in sounds.names:
            others = tuple(one for one in sounds.names if one != target)

            def inner(
                one: tuple[tuple[int, ...], float, int, str], others: tuple[str, ...] = others
            ) -> list[float]:
                return [
                    ua(one, tuple(name for name in others if name != left), left) for left in others
                ]

            chosen = max(candidates, key=lambda one: float(best(inner(one))))
            found.append(ua(chosen, others, target))
            say(f"{name}: {target} {found[-1]:.1f} by {chosen}")

        say(f"{name}: mean {np.mean(found):.1f}")


def remake(data: Path | None) -> None:
    """Train the shipped weights, plain and normalised by speaker; the old ones stay until all new
    ones are there.
    """
    with folders.whole(FOLDER) as made:
        for name, tasks in WEIGHTS.items():
            mserbench.train("whisper-linear", tasks, made / name, data=data)
            options = {"normalise": "speaker"}
            mserbench.train(
                "whisper-linear", tasks, made / f"{name}-speaker", options=options, data=data
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
    wanted = parser.parse_args()
    if wanted.remake:
        remake(wanted.data)
        return

    sounds = Sounds(
        (*SOURCES, "ravdess") if wanted.variants or wanted.nested else SOURCES, wanted.data
    )
    if wanted.nested:
        nested(sounds, wanted.single)
        return

    chosen = [*dict.fromkeys(variants()), *(copied() if wanted.copies else ())]
    chosen += [replace(DEFAULT, length="padded")] if wanted.padded else []
    found = table([one for one in chosen if wanted.only in one.told], sounds)
    if not wanted.only:
        rule(found)


if __name__ == "__main__":
    main()
