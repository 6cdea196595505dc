"""The wav2vec 2.0 encoder on real clips against a pipeline of transformers.

    MSERBENCH_DATA=... make bench BENCH=tests/benchmarks/bench_wav2vec.py

`$BENCH_CLIPS` takes another number of clips than 48. The weights are random and of the shape of
wav2vec2-base, so no checkpoint is needed. Both sides are one process with all cores, hear the same
decoded clips and give the last hidden state. Batches of the pipeline are of clips sorted by length,
its best case; as the group norm hears the padding, its outputs are only right where nothing is
padded.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra train is not installed")
transformers = pytest.importorskip("transformers", reason="the extra train is not installed")

from mserbench.contracts import SAMPLE_RATE  # noqa: E402
from mserbench.data import (  # noqa: E402
    corpus,
    dataset,
    lookup,
)
from mserbench.engine.cores import available_cores  # noqa: E402
from mserbench_training.encoders.wav2vec import Wav2VecEncoder  # noqa: E402
from mserbench_training.resources.threads import one_thread_each  # noqa: E402

Waves = list[NDArray[np.float32]]

CLIPS = int(os.environ.get("BENCH_CLIPS", "48"))
BATCHES = (1, 2, 4, 8, 16)
ROUNDS = 2  # the least of so many times counts; both sides take turns
TOLERANCE = 1e-4
GFLOP_A_SECOND = 13.8  # of audio: convolutions, projections and attention of wav2vec2-base


class HiddenStates(transformers.Pipeline):  # type: ignore[misc, name-defined]
    """The pipeline of transformers with its own reading, batching and padding; it lacks one of
    hidden states.
    """

    _load_tokenizer = False
    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = True

    def _sanitize_parameters(
        self, **_: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return {}, {}, {}

    def preprocess(self, waveform: NDArray[np.float32]) -> Any:
        return self.feature_extractor(waveform, sampling_rate=SAMPLE_RATE, return_tensors="pt")

    def _forward(self, inputs: Any) -> Any:
        return self.model(**inputs)

    def postprocess(self, outputs: Any) -> NDArray[np.float32]:
        states: NDArray[np.float32] = outputs.last_hidden_state[0].numpy()
        return states


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wav2vec2-base")
    torch.manual_seed(0)
    transformers.Wav2Vec2Model(transformers.Wav2Vec2Config()).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(
        do_normalize=True, return_attention_mask=False
    ).save_pretrained(folder)

    return folder


@pytest.fixture(scope="module")
def waves(real_data: Path) -> Waves:
    """Return the clips of a fixed sample of RAVDESS, the longest first."""
    data = dataset.load(lookup.task("ravdess"), corpus.data_folder(real_data))
    chosen = range(0, len(data.items), len(data.items) // CLIPS)[:CLIPS]
    return sorted((clip.load() for clip in data.clips(chosen)), key=len, reverse=True)


def ours(encoder: Wav2VecEncoder, waves: Waves) -> Waves:
    """Extract as `mserbench_training.frames.computed` does: a thread a core, each at clips of its own."""
    with one_thread_each(), ThreadPoolExecutor(available_cores()) as pool:
        return [
            frames[0]
            for (frames,) in pool.map(
                lambda wave: encoder.frames([wave], [encoder.layers - 1]), waves
            )
        ]


class Timed(NamedTuple):
    """Seconds on the clock and of the processor, and the result."""

    clock: float
    processor: float
    result: Any


def timed(work: Callable[[], Any]) -> Timed:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return Timed(time.perf_counter() - clock, time.process_time() - processor, result)


def peak_gflops() -> float:
    """Return the measured peak of one core, in GFLOP a second: of a float32 matrix product."""
    # Of processor time: what else runs on the machine then takes nothing off.
    first, second, out = (torch.randn(2048, 2048) for _ in range(3))
    with one_thread_each():
        torch.mm(first, second, out=out)
        return (
            2
            * 2048**3
            / min(timed(lambda: torch.mm(first, second, out=out)).processor for _ in range(8))
            / 1e9
        )


@torch.no_grad()
def bench_faster_than_the_pipeline_with_equal_outputs(folder: Path, waves: Waves) -> None:
    encoder = Wav2VecEncoder.from_folder(folder, "base")
    pipeline = transformers.pipeline(
        "feature-extraction",
        str(folder),
        feature_extractor=str(folder),
        pipeline_class=HiddenStates,
        device="cpu",
    )
    ours(encoder, waves[-2:]), pipeline(waves[-2:])  # The first calls are slower.
    measured: dict[str, list[Timed]] = defaultdict(list)

    # In turns, so that what else runs on the machine hinders all of them alike.
    for _ in range(ROUNDS):
        measured["ours"].append(timed(lambda: ours(encoder, waves)))
        for size in BATCHES:
            measured[f"pipeline of {size}"].append(
                timed(lambda size=size: pipeline(waves, batch_size=size))
            )

    frames = measured["ours"][0].result
    apart = {name: difference(frames, rounds[0].result) for name, rounds in measured.items()}
    clocks = {name: min(timing.clock for timing in rounds) for name, rounds in measured.items()}
    processors = {
        name: min(timing.processor for timing in rounds) for name, rounds in measured.items()
    }
    report(sum(map(len, waves)) / SAMPLE_RATE, clocks, processors, apart)
    assert apart["pipeline of 1"] < TOLERANCE
    assert clocks.pop("ours") < min(clocks.values())


def difference(frames: Waves, expected: Sequence[NDArray[np.float32]]) -> float:
    """Return the largest difference over the frames that both have."""
    return max(float(abs(a - b[: len(a)]).max()) for a, b in zip(frames, expected, strict=True))


def report(
    seconds: float, clocks: dict[str, float], processors: dict[str, float], apart: dict[str, float]
) -> None:
    peak = peak_gflops()
    machine = f"{available_cores()} cores, load {os.getloadavg()[0]:.1f}, {peak:.0f} GFLOP/s a core"
    print(f"\n{seconds:.0f} s of audio, {machine}")
    print(f"{'':<16}  clock  times real time  processor  share of peak  largest difference")

    for name, clock in clocks.items():
        share = 100 * GFLOP_A_SECOND * seconds / processors[name] / peak
        numbers = (
            f"{clock:7.1f}{seconds / clock:17.1f}{processors[name]:11.1f}{share:13.0f} "
            f"%{apart[name]:20.1e}"
        )
        print(f"{name:<16}{numbers}")

    best = min(clock for name, clock in clocks.items() if name != "ours")
    print(f"ours is {best / clocks['ours']:.2f} times as fast as the pipeline at its best")
