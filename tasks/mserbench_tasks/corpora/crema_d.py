"""CREMA-D: English, 91 actors, six emotions, intended and perceived (Cao et al., TAC 2014)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard
from mserbench.contracts import Corpus, Fault, Tree, Utterance
from mserbench.tables import Row, rows

NAME = re.compile(
    r"(?P<actor>10(?:0[1-9]|[1-8]\d|9[01]))_(?P<sentence>IEO|TIE|IOM|IWW|TAI|MTI|IWL|ITH|DFA|ITS|TSI|WSI)_"
    r"(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_(?P<level>LO|MD|HI|XX)"
)
# Actors, less 1000, whom the publisher's VideoDemographics.csv calls female.
FEMALE = frozenset({
    2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 18, 20, 21, 24, 25, 28, 29, 30, 37, 43, 46, 47, 49, 52, 53, 54,
    55, 56, 58, 60,
    61, 63, 72, 73, 74, 75, 76, 78, 79, 82, 84, 89, 91,
})  # fmt: skip
VOTES = "summaryTable.csv"

CARD = CorpusCard(
    name="crema-d",
    title="CREMA-D, Crowd-sourced Emotional Multimodal Actors Dataset (audio)",
    languages=("en",),
    speakers=91,
    licence="ODbL 1.0, contents DbCL 1.0",
    access="open",
    source="https://github.com/CheyneyComputerScience/CREMA-D",
    how_to_get="clone the publisher's repository with large-file storage: git lfs install, git "
    "clone, git lfs pull",
    unpack="copy AudioWAV (and processedResults, for perceived labels) into DATA/crema-d; files of "
    "about 130 bytes are pointers, not audio: run git lfs pull in the clone first",
    citation="H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova and R. Verma, CREMA-D: "
    "Crowd-Sourced Emotional Multimodal Actors Dataset, IEEE Transactions on Affective "
    "Computing 5(4), 2014, pp. 377-390",
    counts={"published": {**dict.fromkeys(("ANG", "DIS", "FEA", "HAP", "SAD"), 1271), "NEU": 1087}},
    hours=5.26,
    skipped={"AudioMP3/*": "the same recordings as mp3; those of AudioWAV are used"},
    inventory="mserbench_tasks:inventory/crema-d.txt",
    notes="Labels are the intended emotions; listeners to the voice alone agree with 3,099 of "
    "7,442 and hear 3,897 as neutral, which the task crema-d-perceived asks. 1076_MTI_SAD_XX "
    "is silent; in other file types than wav 1076_MTI_NEU_XX and 1064_TIE_SAD_XX cannot be "
    "read and 1064_IEO_DIS_MD lasts a minute. A release of 7,438 recordings circulates. The "
    "EmoBox split shares all actors.",
)


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the recordings by name, with the listeners' vote where its table is there."""
    votes: dict[str, str] = {}
    # A clone of the publisher's repository holds the table twice; the shorter path is the one it
    # documents.
    table = min(
        (name for name in tree.names if name.rpartition("/")[2] == VOTES), key=len, default=""
    )
    for row in rows(table, tree.read(table), ("FileName", "VoiceVote")) if table else ():
        if isinstance(row, Row):
            votes[row.values["FileName"]] = row.values["VoiceVote"]
        else:
            yield row

    for path, stem in tree.audio("wav", "mp3"):
        if match := NAME.fullmatch(stem):
            perceived = {"perceived": votes[stem]} if stem in votes else {}
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"crema-d:{match['actor']}",
                language="en",
                sex="f" if int(match["actor"]) - 1000 in FEMALE else "m",
                extra={"sentence": match["sentence"], "level": match["level"], **perceived},
            )


CORPUS = Corpus(CARD, parse)
