"""URDU: excerpts of talk shows, 29 speakers, four emotions (Latif et al., FIT 2018)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance

# S, speaker (M or F and a number), F and the number of the file, emotion and a number; no number
# has a fixed width.
NAME = re.compile(r"S(?P<speaker>(?P<sex>[MF])\d+)_F\d+_(?P<emotion>[AHNS])\d+")
FOLDERS = {"A": "Angry", "H": "Happy", "N": "Neutral", "S": "Sad"}

CARD = CorpusCard(
    name="urdu",
    title="URDU dataset of emotional speech",
    languages=("ur",),
    speakers=29,
    licence="free for research purposes only",
    access="open",
    source="https://github.com/siddiquelatif/URDU-Dataset",
    how_to_get="clone or download the publisher's repository: the audio is in it",
    unpack="copy the folders Angry, Happy, Neutral and Sad of the repository into DATA/urdu",
    citation="S. Latif, A. Qayyum, M. Usman and J. Qadir, Cross Lingual Speech Emotion "
    "Recognition: Urdu vs. Western Languages, FIT 2018, pp. 88-93",
    counts={"published": dict.fromkeys("AHNS", 100)},
    hours=0.28,
    inventory="mserbench_tasks:inventory/urdu.txt",
    divisions={
        "paper2": Division(
            "paper2-like: 300 to train, 20 to validate, 80 to test; speakers are shared",
            "mserbench_tasks:splits/urdu-paper2.csv",
            "43bdd90bdf185aafb80ef24e0e18261af72a9fe0f79a6ed28b43b46964494d1e",
            "split",
            "sizes of arXiv 2606.06200, which published no ids; drawn by "
            "mserbench_tasks.remake_splits",
        ),
    },
    notes="The publisher writes of 38 speakers, the names hold 29. Speaker and emotion are "
    "confounded: SM5 speaks 72 of the 100 neutral recordings, SM4 48 of the angry ones, SM25 "
    "and SM24 78 of the sad ones: folds cannot be independent of speakers. A copy of 300 "
    "recordings without Sad circulates.",
)


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the recordings; the file name tells all, and the folder must not contradict it."""
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            folder = next(
                (part for part in path.split("/")[-2:-1] if part in FOLDERS.values()), None
            )
            named = FOLDERS[match["emotion"]]
            if folder not in (None, named):
                yield Fault(
                    f"{path!r} lies in the folder {folder!r}, but its name means {named!r}: get it "
                    "again"
                )
                continue

            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"urdu:S{match['speaker']}",
                language="ur",
                sex="f" if match["sex"] == "F" else "m",
            )


CORPUS = Corpus(CARD, parse)
