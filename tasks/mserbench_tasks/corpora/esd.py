"""ESD: Mandarin and English, twenty speakers, five emotions (Zhou et al., ICASSP 2021)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Tree, Utterance

NAME = re.compile(r"(?P<speaker>00(?:0[1-9]|1\d|20))_(?P<number>\d{6})")
# 350 numbers each, in this order, for every speaker.
BLOCKS = ("Neutral", "Angry", "Happy", "Sad", "Surprise")
SENTENCES = 350
MALE = frozenset({"0004", "0005", "0006", "0008", "0010", "0011", "0012", "0013", "0014", "0020"})
# Folders that one of the two layouts has.
SPLITS = {"train": "train", "evaluation": "dev", "test": "test"}

CARD = CorpusCard(
    name="esd",
    title="ESD, Emotional Speech Dataset (Mandarin and English)",
    languages=("zh", "en"),
    speakers=20,
    licence="licence form of the authors, research only",
    access="request",
    source="https://github.com/HLTSingapore/Emotional-Speech-Data",
    how_to_get="send the licence form to the authors named in the publisher's repository",
    unpack="unpack the archive into DATA/esd, so that it holds the folders 0001 ... 0020",
    citation="K. Zhou, B. Sisman, R. Liu and H. Li, Seen and Unseen Emotional Style Transfer for "
        "Voice Conversion with a New Emotional Speech Dataset, ICASSP 2021, pp. 920-924",
    counts={"published": dict.fromkeys(BLOCKS, 7000)},
    hours=29.1,
    inventory="mserbench_tasks:inventory/esd.txt",
    divisions={
        "emobox": Division(
            "EmoBox, five folds of four speakers each, of both languages",
            "mserbench_tasks:splits/esd-emobox.csv",
            "cb8182430a930bdc5507f40a965f6a6f2f761bd0346ee5e6c21a6ec12c0f9604",
            "folds",
            "EmoBox (Ma et al., Interspeech 2024), https://github.com/emo-box/EmoBox, data/esd",
        ),
        "paper2": Division(
            "paper2-like: 11,200, 1,400 and 1,400 to train, validate and test, Mandarin, 4 "
            "emotions; shared speakers",
            "mserbench_tasks:splits/esd-paper2.csv",
            "c9b1a70be8fe703e6eefbfe523c2dad022dda6520e76b91d340c1dcbc4c18b59",
            "split",
            "sizes of arXiv 2606.06200, which published no ids; drawn by "
            "mserbench_tasks.remake_splits",
        ),
    },
    notes="Speakers 0001 to 0010 are Mandarin, 0011 to 0020 English. Two layouts circulate, one "
        "with the folders train, evaluation and test below each emotion. The text files have mixed "
        "encodings and separators, so labels are read from the numbers and compared with the "
        "folders.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance | Fault]:
    """Yield the recordings; the number tells the emotion, which the folder must not contradict."""
    for path, stem in tree.audio("wav"):
        match = NAME.fullmatch(stem)
        block, sentence = divmod(int(match["number"]) - 1, SENTENCES) if match else (-1, 0)
        if match is None or not 0 <= block < len(BLOCKS):
            continue

        label, folders = BLOCKS[block], path.split("/")[:-1]
        # From the file upwards: in one of the layouts a folder of the split lies between.
        folder_label = next((folder for folder in reversed(folders) if folder in BLOCKS), label)
        if folder_label != label:
            yield Fault(
                f"{path!r} lies in the folder {folder_label!r}, but its number means {label!r}: "
                "unpack it again"
            )
            continue

        speaker = match["speaker"]
        yield Utterance(
            id=stem,
            audio=path,
            raw_label=label,
            speaker=f"esd:{speaker}",
            language="zh" if speaker <= "0010" else "en",
            split=SPLITS.get(folders[-1]) if folders else None,
            sex="m" if speaker in MALE else "f",
            extra={"sentence": str(sentence + 1)},
        )


CORPUS = Corpus(CARD, parse)
