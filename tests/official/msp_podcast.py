"""MSP-Podcast 1.8 as published: 73,042 wav files, one label file of the published counts."""

from __future__ import annotations

from pathlib import Path

from mserbench_tasks.corpora import msp_podcast
from official import audio

HEADER = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set"
SPEAKERS = 1273
VALIDATION, TEST1 = 7_800, 15_326


def build(root: Path) -> None:
    """Build release 1.8; every twentieth speaker is Unknown."""
    classes = [
        label for label, count in msp_podcast.CARD.counts["1.8"].items() for _ in range(count)
    ]
    names = [
        f"MSP-PODCAST_{number // 50:04}_{number % 50 + 1:04}.wav" for number in range(len(classes))
    ]
    audio.link(root, [f"Audios/{name}" for name in names])
    (root / "Labels").mkdir()
    lines = [HEADER, *map(row, range(len(names)), names, classes)]
    (root / "Labels" / "labels_concensus.csv").write_text("\r\n".join(lines) + "\r\n")


def row(number: int, name: str, label: str) -> str:
    """Return one line; `number` decides speaker and set."""
    place = number * 48_271 % 73_042  # scatters the sets over the classes
    part = (
        "Validation" if place < VALIDATION else "Test1" if place < VALIDATION + TEST1 else "Train"
    )
    speaker, sex = str(number % SPEAKERS), ("Male", "Female")[number % SPEAKERS % 2]
    if number % 20 == 0:
        speaker = sex = "Unknown"

    return f"{name},{label},4.2,3.8,4.75,{speaker},{sex},{part}"
