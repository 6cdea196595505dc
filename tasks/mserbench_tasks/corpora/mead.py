"""MEAD: English, 48 actors, eight emotions in three strengths (Wang et al., ECCV 2020)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mserbench.cards import CorpusCard
from mserbench.contracts import Corpus, Tree, Utterance

# File names are bare numbers, so this is the one corpus whose label can only stand in its folder.
PATH = re.compile(
    r"(?:.*/)?(?P<speaker>[MW]\d{3})/(?:audio/)?"
    r"(?P<emotion>angry|contempt|disgusted|fear|happy|neutral|sad|surprised)/level_(?P<level>[123])/(?P<number>\d{3})\.\w+"
)

CARD = CorpusCard(
    name="mead",
    title="MEAD, Multi-view Emotional Audio-visual Dataset (audio)",
    languages=("en",),
    speakers=48,
    licence="terms of use of the authors, research only, not commercial",
    access="request",
    source="https://github.com/uniBruce/Mead",
    how_to_get="accept the terms of use in the publisher's repository, which links the archives of "
        "each speaker",
    unpack="unpack the audio of every speaker into DATA/mead, such as "
        "M003/audio/angry/level_1/001.m4a",
    citation="K. Wang, Q. Wu, L. Song, Z. Yang, W. Wu, C. Qian, R. He, Y. Qiao and C. C. Loy, "
        "MEAD: A Large-scale Audio-visual Dataset for Emotional Talking-face Generation, ECCV 2020",
    counts={
        "released": {
            "angry": 4193, "contempt": 4215, "disgusted": 4284, "fear": 4251, "happy": 4294,
            "neutral": 1916,
            "sad": 4306, "surprised": 4270,
        },
    },
    hours=37.3,
    inventory="mserbench_tasks:inventory/mead.txt",
    notes="The list of recordings is that of EmoBox (31,729); 60 actors were recorded, 48 are "
        "released, and several lack parts. The label stands in the folder alone. File numbers are "
        "not sentence numbers across emotions, so no sentence is given. The published test set is "
        "the last recordings of each folder, by the same speakers. Neutral has one level. Reading "
        "m4a takes the extra 'video'.",
)  # fmt: skip


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield the recordings; all facts stand in the path, the emotion in its folder."""
    for path, _ in tree.audio("m4a", "wav"):
        if match := PATH.fullmatch(path):
            level = match["level"]
            yield Utterance(
                id=f"{match['speaker']}/{match['emotion']}/level_{level}/{match['number']}",
                audio=path,
                raw_label=match["emotion"],
                speaker=f"mead:{match['speaker']}",
                language="en",
                sex="f" if match["speaker"].startswith("W") else "m",
                extra={"level": level},
            )


CORPUS = Corpus(CARD, parse)
