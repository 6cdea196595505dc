"""AESDD: Greek acted emotional speech, six speakers, five emotions (Vryzas et al., JAES 66(6), 2018)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.contracts import Corpus, CorpusCard, Tree, Utterance

# a01 (1): emotion, sentence, speaker; five recordings write the speaker (01), nine add a letter for a retake
NAME = re.compile(r"(?P<emotion>[adfhs])(?P<sentence>\d\d) ?\((?P<speaker>\d+)\)(?P<take>[ab]?)")

CARD = CorpusCard(
    name="aesdd",
    title="AESDD, Acted Emotional Speech Dynamic Database",
    languages=("el",),
    speakers=6,
    licence="free for research; a mirror states CC BY 4.0",
    access="open",
    source="https://m3c.web.auth.gr/research/aesdd-speech-emotion-recognition/",
    how_to_get="download the database from the page of the M3C group, Aristotle University of Thessaloniki",
    unpack="unpack into DATA/aesdd, so that it holds the folders anger disgust fear happiness sadness",
    citation="N. Vryzas, R. Kotsakis, A. Liatsou, C. Dimoulas and G. Kalliris, Speech Emotion Recognition for "
    "Performance Interaction, Journal of the Audio Engineering Society 66(6), pp. 457-467, 2018",
    counts={"readable": {"a": 121, "d": 122, "f": 120, "h": 119, "s": 122}},
    skipped={"*s05 (3).wav": "a header without audio, as published"},
    inventory="mserbench_tasks:inventory/aesdd.txt",
    editions={"17ed4c9b": "16 kHz mono FLAC"},
    notes="The sex of the speakers is not published per id. No neutral, no surprise, no transcripts.",
)


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield the recordings; all facts stand in the file name, the folder repeats the emotion."""
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"aesdd:{int(match['speaker'])}",
                language="el",
                extra={"sentence": match["sentence"], "take": match["take"]},
            )


CORPUS = Corpus(CARD, parse)
