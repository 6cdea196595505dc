"""MELD.Raw unpacked: three tables, three folders of mp4; made-up rows of the published counts."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from official.audio import link

HEADER = (
    "Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID",
    "Season", "Episode", "StartTime", "EndTime",
)  # fmt: skip
LABELS = ("neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear")
ROWS = {  # as published, the two unusable ones with them
    "train": (4710, 1743, 1205, 1109, 683, 271, 268),
    "dev": (470, 163, 150, 153, 111, 22, 40),
    "test": (1256, 402, 281, 345, 208, 68, 50),
}
FOLDERS = {
    "train": "train_splits",
    "dev": "dev_splits_complete",
    "test": "output_repeated_splits_test",
}
DIALOGUES = {
    "train": [n for n in range(1039) if n != 60], "dev": [n for n in range(115) if n != 3],
    "test": list(range(280)),
}  # fmt: skip
# Videos that no row of a table names.
WITHOUT_ROW = {"train": (), "dev": ((49, 4), (49, 5), (66, 9), (66, 10)), "test": ((108, 2),)}
# 260, 47 and 100 speakers, 304 in all.
SPEAKERS = {"train": range(260), "dev": range(250, 297), "test": range(204, 304)}
ABSENT = ("dev", 110, 7)  # a row without a video
NEUTRAL = {("train", 125, 3), ABSENT}  # the two that cannot be used; the first is damaged
RECUT = 132  # videos of the test split that are there a second time, under another name


def clips(split: str) -> list[tuple[int, int]]:
    """Return (dialogue, utterance) of every row of a split."""
    every = [
        (d, u) for u in range(12) for d in DIALOGUES[split] if (d, u) not in WITHOUT_ROW[split]
    ]
    # Every dialogue has a first utterance before any has a second; the last ones are cut off.
    return sorted(every[: sum(ROWS[split])])


def labels(split: str) -> dict[tuple[int, int], str]:
    """Return the label of every row; the unusable ones are neutral, as published."""
    remaining = [label for label, n in zip(LABELS, ROWS[split], strict=True) for _ in range(n)]
    first = [clip for clip in clips(split) if (split, *clip) in NEUTRAL]
    later = [clip for clip in clips(split) if clip not in first]

    return dict(zip([*first, *later], remaining, strict=True))


def table(split: str) -> bytes:
    """Return the table of a split: CRLF, quotes where needed, one-digit hours here and there."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    of, speakers = labels(split), SPEAKERS[split]

    for number, (dialogue, utterance) in enumerate(sorted(of)):
        hour = "0" if number % 4 == 0 else "00"
        start, end = (
            f"{hour}:14:{number % 60:02},127",
            f"{hour}:15:{number % 60:02},{'41' if number == 9 else '410'}",
        )
        words = f'Oh, that\u2019s \u201cso\u201d {dialogue}. Here\u2019s "{utterance}"!'
        speaker = f"Guest {speakers[number % len(speakers)]}"
        label = of[dialogue, utterance]
        writer.writerow(
            (number + 1, words, speaker, label, "neutral", dialogue, utterance, 3, 19, start, end)
        )

    return out.getvalue().encode()


def build(root: Path) -> None:
    """Build the tree below `root`."""
    for split, folder in FOLDERS.items():
        (root / "MELD.Raw").mkdir(exist_ok=True)
        (root / f"MELD.Raw/{split}_sent_emo.csv").write_bytes(table(split))
        names = [clip for clip in (*clips(split), *WITHOUT_ROW[split]) if (split, *clip) != ABSENT]
        link(
            root,
            (
                f"MELD.Raw/{folder}/dia{dialogue}_utt{utterance}.mp4"
                for dialogue, utterance in names
            ),
        )

    recut = clips("test")[5::19][:RECUT]
    link(root, (f"MELD.Raw/{FOLDERS['test']}/final_videos_testdia{d}_utt{u}.mp4" for d, u in recut))

    # Removed first: to write through a hard link would damage its originals too.
    (root / "MELD.Raw/train_splits/dia125_utt3.mp4").unlink()
    (root / "MELD.Raw/train_splits/dia125_utt3.mp4").write_bytes(b"\0" * 100)
