"""RAVDESS speech: English, 24 actors, 8 emotions (Livingstone & Russo, PLoS ONE 13(5), 2018)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division, Remote
from mserbench.contracts import Corpus, Tree, Utterance

# Modality, vocal channel, emotion, intensity, statement, repetition, actor; 03-01 is audio-only
# speech.
NAME = re.compile(
    r"03-01-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<statement>0[12])-(?P<take>0[12])-(?P<actor>\d\d)"
)
STATEMENTS = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}

CARD = CorpusCard(
    name="ravdess",
    title="RAVDESS, Ryerson Audio-Visual Database of Emotional Speech and Song (speech)",
    languages=("en",),
    speakers=24,
    licence="CC BY-NC-SA 4.0",
    access="open",
    source="https://zenodo.org/records/1188976",
    how_to_get="download Audio_Speech_Actors_01-24.zip from Zenodo record 1188976",
    unpack="unzip Audio_Speech_Actors_01-24.zip into DATA/ravdess, so that it holds Actor_01 ... "
        "Actor_24",
    citation="S. R. Livingstone and F. A. Russo, The Ryerson Audio-Visual Database of Emotional "
        "Speech and Song (RAVDESS), PLoS ONE 13(5), e0196391, 2018",
    counts={"speech": {"01": 96, **{f"0{code}": 192 for code in range(2, 9)}}},
    skipped={
        "*0[123]-02-??-??-??-??-??.*": "song, a release of its own",
        "*0[12]-01-??-??-??-??-??.*": "video, or video without sound",
    },
    inventory="mserbench_tasks:inventory/ravdess.txt",
    editions={"d3dcff7d": "16 kHz mono FLAC"},
    keys="mserbench_tasks:inventory/ravdess.keys",
    hours=1.48,
    divisions={
        "emobox": Division(
            "six folds of four actors each", "mserbench_tasks:splits/ravdess-emobox.csv",
            "35526b4a7c854d89d8f3b9e843bd42cb64f0e9fea4879db0d3c3cdeb99e3ea3a", "folds",
            "EmoBox, https://github.com/emo-box/EmoBox, data/ravdess",
        ),
        "halves": Division(
            "two halves of the speakers, six women and six men each", "speaker", "", "folds",
            "drawn for mserbench",
            # Odd actors are men and even ones women: pairs of neighbours go to the halves in turn.
            rows=tuple(
                (f"ravdess:{actor:02d}", "a" if actor % 4 in (1, 2) else "b")
                for actor in range(1, 25)
            ),
        ),
        "audeering": Division(
            "actors 21-24 to test, 16, 17, 19 and 20 to develop",
            "mserbench_tasks:splits/ravdess-audeering.csv",
            "5f71e620ddcf6e97cd59c1a7374000c5a13b618120d3a9bf50728264059fc0be", "split",
            "audEERING, https://github.com/audeering/datasets, datasets/ravdess",
        ),
    },
    files=(  # size and md5 as the Zenodo record shows them
        Remote(
            "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip",
            "md5:bc696df654c87fed845eb13823edef8a",
            208_468_073,
        ),
    ),
    notes="Mirrors hold every actor folder twice: copies with the same audio count once. Actor 07 "
        "has one recording under two names (03-01-03-01-02-01-07 and 03-01-03-01-02-02-07).",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield the speech recordings; all facts stand in the file name."""
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"ravdess:{match['actor']}",
                language="en",
                sex="m" if int(match["actor"]) % 2 else "f",
                text=STATEMENTS[match["statement"]],
                extra={"intensity": match["intensity"], "sentence": match["statement"]},
            )


CORPUS = Corpus(CARD, parse)
