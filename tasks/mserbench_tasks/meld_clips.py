"""The clips of MELD: where to get them, how many, which file is which, what to say of them."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from mserbench.cards import Remote
from mserbench.contracts import Tree, Utterance

_LABELS = ("neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear")
_USABLE = {  # in the order of the labels
    "train": (4709, 1743, 1205, 1109, 683, 271, 268),
    "dev": (469, 163, 150, 153, 111, 22, 40),
    "test": (1256, 402, 281, 345, 208, 68, 50),
}
COUNTS = {  # whoever has some of the splits has a complete part
    " and ".join(splits): dict(
        zip(_LABELS, map(sum, zip(*(_USABLE[split] for split in splits), strict=True)), strict=True)
    )
    for size in (3, 2, 1)
    for splits in itertools.combinations(_USABLE, size)
}
FOLDERS = {
    "train": "train_splits",
    "dev": "dev_splits_complete",
    "test": "output_repeated_splits_test",
}
UNUSABLE = {"train/dia125_utt3": "corrupt as published", "dev/dia110_utt7": "never published"}
# In seconds, by wrong times of the published table.
OVERLONG = {"train/dia309_utt0": 41, "test/dia38_utt4": 305, "test/dia220_utt0": 235}

# MELD.Raw; size and sha256 as two public projects check it (AutoDL's download script,
# autofusion_bench).
FILES = (
    Remote(
        "https://huggingface.co/datasets/declare-lab/MELD/resolve/main/MELD.Raw.tar.gz",
        "sha256:a56b4407d574195cbce470d86f9c9d72fcfea59b0e34502ecd4babee4a5c613e",
        10_878_146_150,
    ),
)

SKIPPED = {
    "*train_splits/dia125_utt3.*": "corrupt as published",
    "*dev_splits_complete/dia49_utt[45].*": "no row in the published table",
    "*dev_splits_complete/dia66_utt9.*": "no row in the published table",
    "*dev_splits_complete/dia66_utt10.*": "no row in the published table",
    "*output_repeated_splits_test/*dia108_utt2.*": "no row in the published table",
}

_CLIP = re.compile(
    r"(?P<fixed>final_videos_test)?dia(?P<dialogue>\d{1,6})_utt(?P<utterance>\d{1,6})"
)
# As published, or plainly named.
_FOLDER = re.compile(r"(?:.*[^a-z])?(train|dev|test)(?:[^a-z].*)?")


@dataclass
class Cuts:
    """The files of one clip: as first published, and those cut anew, which only test clips have."""

    plain: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)


def find(tree: Tree, splits: Collection[str]) -> tuple[dict[str, Cuts], list[str]]:
    """Return the clips by id, and the files whose split no folder tells.

    Where `splits` names one split, all files are of it.
    """
    by_clip: dict[str, Cuts] = defaultdict(Cuts)
    lost = []
    for path, stem in tree.audio("mp4", "wav"):
        match = _CLIP.fullmatch(stem)
        if match is None:
            continue

        split = "test" if match["fixed"] else _split_of(path, splits)
        if split is None:
            lost.append(path)
            continue

        cuts = by_clip[identity(split, match["dialogue"], match["utterance"])]
        (cuts.fixed if match["fixed"] else cuts.plain).append(path)

    return dict(by_clip), lost


def identity(split: str, dialogue: str, utterance: str) -> str:
    """Return the id of a clip: dialogues and utterances are numbered anew in each split."""
    return f"{split}/dia{int(dialogue)}_utt{int(utterance)}"


def expected(clip: str) -> str:
    """Return where the publisher puts the file of a clip."""
    split, name = clip.split("/")
    return f"{FOLDERS[split]}/{name}.mp4"


def _split_of(path: str, splits: Collection[str]) -> str | None:
    """Return the split that the nearest folder names, else the only one there is."""
    for folder in reversed(path.lower().split("/")[:-1]):
        if match := _FOLDER.fullmatch(folder):
            return match[1]

    return next(iter(splits)) if len(splits) == 1 else None


def remarks(utterances: Sequence[Utterance]) -> Iterator[str]:
    """Yield what must stand beside every number: cuts used, clips absent, clips overlong."""
    cuts = Counter(utterance.extra.get("cut") for utterance in utterances)
    total = cuts["fixed"] + cuts["plain"]
    if cuts["fixed"]:
        yield (
            f"{cuts['fixed']} of the {total} test clips are the ones cut anew "
            "(final_videos_test...)"
        )
    elif total:
        yield (
            f"none of the {total} test clips is one cut anew (final_videos_test...): unless those "
            "132 were renamed, about 5 % hold more than their turn"
        )

    splits = {utterance.split for utterance in utterances}
    absent = [f"{clip} ({why})" for clip, why in UNUSABLE.items() if clip.split("/")[0] in splits]
    if absent:
        yield f"left out, as no readable clip of them was published: {', '.join(absent)}"

    ids = {utterance.id for utterance in utterances}
    overlong = [f"{clip} ({seconds} s)" for clip, seconds in OVERLONG.items() if clip in ids]
    if overlong:
        yield (
            "far longer than their turn, by wrong times in the published table: "
            f"{', '.join(overlong)}"
        )
