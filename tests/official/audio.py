"""Tiny recordings of every file type, linked to many names: thousands of files in a second."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

SECONDS = 0.15


def link(root: Path, names: Iterable[str], distinct: int = 8) -> None:
    """Give every name below `root` tiny audio of its file type.

    They are hard links to `distinct` different recordings, as tens of thousands are wanted.
    """
    # Folders are made once: to ask for each file whether its own exists takes longer than the link.
    folders: set[Path] = set()
    for number, name in enumerate(names):
        path = root / name
        if path.parent not in folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.add(path.parent)

        os.link(_original(root, path.suffix.lower(), number % distinct), path)


def _original(root: Path, suffix: str, number: int) -> Path:
    # Beside the tree, not in it: parsers must not see the originals. Links need the same disk.
    path = root.parent / f".originals-{root.name}" / f"{number}{suffix}"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        write(path, number)

    return path


def write(path: Path, number: int) -> None:
    """Write one tiny recording, another for each number.

    mp4 and m4a hold AAC: mp4 in six channels, as an episode on television, m4a in two.
    """
    rate = 48_000 if path.suffix in (".mp4", ".m4a") else 16_000
    time = np.arange(int(SECONDS * rate), dtype=np.float64) / rate
    wave = (0.3 * np.sin(2 * np.pi * (200 + 40 * number) * time)).astype(np.float32)
    if path.suffix in (".mp4", ".m4a"):
        _write_container(path, wave, rate)
        return

    import soundfile

    soundfile.write(path, wave, rate)


def _write_container(path: Path, wave: np.ndarray, rate: int) -> None:
    import av

    layout = "5.1" if path.suffix == ".mp4" else "stereo"
    channels = 6 if layout == "5.1" else 2
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate, layout=layout)
        for start in range(0, len(wave), 1024):
            block = np.ascontiguousarray(np.tile(wave[start : start + 1024], (channels, 1)))
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))

        container.mux(stream.encode(None))  # What the encoder still holds back.
