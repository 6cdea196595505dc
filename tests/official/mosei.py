"""CMU-MOSEI as published: whole recordings, transcripts, the label file of CMU-MultimodalSDK."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mserbench.data import divisions
from mserbench_tasks.corpora import mosei
from official import audio

DIMENSIONS = ("sentiment", "happy", "sad", "anger", "surprise", "disgust", "fear")
UNLABELLED = ("7l3BNtSE0xc", "dZFV0lyedX4")  # in the published folds, but without labels
ROWS = 7  # segments a video; the real number varies
Rows = Sequence[tuple[tuple[float, float], Sequence[float]]]  # ((start, end), a value a dimension)


def build(root: Path) -> None:
    """Build all labelled videos of the published folds, with made-up values."""
    videos = [
        video
        for video in divisions.parts(mosei.CARD, "official").by_value
        if video not in UNLABELLED
    ]
    audio.link(root, [f"Raw/Audio/Full/WAV_16000/{video}.wav" for video in videos])
    labels = {video: segments(number) for number, video in enumerate(videos)}
    (root / "CMU_MOSEI_Labels.csd").write_bytes(csd(labels))
    folder = root / "Raw" / "Transcript" / "Segmented" / "Combined"
    folder.mkdir(parents=True)

    for video, rows in labels.items():
        lines = [
            f"{video}___{n}___{start}___{end}___Sentence {n}."
            for n, ((start, end), _) in enumerate(rows)
        ]
        (folder / f"{video}.txt").write_text("\n".join(lines) + "\n")


def segments(number: int) -> Rows:
    """Return the rows of a video: each emotion highest once, then none; in every tenth a tie."""
    rows = []
    for k in range(ROWS):
        values = [0.0] * 7
        if k < 6:
            values[1 + k] = (1 + (number + k) % 3) / 3

        if number % 10 == 0 and k == 2:
            values[1] = values[1 + k]

        rows.append(((round(0.005 * k, 3), round(0.1 + 0.005 * k, 3)), values))

    return rows


def csd(labels: Mapping[str, Rows], dimensions: Sequence[str] = DIMENSIONS) -> bytes:
    """Return a computational sequence: `data` of each video, and `metadata` as JSON in strings."""
    import io

    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        root = file.create_group("All Labels")
        data, metadata = root.create_group("data"), root.create_group("metadata")
        for video, rows in labels.items():
            group = data.create_group(video)
            group.create_dataset(
                "features", data=[values for _, values in rows], compression="gzip", dtype="f4"
            )
            group.create_dataset("intervals", data=[times for times, _ in rows], compression="gzip")

        for key, value in {
            "root name": "All Labels",
            "dimension names": list(dimensions),
            "md5": None,
        }.items():
            metadata.create_dataset(key, (1,), dtype=h5py.special_dtype(vlen=str))[0] = json.dumps(
                value
            )

    return memory.getvalue()
