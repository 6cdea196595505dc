"""Which clips a demo corpus holds and how each is spoken: pure, drawn from streams with names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal
from xml.sax.saxutils import escape

import numpy as np

from mserbench.labels import CANONICAL
from mserbench_tasks.demo.tables import (
    CONTROLS,
    TEST_LANGUAGES,
    TRAINING_LANGUAGES,
    Sentence,
    profiles,
    sentences,
    variants,
)

NOISE = 0.4  # sd of z per control and clip: the knob of difficulty
OFFSETS = {"pitch": 4.2, "range": 4.9, "rate": 0.063, "tilt": 0.49, "gain": 1.4, "breath": 1.4}
"""Standard deviation of a speaker's own offset, in the unit of the sound (see `request` and
`post`).
"""

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class Bump:
    """One bump of a speaker's channel: a Gaussian over log frequency."""

    gain_db: float
    centre_hz: float
    width_octaves: float


@dataclass(frozen=True)
class Speaker:
    """A synthetic speaker: a variant with offsets, weights and a channel of its own."""

    id: str  # unique over all demo corpora, as in `el_test07`
    language: str
    split: Split
    variant: str
    sex: Literal["f", "m"]
    offsets: Mapping[str, float]
    weights: Mapping[str, float]  # of each control: how strongly this speaker uses it
    scale: float  # of the vocal tract; above 1 lowers formants and pitch and lengthens
    channel: tuple[Bump, ...]
    floor_db: float  # white noise, below the base level


@dataclass(frozen=True)
class Plan:
    """One clip: who says what, in which emotion, and z (about -2.5 to 2.5) of each control."""

    id: str
    speaker: Speaker
    emotion: str
    sentence: Sentence
    z: Mapping[str, float]


def stream(name: str) -> np.random.RandomState:
    """Return a generator seeded with the SHA-256 of `name`.

    `RandomState` because NumPy freezes its stream; the newer generators may change between
    releases.
    """
    return np.random.RandomState(np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype="<u4"))


def plan(corpus: str) -> list[Plan]:
    """List the clips of a demo corpus by speaker, emotion and take. Raises ValueError."""
    if corpus == "demo":
        return [
            clip
            for language in TRAINING_LANGUAGES
            for split, takes in (("train", 4), ("val", 3))
            for speaker in speakers(language)
            if speaker.split == split
            for clip in _clips_of(speaker, takes)
        ]

    for language in TEST_LANGUAGES:
        if corpus == f"demo-{language}":
            return [clip for speaker in speakers(language) for clip in _clips_of(speaker, 2)]

    raise ValueError(
        f"{corpus!r} is no demo corpus: 'demo', 'demo-el', 'demo-fa' or 'demo-ru' expected"
    )


@cache
def speakers(language: str) -> tuple[Speaker, ...]:
    """Return a language's speakers: 8 to train and 2 to validate, or 40 to test.

    Sexes alternate.
    """
    tested = language in TEST_LANGUAGES
    numbers: dict[Split, int] = {"test": 40} if tested else {"train": 8, "val": 2}

    # One run through a sex's variants for both splits: no validation variant is a training one.
    voices = {sex: _shuffled(language, "test" if tested else "train", sex) for sex in ("m", "f")}
    return tuple(
        _speaker(language, split, number, next(voices["m" if number % 2 else "f"]))
        for split, count in numbers.items()
        for number in range(1, count + 1)
    )


def request(clip: Plan) -> dict[str, str | int]:
    """Return what espeak-ng is asked for: voice, variant, SSML, parameters in its units."""
    z, own = clip.z, clip.speaker.offsets
    return {
        "voice": clip.sentence.voice,
        "variant": clip.speaker.variant,
        "ssml": _ssml(clip),
        "pitch": round(_clip(42 + own["pitch"] + 13 * z["pitch"], 4, 92)),
        "range": round(_clip(48 + own["range"] + 20 * z["range"], 2, 100)),
        "rate": round(_clip(170 * float(np.exp(own["rate"] + 0.15 * z["rate"])), 90, 330)),
        "volume": 90,
    }


