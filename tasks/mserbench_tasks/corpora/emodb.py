"""EmoDB, the Berlin database: ten German actors, seven emotions (Burkhardt et al., Interspeech 2005)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.contracts import Corpus, CorpusCard, Tree, Utterance

# speaker, sentence, emotion (W angry, L boredom, E disgust, A fear, F happy, T sad, N neutral), version
NAME = re.compile(r"(?P<speaker>\d\d)(?P<sentence>[ab]\d\d)(?P<emotion>[WLEAFTN])(?P<version>[a-f])")
FEMALE = frozenset({"08", "09", "13", "14", "16"})

CARD = CorpusCard(
    name="emodb",
    title="EmoDB, Berlin Database of Emotional Speech",
    languages=("de",),
    speakers=10,
    licence="CC0-1.0",
    access="open",
    source="http://emodb.bilderbar.info",
    how_to_get="download the original database (download.zip, 535 recordings)",
    unpack="unzip download.zip into DATA/emodb, so that it holds the folder wav",
    citation="F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier and B. Weiss, A Database of German "
    "Emotional Speech, Interspeech 2005, pp. 1517-1520",
    counts={"original": {"A": 69, "E": 46, "F": 71, "L": 81, "N": 79, "T": 62, "W": 127}},
    inventory="mserbench_tasks:inventory/emodb.txt",
    editions={"cf053a68": "original"},
    notes="A release of 816 recordings adds 281 of low agreement, and a copy cut to 2.0 s a recording "
    "circulates: neither is this one.",
)


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
