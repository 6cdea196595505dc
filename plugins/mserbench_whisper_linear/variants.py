"""The variants of `whisper-linear` that the module `choosing` compares, and how each is learnt."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mserbench_training.encoders.base import Length
from mserbench_training.frames.augment import Augmentation, Room
from mserbench_training.frames.pooled import Augmenter, Pooling
from mserbench_training.learning.reversal import reverse_gradient, rising_strength
from mserbench_training.models.label_scores import asked_for
from mserbench_training.models.speakers import speaker_statistics
from mserbench_whisper_linear.classifier import Method, centre, fit, speaker_directions, without

AUGMENTERS: dict[str, Augmenter] = {"speed and noise": Augmentation(), "rooms": Room()}
BOTH: tuple[Pooling, ...] = ("mean", "loud20")
_METHOD = Method("discriminant", 0.8, 3)
_SHIFTED = 3  # shifted copies of each training vector
# Of the adversarial projection.
_EPOCHS, _BATCH, _HIDDEN, _RATE, _DECAY, _DROPPED = 25, 128, 64, 1e-3, 0.1, 0.5

Vectors = NDArray[np.float64]
# From vectors and the labels asked for to log-probabilities.
Learnt = Callable[[Vectors, Sequence[str]], Vectors]
Scope = Literal["", "clip", "speaker", "corpus"]


@dataclass(frozen=True)
class Variant:
    """Features, preparation and classifier.

    `standardised`: each clip by itself, by its speaker or by its corpus (both transductive);
    `centred`: the training clips alone. `copies`: what else is trained on; `heard`: copies of a
    test clip whose log-probabilities are averaged with its own. `shifted`: training vectors also
    moved by the difference of the means of two speakers or corpora. `bags`: so many classifiers of
    speakers drawn anew, averaged. `adversary`: the strength of the reversed gradient of a speaker
    classifier behind a linear projection that is trained in place of the classifier; below 0: none
    is.
    """

    method: Method = _METHOD
    layers: tuple[int, ...] = (2,)
    poolings: tuple[Pooling, ...] = BOTH
    length: Length = "trimmed"
    standardised: Scope = ""
    centred: Scope = ""
    shifted: Scope = ""
    copies: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    bags: int = 0
    adversary: float = -1.0

    @property
    def told(self) -> str:
        """What it is, in words."""
        method, several = self.method, len(self.layers) > 1
        mix = (", averaged" if method.parts > 1 else ", joined") if several else ""
        parts = [
            f"layer{'s' if several else ''} {','.join(map(str, self.layers))}{mix}",
            " + ".join(pooling.removeprefix("loud") for pooling in self.poolings),
            f"{'LDA' if method.kind == 'discriminant' else 'LR C'} {method.strength:g}"
            if self.adversary < 0
            else "",
            f"k {method.directions}",
            "centres of speakers" if method.centres == "speakers" else "",
            "padded" if self.length == "padded" else "",
            f"standardised by {self.standardised}" if self.standardised else "",
            f"sources centred by {self.centred}" if self.centred else "",
            f"shifted between means of {self.shifted}" if self.shifted else "",
            f"trained on copies too: {' and '.join(self.copies)}" if self.copies else "",
            f"averaged over copies of the test clip: {' and '.join(self.heard)}"
            if self.heard
            else "",
            f"{self.bags} bags of speakers" if self.bags else "",
            f"linear projection, adversary {self.adversary:g}" if self.adversary >= 0 else "",
        ]

        return "; ".join(part for part in parts if part)


DEFAULT = Variant()  # what ships, and what differences are taken to
AVERAGED = replace(DEFAULT, method=Method("discriminant", 0.8, 3, "speakers", 3), layers=(1, 2, 3))


def variants() -> Iterator[Variant]:
    """Yield all that are compared on trimmed clips without copies."""
    yield from _features()
    yield from _preparations()
    for strength in (0.1, 0.3, 0.6, 0.8, 0.9, 0.95):
        yield replace(DEFAULT, method=Method("discriminant", strength, 3))

    for directions in (0, 1, 2, 5, 8):
        yield replace(DEFAULT, method=Method("discriminant", 0.8, directions))

    for directions, strength in product((0, 3), (0.0, 0.1, 0.3, 1.0)):
        yield replace(DEFAULT, method=Method("discriminant", 0.8, directions), adversary=strength)

    yield replace(DEFAULT, layers=(1, 2))
    yield replace(DEFAULT, layers=(1, 2, 3))
    for layers in ((1, 2), (2, 3), (1, 2, 3), (0, 1, 2, 3)):
        yield replace(
            DEFAULT, layers=layers, method=Method("discriminant", 0.8, 3, "clips", len(layers))
        )

    yield replace(DEFAULT, method=Method("discriminant", 0.8, 3, "speakers"))
    for strength, directions in (
        (0.3, 3),
        (0.6, 3),
        (0.8, 3),
        (0.9, 3),
        (0.8, 0),
        (0.8, 1),
        (0.8, 5),
        (0.8, 8),
    ):
        yield replace(
            AVERAGED, method=replace(AVERAGED.method, strength=strength, directions=directions)
        )

    for base in (
        DEFAULT,
        replace(AVERAGED, method=replace(AVERAGED.method, centres="clips")),
        AVERAGED,
    ):
        method = replace(base.method, directions=0)
        yield replace(base, method=method, standardised="corpus")
        yield replace(base, method=method, standardised="speaker")


def _features() -> Iterator[Variant]:
    """Yield layers and poolings with the classifiers of the prototype and of the default."""
    for layer in (0, 1, 2, 3):
        yield Variant(Method("logistic", 0.003), (layer,), ("mean",))

    for directions in (0, 3):
        yield Variant(Method("logistic", 0.001, directions), (2,), ("mean", "loud36"))

    yield Variant(Method("logistic", 0.001, 3))
    for layer in (0, 1, 3):
        yield replace(DEFAULT, layers=(layer,))

    sets: tuple[tuple[Pooling, ...], ...] = (
        ("mean",), ("loud20",), ("loud36",), ("mean", "loud36"), (*BOTH, "loud36"), (*BOTH, "std"),
    )  # fmt: skip
    for poolings in sets:
        yield replace(DEFAULT, poolings=poolings)


def _preparations() -> Iterator[Variant]:
    """Yield what is done to vectors before the classifier of the default."""
    yield replace(DEFAULT, standardised="clip")
    yield replace(DEFAULT, centred="corpus", method=Method("discriminant", 0.8))
    yield replace(DEFAULT, centred="speaker", method=Method("discriminant", 0.8))
    yield replace(DEFAULT, shifted="corpus")
    yield replace(DEFAULT, shifted="speaker")
    yield replace(DEFAULT, shifted="speaker", method=Method("discriminant", 0.8))
    yield replace(DEFAULT, bags=10)


def copied() -> Iterator[Variant]:
    """Yield what needs copies of all clips to be heard."""
    for base in (DEFAULT, AVERAGED):
        for names in (*((name,) for name in AUGMENTERS), tuple(AUGMENTERS)):
            yield replace(base, copies=names)
            yield replace(base, heard=names)
            yield replace(base, copies=names, heard=names)


def learn(
    variant: Variant, vectors: Vectors, labels: Sequence[str], speakers: Sequence[str]
) -> Learnt:
    """Learn from vectors of shape (n_clips, n_features); a speaker is `corpus:name`."""
    # Only training clips are moved or copied: what a test clip is compared with, not the clip.
    if variant.centred:
        vectors = moved(vectors, labels, _scope(speakers, variant.centred))

    if variant.shifted:
        vectors = shifted(vectors, labels, _scope(speakers, variant.shifted))
        labels, speakers = list(labels) * (1 + _SHIFTED), list(speakers) * (1 + _SHIFTED)

    if variant.adversary >= 0:
        return adversarial(vectors, labels, speakers, variant.method.directions, variant.adversary)

    draws = [drawn(speakers, seed) for seed in range(variant.bags)] or [np.arange(len(labels))]
    classifiers = [
        fit(vectors[own], [labels[i] for i in own], [speakers[i] for i in own], variant.method)
        for own in draws
    ]

    def answer(tested: Vectors, names: Sequence[str]) -> Vectors:
        return np.asarray(
            np.log(np.mean([each.probabilities(tested, names) for each in classifiers], axis=0))
        )

    return answer


def standardise(vectors: Vectors, speakers: Sequence[str], scope: Scope) -> Vectors:
    """Standardise vectors, (n_clips, n_features), each by itself, by its speaker or its corpus."""
    if scope == "clip":
        return np.asarray(
            (vectors - vectors.mean(axis=1, keepdims=True)) / vectors.std(axis=1, keepdims=True)
        )

    groups = _scope(speakers, scope)
    statistics = speaker_statistics(vectors, groups)
    return np.stack(
        [statistics[group].apply(row) for group, row in zip(groups, vectors, strict=True)]
    )


def moved(vectors: Vectors, labels: Sequence[str], groups: Sequence[str]) -> Vectors:
    """Move each vector by the difference of the centre of all groups to that of its own."""
    centres, of = centres_of(vectors, labels, groups)
    return np.asarray(vectors + centres.mean(axis=0) - centres[of])


def shifted(vectors: Vectors, labels: Sequence[str], groups: Sequence[str]) -> Vectors:
    """Return the vectors, then copies of them moved from their own group's centre to another's."""
    centres, of = centres_of(vectors, labels, groups)
    rng = np.random.default_rng(0)
    draws = [rng.integers(len(centres), size=len(of)) for _ in range(_SHIFTED)]

    return np.concatenate(
        [vectors, *(vectors + centres[drawn_groups] - centres[of] for drawn_groups in draws)]
    )


def centres_of(
    vectors: Vectors, labels: Sequence[str], groups: Sequence[str]
) -> tuple[Vectors, NDArray[np.intp]]:
    """Return the centre of each group, (n_groups, n_features), and the group of each vector.

    A centre is the mean of the means of the group's labels: how often one is spoken must not count.
    """
    names, of = np.unique(groups, return_inverse=True)
    return np.stack([centre(vectors, of == number, labels) for number in range(len(names))]), of


def drawn(speakers: Sequence[str], seed: int) -> NDArray[np.intp]:
    """Return the clips of speakers drawn with replacement, as many a corpus as it has."""
    rng, speaker_of = np.random.default_rng(seed), np.array(speakers)
    corpora = [
        [name for name in sorted(set(speakers)) if name.startswith(f"{corpus}:")]
        for corpus in _corpora(speakers)
    ]
    chosen = [name for names in corpora for name in rng.choice(names, len(names))]

    return np.concatenate([np.flatnonzero(speaker_of == name) for name in chosen])


def adversarial(
    vectors: Vectors,
    labels: Sequence[str],
    speakers: Sequence[str],
    directions: int,
    strength: float,
) -> Learnt:
    """Train a linear projection and a label head against a speaker classifier, with seed 0.

    After Ganin et al. (JMLR 2016): the gradient of the speaker classifier is reversed before the
    projection, with a strength that rises to `strength` over the training.
    """
    mean, scale, names = vectors.mean(axis=0), vectors.std(axis=0) + 1e-9, sorted(set(labels))
    blind_to = speaker_directions((vectors - mean) / scale, labels, speakers, directions)
    inputs = torch.from_numpy(without((vectors - mean) / scale, blind_to)).float()
    codes = torch.tensor([names.index(label) for label in labels])

    voices = sorted(set(speakers))
    voice = torch.tensor([voices.index(speaker) for speaker in speakers])

    torch.manual_seed(0)
    project = nn.Sequential(nn.Dropout(_DROPPED), nn.Linear(inputs.shape[1], _HIDDEN))
    head = nn.Linear(_HIDDEN, len(names))
    adversary = nn.Sequential(
        nn.Linear(_HIDDEN, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, len(voices))
    )
    everything = [*project.parameters(), *head.parameters(), *adversary.parameters()]
    optimiser = torch.optim.AdamW(everything, lr=_RATE, weight_decay=_DECAY)
    rare = 1 / torch.bincount(codes).float()  # Every label counts alike, as in the discriminant.

    for epoch in range(_EPOCHS):
        for batch in torch.split(torch.randperm(len(inputs)), _BATCH):
            hidden = project(inputs[batch])
            loss = nn.functional.cross_entropy(head(hidden), codes[batch], weight=rare)
            against = adversary(
                reverse_gradient(hidden, strength * rising_strength(epoch / _EPOCHS))
            )
            optimiser.zero_grad()
            torch.autograd.backward(loss + nn.functional.cross_entropy(against, voice[batch]))
            optimiser.step()

    project.eval()

    @torch.no_grad()
    def answer(tested: Vectors, labels: Sequence[str]) -> Vectors:
        logits = head(
            project(torch.from_numpy(without((tested - mean) / scale, blind_to)).float())
        ).double()
        columns, rows = asked_for(names, labels)
        scores = torch.full((len(tested), len(labels)), -torch.inf, dtype=torch.float64)
        scores[:, columns] = logits[:, rows].log_softmax(dim=1)

        return np.asarray(scores.numpy())

    return answer


def _scope(speakers: Sequence[str], scope: Scope) -> list[str]:
    return (
        list(speakers)
        if scope == "speaker"
        else [speaker.partition(":")[0] for speaker in speakers]
    )


def _corpora(speakers: Sequence[Hashable]) -> list[str]:
    return sorted({str(speaker).partition(":")[0] for speaker in speakers})
