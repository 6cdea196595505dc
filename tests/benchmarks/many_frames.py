"""One training on frames of made-up clips, as a process of its own: prints its peak memory.

Usage: python many_frames.py CLIPS HOLD, with $MSERBENCH_CACHE set. An encoder that costs next to
nothing gives each clip frames of 300 kB; HOLD is how many bytes of frames may stay in memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch  # noqa: TID253 - only run by itself
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE, Clip
from mserbench.model import TrainingItem
from mserbench_supcon_w2v2.backbones import FrameBackbone
from mserbench_supcon_w2v2.feeding import FrameFeeder
from mserbench_supcon_w2v2.network import Network
from mserbench_supcon_w2v2.objective import Objective
from mserbench_supcon_w2v2.settings import PRESETS
from mserbench_training.frames.computed import Frames
from mserbench_training.learning import loop
from mserbench_training.learning.sampler import ShuffledSampler
from mserbench_training.learning.sets import Codes

SECONDS = 1.0
LABELS = ("neutral", "happy", "sad", "angry")


class Cheap:
    """Frames that are waveforms, folded."""

    name, version, dim, layers, frame_seconds = "cheap", "1", 512, 3, 0.01

    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return (n_layers, 100, 512) a clip."""
        return [
            np.resize(waveform, (len(layers), 100, self.dim)).astype(np.float32)
            for waveform in waveforms
        ]


def clip(number: int) -> Clip:
    """Return a clip of noise that nobody keeps."""
    n = round(SECONDS * SAMPLE_RATE)
    return Clip(
        f"clip-{number}", f"{number}", SECONDS,
        lambda: np.random.default_rng(number).uniform(-0.5, 0.5, n).astype(np.float32),
    )  # fmt: skip


def main() -> None:
    """Train two epochs and print."""
    clips, hold = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    settings = PRESETS["small"]
    items = [
        TrainingItem(clip(i), LABELS[i % 4], f"s{i % 10}", "de", "made-up") for i in range(clips)
    ]
    # Filled first, so that what is measured is the training that reads them.
    frames = Frames(Cheap(), (0, 1, 2))
    frames.fill(item.clip for item in items)
    codes = Codes.of(items)
    objective = Objective(items, [], codes, FrameFeeder(frames, settings, hold), settings)
    network = Network(FrameBackbone(3, 512, "adapter", 16), len(codes.labels), len(codes.speakers))
    options = loop.LoopOptions(steps=2 * clips // 32, learning_rate=1e-3, evaluate_every=10_000)

    with tempfile.TemporaryDirectory() as folder:
        loop.train(network, objective, ShuffledSampler(clips, 32), options, Path(folder))

    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