def _ssml(clip: Plan) -> str:
    """Mark each token with its pitch in percent, linear over the sentence, with breaks."""
    random = stream(f"pauses {clip.id}")
    chance = _clip(0.08 + 0.10 * clip.z["pause"], 0.0, 0.5)
    tokens = clip.sentence.text.split()
    parts: list[str] = []

    for token, position in zip(tokens, np.linspace(-1.0, 1.0, len(tokens)), strict=True):
        percent = round(_clip(30 * clip.z["pslope"] * float(position), -70, 90))
        pauses, milliseconds = random.random_sample() < chance, random.randint(80, 320)
        gap = f' <break time="{milliseconds}ms"/> ' if parts and pauses else " "
        parts.append(f'{gap}<prosody pitch="{percent:+d}%">{escape(token)}</prosody>')

    return f"<speak>{''.join(parts).strip()}</speak>"


def _clips_of(speaker: Speaker, takes: int) -> Iterator[Plan]:
    texts = [
        sentence for (language, _), sentence in sentences().items() if language == speaker.language
    ]
    for emotion in CANONICAL:
        order = stream(f"sentences {speaker.id} {emotion}").permutation(len(texts))
        for take, index in enumerate(order[:takes], start=1):
            identity = f"{speaker.id}_{emotion}_{texts[index].id}_{take}"
            yield Plan(
                identity, speaker, emotion, texts[index], _controls(identity, speaker, emotion)
            )


def _controls(identity: str, speaker: Speaker, emotion: str) -> dict[str, float]:
    """Return z of each control: profile, speaker, language, and noise of the clip."""
    random = stream(f"controls {identity}")
    # Shared by all controls: the cues are correlated, as in people.
    intensity = random.uniform(0.7, 1.3)
    noise = random.normal(0.0, NOISE, len(CONTROLS))
    language = _language_weights(speaker.language)

    return {
        control: intensity
        * profiles()[emotion][control]
        * speaker.weights[control]
        * language[control]
        + own
        for control, own in zip(CONTROLS, noise.tolist(), strict=True)
    }


@cache
def _language_weights(language: str) -> dict[str, float]:
    drawn = np.clip(stream(f"language {language}").normal(1.0, 0.15, len(CONTROLS)), 0.5, 1.5)
    return dict(zip(CONTROLS, drawn.tolist(), strict=True))


def _speaker(language: str, split: Split, number: int, variant: str) -> Speaker:
    """Draw a speaker from a stream with its name, so that no other draw changes it."""
    identity = f"{language}_{split}{number:02d}"
    random = stream(f"speaker {identity}")
    offsets = {control: float(random.normal(0.0, sd)) for control, sd in OFFSETS.items()}
    weights = np.clip(random.normal(1.0, 0.25, len(CONTROLS)), 0.2, 1.8).tolist()
    channel = tuple(_bump(random) for _ in range(4))

    return Speaker(
        id=identity,
        language=language,
        split=split,
        variant=variant,
        sex="m" if number % 2 else "f",
        offsets=offsets,
        weights=dict(zip(CONTROLS, weights, strict=True)),
        scale=random.uniform(0.94, 1.06),
        channel=channel,
        floor_db=random.uniform(28, 38),
    )


def _bump(random: np.random.RandomState) -> Bump:
    centre = np.exp(random.uniform(np.log(150), np.log(7000)))
    return Bump(random.normal(0.0, 1.5), float(centre), random.uniform(0.4, 1.2))


def _shuffled(language: str, use: str, sex: str) -> Iterator[str]:
    """Yield the variants of a use and sex in an order of the language's own, over and over."""
    names = [variant.name for variant in variants() if (variant.use, variant.sex) == (use, sex)]
    order = stream(f"variants {language} {use} {sex}").permutation(len(names))
    while True:
        yield from (names[index] for index in order)


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
