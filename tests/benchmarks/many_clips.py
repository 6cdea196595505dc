"""One run over a generated corpus, as a process of its own: prints clips scored and peak memory.

Usage: python many_clips.py CLIPS FOLDER. FOLDER is filled with links to a few files of noise.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from mserbench import evaluate
from mserbench.cards import CorpusCard, ModelCard
from mserbench.contracts import SAMPLE_RATE, Clip, Corpus, Task, Tree, Utterance
from mserbench.data import lookup
from mserbench.model import Model

# Different ones, of 0.95 to 1 s: so alike that batches are full with 1,000 clips as with 20,000.
FILES = 50
LABELS = ("neutral", "happy", "sad", "angry", "surprise", "disgust", "fear")


class Loudness(Model):
    """Next to no work, so that the memory is that of the harness and of the audio it holds."""

    @property
    def card(self) -> ModelCard:
        """Trained on nothing."""
        return ModelCard("loudness", "Loudness", "1", "MIT", "", (), True)

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return multiples of the mean power."""
        power = np.array([float(np.square(clip.waveform).mean()) for clip in clips])
        return np.outer(power, np.arange(len(labels)))


def make_files(folder: Path, clips: int) -> None:
    """Write `FILES` files of noise and link all the others to them."""
    generator = np.random.default_rng(0)
    for n in range(clips):
        path = folder / f"{n:05d}.flac"
        if n < FILES:
            samples = generator.uniform(-0.5, 0.5, int(SAMPLE_RATE * (0.95 + n / FILES / 20)))
            soundfile.write(path, samples, SAMPLE_RATE)
        else:
            os.link(folder / f"{n % FILES:05d}.flac", path)


def parse(tree: Tree) -> Iterator[Utterance]:
    """Yield all clips; labels and 40 speakers in turns."""
    for path, stem in tree.audio("flac"):
        yield Utterance(stem, path, LABELS[int(stem) % len(LABELS)], f"many:{int(stem) % 40}", "en")


def main(clips: int, folder: Path) -> None:
    """Make the corpus, run the model, print how many clips were scored and the peak memory."""
    data = folder / "many"
    data.mkdir()
    make_files(data, clips)
    counts = {label: len(range(n, clips, len(LABELS))) for n, label in enumerate(LABELS)}

    # fmt: off
    card = CorpusCard(
        name="many", title="Many clips", languages=("en",), speakers=40, licence="CC0-1.0", access="generated",
        source="", how_to_get="", unpack="", citation="", counts={"all": counts}, synthetic=True,
    )
    # fmt: on
    task = Task(
        "many", "Many clips", "many", ("en",), LABELS, {label: label for label in LABELS}, counts
    )
    lookup.corpus = lambda name: Corpus(card, parse, lambda: data)  # type: ignore[assignment]
    run = evaluate(Loudness(), task, out=folder / "runs")
    print(run.record.counts.scored, peak_memory())


def peak_memory() -> int:
    """Return the peak resident memory of this process in bytes."""
    status = Path("/proc/self/status")
    # On Linux `ru_maxrss` starts at the size of the process that started this one.
    if status.exists():
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
