"""CaFE: Canadian French, twelve actors, seven emotions (Gournay et al., MMSys 2018)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Tree, Utterance

# Actor, emotion (C angry, D disgust, J happy, N neutral, P fear, S surprise, T sad), intensity,
# sentence.
NAME = re.compile(
    r"(?P<actor>0[1-9]|1[0-2])-(?P<emotion>[CDJNPST])-(?P<intensity>[12])-(?P<sentence>[1-6])"
)
SENTENCES = {
    "1": "Un cheval fou dans mon jardin",
    "2": "Deux ânes aigris au pelage brun",
    "3": "Trois cygnes aveugles au bord du lac",
    "4": "Quatre vieilles truies éléphantesques",
    "5": "Cinq pumas fiers et passionnés",
    "6": "Six ours aimants domestiqués",
}

CARD = CorpusCard(
    name="cafe",
    title="CaFE, Canadian French Emotional speech",
    languages=("fr",),
    speakers=12,
    licence="CC BY-NC-SA 4.0",
    access="open",
    source="https://zenodo.org/records/1478765",
    how_to_get="download the 48 kHz release (CaFE_48k.zip) from Zenodo record 1478765",
    unpack="unzip CaFE_48k.zip into DATA/cafe; the names of its folders do not matter, those of "
    "its files do",
    citation="P. Gournay, O. Lahaie and R. Lefebvre, A Canadian French Emotional Speech Dataset, "
    "ACM Multimedia Systems Conference (MMSys) 2018, pp. 399-402",
    counts={"published": {**dict.fromkeys("CDJPST", 144), "N": 72}},
    hours=1.15,
    inventory="mserbench_tasks:inventory/cafe.txt",
    divisions={
        "emobox": Division(
            "EmoBox, three folds of four actors each",
            "mserbench_tasks:splits/cafe-emobox.csv",
            "4e08018ca58d5b1a96f408bd63749ff0b4f22cac4cecc9c633dd711677d16468",
            "folds",
            "EmoBox (Ma et al., Interspeech 2024), https://github.com/emo-box/EmoBox, data/cafe",
        ),
        "paper2": Division(
            "paper2-like: 420 to train, 42 to validate, 42 to test of the four emotions; speakers "
            "are shared",
            "mserbench_tasks:splits/cafe-paper2.csv",
            "24e7600fdd51f59ae66dd79c68a2b9fe2ff85c3b2660c62f9583b661fec6aa78",
            "split",
            "sizes of arXiv 2606.06200, which published no ids; drawn by "
            "mserbench_tasks.remake_splits",
        ),
    },
    notes="Unzipping often mis-decodes the folders Colère and Dégoût, so that labels are read from "
    "file names only. A release of 192 kHz and 24 bit in aiff holds the same recordings: keep "
    "one of the two.",
)


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield the recordings; all facts stand in the file name."""
    for path, stem in tree.audio("wav", "aiff", "aif"):
        if match := NAME.fullmatch(stem):
            yield Utterance(
                id=stem,
                audio=path,
                raw_label=match["emotion"],
                speaker=f"cafe:{match['actor']}",
                language="fr",
                sex="m" if int(match["actor"]) % 2 else "f",
                text=SENTENCES[match["sentence"]],
                extra={"intensity": match["intensity"], "sentence": match["sentence"]},
            )


CORPUS = Corpus(CARD, parse)
