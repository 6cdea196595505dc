"""EMOVO: six Italian actors, fourteen sentences, seven emotions (Costantini et al., LREC 2014)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Tree, Utterance

NAME = re.compile(
    r"(?P<emotion>dis|gio|neu|pau|rab|sor|tri)-(?P<speaker>[fm][123])-(?P<sentence>b[123]|l[1-4]|n[1-5]|d[12])"
)

CARD = CorpusCard(
    name="emovo",
    title="EMOVO, Italian Emotional Speech Corpus",
    languages=("it",),
    speakers=6,
    licence="free for research",
    access="open",
    source="http://voice.fub.it/activities/corpora/emovo/index.html",
    how_to_get="download emovo.zip from the corpus page",
    unpack="unzip emovo.zip into DATA/emovo, so that it holds the folders f1 f2 f3 m1 m2 m3",
    citation="G. Costantini, I. Iaderola, A. Paoloni and M. Todisco, EMOVO Corpus: an Italian "
        "Emotional Speech Database, LREC 2014, pp. 3501-3504",
    counts={"published": dict.fromkeys(("dis", "gio", "neu", "pau", "rab", "sor", "tri"), 84)},
    inventory="mserbench_tasks:inventory/emovo.txt",
    editions={"1aea3ce0": "16 kHz mono FLAC"},
    keys="mserbench_tasks:inventory/emovo.keys",
    hours=0.51,
    divisions={
        "speakers": Division(
            "leave one speaker out, in six folds, as in EmoBox",
            "mserbench_tasks:splits/emovo-speakers.csv",
            "488743608b47a08626871f0b0ecb774faa925ddb25242bbbc0589807bd36cff7", "folds",
            "EmoBox, https://github.com/emo-box/EmoBox, data/emovo",
        ),
        "halves": Division(
            "two halves of the speakers, balanced by sex as far as three and three go",
            "speaker", "", "folds", "drawn for mserbench",
            rows=(
                *((f"emovo:{speaker}", "a") for speaker in ("f1", "f3", "m2")),
                *((f"emovo:{speaker}", "b") for speaker in ("f2", "m1", "m3")),
            ),
        ),
    },
    notes="Published as 48 kHz stereo whose channels differ by up to 12 dB: the mean of both is "
        "used. tri-f3-n1 and tri-f3-n2 are one recording under the names of two sentences.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield the recordings; all facts stand in the file name."""
    for path, stem in tree.audio("wav"):
        if match := NAME.fullmatch(stem):
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"emovo:{match['speaker']}",
                language="it",
                sex="f" if match["speaker"].startswith("f") else "m",
                extra={"sentence": match["sentence"]},
            )


CORPUS = Corpus(CARD, parse)
