"""The four demo corpora as the harness sees them: cards, names, folders made on first use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Tree, Utterance
from mserbench.labels import CANONICAL
from mserbench_tasks.demo.tables import TEST_LANGUAGES, TRAINING_LANGUAGES, sentences

_NAME = re.compile(
    rf"(?P<language>{'|'.join(TRAINING_LANGUAGES + TEST_LANGUAGES)})"
    r"_(?P<speaker>(?P<split>train|val|test)(?P<number>\d\d))"
    rf"_(?P<emotion>{'|'.join(CANONICAL)})"
    r"_(?P<sentence>s0[1-9]|s10)"
    r"_(?P<take>\d)"
)


def parse(tree: Tree) -> Iterator[Utterance]:
    """Read everything from names such as `el_test07_angry_s03_1`: odd speakers are male."""
    texts = sentences()
    for path, stem in tree.audio("flac"):
        if match := _NAME.fullmatch(stem):
            language, number = match["language"], int(match["number"])
            owner = "demo" if language in TRAINING_LANGUAGES else f"demo-{language}"
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"{owner}:{language}_{match['speaker']}",
                language=language,
                split=match["split"],
                sex="m" if number % 2 else "f",
                text=texts[language, match["sentence"]].text,
                extra={"sentence": match["sentence"], "take": match["take"]},
            )


def _provide(name: str) -> Path:
    from mserbench_tasks.demo.build import provide

    return provide(name)


def _corpus(
    name: str, title: str, languages: tuple[str, ...], speakers: int, per_emotion: int, digest: str
) -> Corpus:
    card = CorpusCard(
        name=name,
        title=f"{title} (synthetic, rule-based)",
        languages=languages,
        speakers=speakers,
        licence="MIT (rule and sentences); spoken by espeak-ng (GPL-3.0-or-later), a separate "
        "program",
        access="generated",
        source="https://github.com/espeak-ng/espeak-ng",
        how_to_get="pip install 'mserbench[demo]': the audio is then made on first use and cached",
        unpack="nothing to unpack: remove the folder and it is made again",
        citation="mserbench demo corpus: espeak-ng voices, emotion by eleven rule-driven cues",
        counts={"complete": dict.fromkeys(CANONICAL, per_emotion)},
        inventory=f"mserbench_tasks.demo:inventory/{name}.txt",
        editions={digest: "espeakng-loader 0.2.4 on Linux x86-64"},
        divisions={"language": _by_language(languages)} if len(languages) > 1 else {},
        synthetic=True,
        notes="Synthetic, rule-based: it demonstrates and tests, and says nothing about human "
        "speech.",
    )
    return Corpus(card, parse, partial(_provide, name))


def _by_language(languages: tuple[str, ...]) -> Division:
    rows = tuple((language, language) for language in languages)
    return Division("by language", "language", "", "folds", "drawn for mserbench", rows)


DEMO = _corpus(
    "demo", "Demo training speech in six languages", TRAINING_LANGUAGES, 60, 228, "5a7de14b"
)
DEMO_EL = _corpus("demo-el", "Demo test speech, Greek", ("el",), 40, 80, "1be2d6ff")
DEMO_FA = _corpus("demo-fa", "Demo test speech, Persian", ("fa",), 40, 80, "4c66482d")
DEMO_RU = _corpus("demo-ru", "Demo test speech, Russian", ("ru",), 40, 80, "28d517f6")
