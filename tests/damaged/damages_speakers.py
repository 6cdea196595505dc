"""Damages of speakers: one under two names, many under one, numbers that are none."""

from __future__ import annotations

import unicodedata

import numpy as np

from damaged.damages import damage
from damaged.own_corpus import OwnCorpus


def _two_names(what: str, other: str) -> None:
    @damage(
        f"a speaker under two names: {what}", "speakers", r"bob|speaker", r"two names|same|spel"
    )
    def _renamed(corpus: OwnCorpus) -> None:
        for row in corpus.rows[6:9]:
            row["speaker"] = other


for _what, _other in (
    ("case", "Bob"),
    ("a prefix", "spk_bob"),
    ("a point", "bob."),
    ("full width", "ｂｏｂ"),
    ("an invisible sign", "bo\u200bb"),
    ("a no-break space inside", "bob\u00a0 x".replace(" x", "\u200e")),
):
    _two_names(_what, _other)


@damage("a speaker as 1 and as 01", "speakers", r"speaker", r"two names|same|spel")
def _padded(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        name = {"ada": "1", "bob": "2", "eve": "3"}[row["speaker"]]
        row["speaker"] = f"0{name}" if number % 2 else name


@damage("a speaker composed and decomposed", "speakers", r"speaker", r"two names|same|spel|NF")
def _decomposed(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        form = "NFD" if number % 2 else "NFC"
        row["speaker"] = unicodedata.normalize(form, row["speaker"].replace("eve", "évé"))


@damage("a speaker for every file", "speakers", r"speaker", r"as many|each|every|doubt|file number")
def _as_many(corpus: OwnCorpus) -> None:
    for number, row in enumerate(corpus.rows):
        row["speaker"] = str(number)


@damage("one speaker for all", "speakers", r"speaker", r"one speaker|only|single|few|1 speaker")
def _alone(corpus: OwnCorpus) -> None:
    for row in corpus.rows:
        row["speaker"] = "all"


@damage("some rows without a speaker", "speakers", r"speaker", r"without|blank|no speaker|lack")
def _unnamed(corpus: OwnCorpus) -> None:
    for row in corpus.rows[5:8]:
        row["speaker"] = ""


@damage("speaker 'unknown' for several people", "speakers", r"unknown", r"speaker")
def _unknown(corpus: OwnCorpus) -> None:
    for row in corpus.rows[::4]:
        row["speaker"] = "unknown"


@damage("speakers against the names of files", "speakers", r"bob|ada", r"name|contradict|speaker")
def _against_names(corpus: OwnCorpus) -> None:
    for row, other in zip(corpus.rows, np.roll(np.arange(18), 2), strict=True):
        row["speaker"] = f"{corpus.rows[other]['file'][4:7]}"


@damage("a nan for a speaker", "speakers", r"nan|speaker", r"speaker|without|blank")
def _nan_speaker(corpus: OwnCorpus) -> None:
    for row in corpus.rows[5:8]:
        row["speaker"] = "nan"


@damage("a speaker of both sexes", "speakers", r"bob", r"sex|f and m|two people")
def _both_sexes(corpus: OwnCorpus) -> None:
    corpus.columns["sex"] = "sex"
    for number, row in enumerate(corpus.rows):
        row["sex"] = "f" if row["speaker"] != "bob" or number % 2 else "m"
