"""AESDD: Greek, six actors, five emotions (Vryzas et al., JAES 66(6), 2018)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Tree, Utterance

# As in `a01 (1)`: emotion, sentence, speaker. Five recordings write the speaker (01), nine add a
# letter for a retake.
NAME = re.compile(r"(?P<emotion>[adfhs])(?P<sentence>\d\d) ?\((?P<speaker>\d+)\)(?P<take>[ab]?)")

CARD = CorpusCard(
    name="aesdd",
    title="AESDD, Acted Emotional Speech Dynamic Database",
    languages=("el",),
    speakers=6,
    licence="free for research; a mirror states CC BY 4.0",
    access="open",
    source="https://m3c.web.auth.gr/research/aesdd-speech-emotion-recognition/",
    how_to_get="download the database from the page of the M3C group, Aristotle University of "
        "Thessaloniki",
    unpack="unpack into DATA/aesdd, so that it holds the folders anger disgust fear happiness "
        "sadness",
    citation="N. Vryzas, R. Kotsakis, A. Liatsou, C. Dimoulas and G. Kalliris, Speech Emotion "
        "Recognition for Performance Interaction, Journal of the Audio Engineering Society 66(6), "
        "pp. 457-467, 2018",
    counts={"readable": {"a": 121, "d": 122, "f": 120, "h": 119, "s": 122}},
    skipped={"*s05 (3).wav": "a header without audio, as published"},
    inventory="mserbench_tasks:inventory/aesdd.txt",
    editions={"17ed4c9b": "16 kHz mono FLAC"},
    keys="mserbench_tasks:inventory/aesdd.keys",
    hours=0.69,
    divisions={
        "speakers": Division(
            "leave one speaker out, in six folds", "mserbench_tasks:splits/aesdd-speakers.csv",
            "1694509b701a4ef17fb9aa1e6387fbf2d46a4fa5797a47e5fad33fde59d2cdf5", "folds",
            "common in papers; the speakers are those of the names",
        ),
        "halves": Division(
            "two halves of the speakers; their sex is not published, so odd and even numbers",
            "speaker", "", "folds", "drawn for mserbench",
            rows=tuple((f"aesdd:{number}", "a" if number % 2 else "b") for number in range(1, 7)),
        ),
        "emobox": Division(
            "EmoBox: 455 to train, 149 to test, at random",
            "mserbench_tasks:splits/aesdd-emobox.csv",
            "c7b3dc1b76d336b73887351571f58eefd2493a58dac45ceacb15de8a288a3bc5", "split",
            "EmoBox, https://github.com/emo-box/EmoBox, data/aesdd",
        ),
    },
    notes="The sex of the speakers is not published per id. No neutral, no surprise, no "
        "transcripts.",
)  # fmt: skip


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
