"""What the harness adds to decoding and the model: time, memory, padding."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from mserbench.cards import ModelCard
from mserbench.contracts import Clip
from mserbench.data import audio, dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.engine.cores import available_cores
from mserbench.model import Model
from mserbench.running import batches
from mserbench.running.evaluation import run_subject
from mserbench.running.subject import Subject

DATA = Path(os.environ.get("MSERBENCH_DATA", Path(__file__).parents[3] / "shared/corpora"))
ROUNDS = 3
FRAMES, HOP = (256, 512, 1024), 80  # samples
CHILD = Path(__file__).with_name("many_clips.py")


class Spectral(Model):
    """The work of a small model, about 20 ms a clip: mean log spectra times fixed weights.

    eGeMAPS takes three times as long, the smallest speech encoders ten times: the overhead is a
    smaller share of theirs.
    """

    seconds = 0.0  # spent in `predict`

    @property
    def card(self) -> ModelCard:
        """Trained on nothing."""
        return ModelCard("spectral", "Mean log spectrum", "1", "MIT", "", (), True)

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return scores without meaning: float64, shape (n_clips, n_labels)."""
        started = time.perf_counter()
        scores = [
            sum(self._scores(clip.waveform, frame, len(labels)) for frame in FRAMES)
            for clip in clips
        ]
        self.seconds += time.perf_counter() - started

        return np.stack(scores)

    def _scores(self, waveform: NDArray[np.float32], frame: int, n: int) -> NDArray[np.float64]:
        frames = np.lib.stride_tricks.sliding_window_view(waveform, frame)[::HOP]
        spectrum = np.fft.rfft(frames * np.hanning(frame), axis=1)
        weights = np.random.default_rng(0).normal(size=(frame // 2 + 1, n))

        return np.asarray(np.log(np.abs(spectrum) + 1e-6).mean(axis=0) @ weights)


def load(name: str) -> Dataset:
    """Return a task on the corpora of this machine, or skip with the reason."""
    if not (DATA / name).is_dir():
        pytest.skip(f"corpus {name!r} is not in {str(DATA)!r}: set MSERBENCH_DATA")
    return dataset.load(lookup.task(name), DATA)


def bare(model: Model, target: Dataset) -> None:
    """Decode clips in as many threads and ask the model by batches; no journal, score or file."""
    plan = batches.plan([item.facts.seconds for item in target.items])
    with ThreadPoolExecutor(available_cores()) as pool:
        ahead = pool.map(audio.decode, [target.items[i].path for batch in plan for i in batch])
        for batch in plan:
            clips = [Clip("", "", 0.0, partial(next, ahead)) for _ in batch]
            for clip in clips:
                _ = clip.waveform

            model.predict(clips, target.task.labels)


def harness(model: Model, target: Dataset, out: Path) -> None:
    """Make a finished run folder: journal, scores, intervals, verdict, predictions, record."""
    run = run_subject(Subject("spectral", model, model.card, None), target, out, fresh=True)
    assert run.record.counts.scored == len(target.items)


def timed(work: Callable[[Model], None]) -> tuple[float, float]:
    """Return the seconds that a loop takes, and those of them that are not spent in the model."""
    model = Spectral()
    started = time.perf_counter()
    work(model)
    seconds = time.perf_counter() - started

    return seconds, seconds - model.seconds


def bench_overhead_over_bare_decode_and_model(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """A finished run folder costs at most 3 % more than decoding and the model alone."""
    target = load("ravdess")
    bares: list[tuple[float, float]] = []
    harnesses: list[tuple[float, float]] = []

    def time_the_bare_loop() -> None:
        bares.append(timed(lambda model: bare(model, target)))

    def time_the_harness() -> None:
        harnesses.append(timed(lambda model: harness(model, target, tmp_path)))

    benchmark.pedantic(time_the_harness, setup=time_the_bare_loop, rounds=ROUNDS)

    # The model does the same work in both and is most of it: its own time varies from round to
    # round by more than the bar, so what is compared is the time outside it (decoding that is
    # waited for, and all else).
    bare_seconds, bare_outside = np.median(bares, axis=0)
    seconds, outside = np.median(harnesses, axis=0)
    overhead = (outside - bare_outside) / bare_seconds
    benchmark.extra_info.update(reference_seconds=bare_seconds, overhead=overhead)
    print(
        f"\nharness {seconds:.2f} s, of which {outside:.2f} s outside the model; decode and model "
        f"{bare_seconds:.2f} s, of which {bare_outside:.2f} s; overhead {100 * overhead:.1f} %"
    )
    assert overhead < 0.03


def peak_of(clips: int, folder: Path) -> int:
    """Return the peak memory in bytes of a whole process that runs a model over that many clips."""
    folder.mkdir()
    environment = {**os.environ, "MSERBENCH_CACHE": str(folder / "cache")}
    command = [sys.executable, str(CHILD), str(clips), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    scored, peak = map(int, done.stdout.split())
    assert scored == clips

    return peak


def bench_memory_does_not_grow_with_the_audio(tmp_path: Path) -> None:
    """From 1,000 to 20,000 clips, ids, facts and answers are added: below 3 kB a clip of 64 kB."""
    small, large = 1_000, 20_000
    first, last = peak_of(small, tmp_path / "small"), peak_of(large, tmp_path / "large")
    a_clip = (last - first) / (large - small)
    print(
        f"\n{small} clips {first / 1e6:.0f} MB, {large} clips {last / 1e6:.0f} MB: "
        f"{a_clip:.0f} bytes a clip"
    )
    assert a_clip < 3_000


def waste_of(name: str, seconds: Sequence[float]) -> float:
    """Return and print the share of padding in the batches of clips of these lengths."""
    plan = batches.plan(seconds)
    waste = batches.padding_waste(seconds, plan)
    print(f"\n{name}: {len(seconds)} clips in {len(plan)} batches, {100 * waste:.1f} % padding")

    return waste


@pytest.mark.parametrize("name", ["ravdess", "emodb", "emovo", "aesdd", "emodb-sample"])
def bench_padding_of_real_corpora(name: str) -> None:
    """On the lengths of real corpora, small ones too, under 5 % of a padded batch is padding."""
    target = dataset.load(lookup.task(name), None) if name == "emodb-sample" else load(name)
    assert waste_of(name, [item.facts.seconds for item in target.items]) < 0.05


@pytest.mark.parametrize("clips", [100, 2_610])
def bench_padding_of_long_tailed_lengths(clips: int) -> None:
    """The same for lengths as of conversations: lognormal, median 2.5 s, one in forty above 8 s."""
    lengths = np.random.default_rng(0).lognormal(np.log(2.5), 0.6, clips)
    assert waste_of("lognormal", lengths.tolist()) < 0.05
