"""EmoDB, of Berlin: German, ten actors, seven emotions (Burkhardt et al., Interspeech 2005)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division, Remote
from mserbench.contracts import Corpus, Tree, Utterance

# Speaker, sentence, emotion (W angry, L boredom, E disgust, A fear, F happy, T sad, N neutral),
# version.
NAME = re.compile(
    r"(?P<speaker>\d\d)(?P<sentence>[ab]\d\d)(?P<emotion>[WLEAFTN])(?P<version>[a-f])"
)
FEMALE = frozenset({"08", "09", "13", "14", "16"})

CARD = CorpusCard(
    name="emodb",
    title="EmoDB, Berlin Database of Emotional Speech",
    languages=("de",),
    speakers=10,
    licence="CC0-1.0",
    access="open",
    source="http://emodb.bilderbar.info",
    how_to_get="download the original database (download.zip, 535 recordings), or emodb.zip of "
        "Zenodo record 7447302",
    unpack="unzip it into DATA/emodb, so that it holds the folder wav",
    citation="F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier and B. Weiss, A Database of "
        "German Emotional Speech, Interspeech 2005, pp. 1517-1520",
    counts={"original": {"A": 69, "E": 46, "F": 71, "L": 81, "N": 79, "T": 62, "W": 127}},
    inventory="mserbench_tasks:inventory/emodb.txt",
    editions={"cf053a68": "original"},
    keys="mserbench_tasks:inventory/emodb.keys",
    hours=0.41,
    divisions={
        "speakers": Division(
            "leave one speaker out, in ten folds", "mserbench_tasks:splits/emodb-speakers.csv",
            "09d9144d03a1561bc3c0b6e363270ef5ebefd751e19e69be68109b97e4c2af00", "folds",
            "common in papers on EmoDB",
        ),
        "halves": Division(
            "two halves of the speakers, balanced by sex as far as five and five go",
            "speaker", "", "folds", "drawn for mserbench",
            rows=(
                *((f"emodb:{number}", "a") for number in ("08", "10", "12", "13", "16")),
                *((f"emodb:{number}", "b") for number in ("03", "09", "11", "14", "15")),
            ),
        ),
        "paper2": Division(
            "paper2-like: 266 to train, 35 to validate, 38 to test of the four emotions; speakers "
            "are shared",
            "mserbench_tasks:splits/emodb-paper2.csv",
            "046da9ce2c22b8dcfb52c4446d53c4e071119a7c2db0119eb6414636162e7aa6", "split",
            "sizes of arXiv 2606.06200, which published no ids; drawn by "
            "mserbench_tasks.remake_splits",
        ),
    },
    # Release 1.3.0 of the 535 recordings, by an author of the corpus; size and md5 as its Zenodo
    # record says.
    files=(
        Remote(
            "https://zenodo.org/records/7447302/files/emodb.zip",
            "md5:9d21362dbc5676ef3ab4745d83ced0db",
            39_981_818,
        ),
    ),
    notes="A release of 816 recordings adds 281 of low agreement, and a copy cut to 2.0 s a "
        "recording circulates: neither is this one.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield the recordings; all facts stand in the file name."""
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"emodb:{match['speaker']}",
                language="de",
                sex="f" if match["speaker"] in FEMALE else "m",
                extra={"sentence": match["sentence"], "version": match["version"]},
            )


CORPUS = Corpus(CARD, parse)
