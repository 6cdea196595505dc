"""`seamless-m4t`: hours of speech an hour, in batches by length against one clip at a time.

    make bench BENCH=tests/benchmarks/bench_m5ser_m4t.py

On a GPU the shape is that of v2-large with random weights, in float16, and batches must be at least
5 times as fast as batch 1; `$BENCH_GPU_ROWS` names a file to append the row to. Random weights do
not end a text, so every one has `TEXT` pieces; their units are as short as can be, so that the
vocoder has less to do than with trained weights. Without a GPU a tiny shape runs on the CPU, so
that the benchmark is known to work.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_seamless
from source_clips import source

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")

from mserbench.contracts import SAMPLE_RATE  # noqa: E402
from mserbench.translator import SourceClip, Speech  # noqa: E402
from mserbench_m5ser.translators.seamless_m4t import (  # noqa: E402
    Precision,
    SeamlessM4T,
    SeamlessM4TOptions,
)

ROWS = "BENCH_GPU_ROWS"
AT_LEAST = 5.0  # times as fast in batches as one by one
CORPUS = 1009  # hours of M5SER
TEXT = tiny_seamless.LONGEST  # pieces, as a sentence of four seconds has


@dataclass(frozen=True)
class Load:
    """A shape and how much of it: `batches` of `batch` clips, of which `alone` are timed alone."""

    shape: str
    config: dict[str, Any] | None
    device: str
    precision: Precision
    batch: int
    batches: int
    alone: int
    seconds: tuple[float, float]


LOADS = [
    pytest.param(
        Load(
            # Its own numbers are the defaults of the config.
            "v2-large", {}, "cuda", "float16",
            SeamlessM4T.batch_size, 4, 16, (2.0, 6.0),
        ),
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
        ],
    ),
    Load("tiny", None, "cpu", "float32", 4, 2, 4, (0.5, 1.0)),
]  # fmt: skip


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.shape)
def bench_batches_by_length_against_batch_one(load: Load, tmp_path: Path) -> None:
    folder = tiny_seamless.save(tmp_path / "model", load.config)
    options = SeamlessM4TOptions(model=str(folder), precision=load.precision, prosody=False)
    translator = SeamlessM4T(options, load.device)
    clips = sorted(made(load), key=lambda clip: clip.clip.seconds)
    batches = [clips[at : at + load.batch] for at in range(0, len(clips), load.batch)]
    # Spread over all lengths, as those in the batches are.
    alone = [[clip] for clip in clips[:: max(len(clips) // load.alone, 1)]]

    # The first call compiles kernels and fills the memory of the device.
    timed(translator, batches[-1:], load)
    together, spoken = timed(translator, batches, load)
    singly, _ = timed(translator, alone, load)
    gain = together / singly
    row = (
        f"| {device(load)} | {load.shape}, {load.precision} | {load.batch} | {together:.0f} | "
        f"{singly:.1f} | {gain:.1f} | {CORPUS / together:.1f} |"
    )
    print(
        "\n| machine | shape | batch | hours an hour | with batch 1 | times as fast | hours for "
        f"{CORPUS} h |\n{row}"
    )
    if os.environ.get(ROWS):
        with Path(os.environ[ROWS]).open("a", encoding="utf-8") as file:
            file.write(row + "\n")

    assert spoken == len(clips)
    if load.device == "cuda":
        assert gain >= AT_LEAST


def made(load: Load) -> list[SourceClip]:
    rng = np.random.default_rng(0)
    lengths = rng.uniform(*load.seconds, load.batch * load.batches)
    waves = [
        np.float32(0.1 * rng.standard_normal(round(SAMPLE_RATE * seconds))) for seconds in lengths
    ]
    return [source(wave, str(place)) for place, wave in enumerate(waves)]


def timed(
    translator: SeamlessM4T, batches: list[list[SourceClip]], load: Load
) -> tuple[float, int]:
    """Return hours of source speech an hour, and how many clips were spoken or found wordless."""
    started, count = time.perf_counter(), 0
    for batch in batches:
        outcomes = translator.translate(batch, "fr")
        count += sum(
            isinstance(outcome, Speech) or "no words" in outcome.reason for outcome in outcomes
        )

    if load.device == "cuda":
        torch.cuda.synchronize()

    seconds = sum(clip.clip.seconds for batch in batches for clip in batch)
    return seconds / (time.perf_counter() - started), count


def device(load: Load) -> str:
    return torch.cuda.get_device_name() if load.device == "cuda" else "CPU"
