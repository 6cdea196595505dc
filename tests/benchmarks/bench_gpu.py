"""wav2vec 2.0 on a GPU: clips a second and share of the bfloat16 peak, scoring and training.

    make bench BENCH=tests/benchmarks/bench_gpu.py

Prints rows for docs/gpu.md; `$BENCH_GPU_ROWS` names a file to append them to. Weights are random,
of the shapes of wav2vec2-base and -large; clips are noise of equal length. Without a GPU a tiny
shape runs on the CPU, so that the benchmark is known to work.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
transformers = pytest.importorskip("transformers", reason="the extra train is not installed")
pytest.importorskip("accelerate", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402, TID253

from mserbench.contracts import SAMPLE_RATE  # noqa: E402
from mserbench_supcon_w2v2.backbones import WaveBackbone  # noqa: E402
from mserbench_supcon_w2v2.inside import adapt  # noqa: E402
from mserbench_supcon_w2v2.network import Batch, LossOptions, Network, total_loss  # noqa: E402
from mserbench_training.encoders.wav2vec import Wav2VecEncoder, Wav2VecModel  # noqa: E402
from mserbench_training.learning.machine import Machine  # noqa: E402

ROWS = "BENCH_GPU_ROWS"
HEAD = (
    "| machine | versions | shape | what | clips/s | times real time | TFLOP/s | share of bf16 "
    "peak |"
)
LARGE = {
    "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
    "intermediate_size": 4096,
    "feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True,
}  # fmt: skip
TINY = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "conv_dim": [16] * 7,
}  # fmt: skip
on_gpu = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
]


@dataclass(frozen=True)
class Load:
    """A shape and how much of it: `clips` of `seconds` in a batch, `rounds` timed ones."""

    shape: str
    config: dict[str, Any]
    device: str
    clips: int
    seconds: float
    rounds: int
    matrix: int  # rows of the square matrices whose product is the peak


LOADS = [
    pytest.param(Load("wav2vec2-base", {}, "cuda", 36, 6.0, 10, 8192), marks=on_gpu),
    pytest.param(Load("wav2vec2-large", LARGE, "cuda", 36, 6.0, 10, 8192), marks=on_gpu),
    Load("tiny", TINY, "cpu", 4, 0.5, 1, 256),
]


def model_of(load: Load) -> Wav2VecModel:
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(**load.config, apply_spec_augment=False, layerdrop=0.0)
    return Wav2VecModel(transformers.Wav2Vec2Model(config), normalise=True)


def timed(load: Load, work: Callable[[], object]) -> float:
    """Return the seconds of one call: the mean of some rounds, after two that warm up."""
    for _ in range(2):
        work()

    # A GPU works on after a call has returned: the clock is read where it stands still.
    _finish(load)
    start = time.perf_counter()
    for _ in range(load.rounds):
        work()

    _finish(load)
    return (time.perf_counter() - start) / load.rounds


def _finish(load: Load) -> None:
    if load.device == "cuda":
        torch.cuda.synchronize()


def operations(work: Callable[[], object]) -> float:
    """Count the operations of one call: matrix products, convolutions, attention; backwards too."""
    counter = FlopCounterMode(display=False)
    with counter:
        work()

    return float(counter.get_total_flops())


def report(load: Load, title: str, seconds: float, flops: float) -> None:
    # The peak is measured, not taken from a data sheet, which no program reaches.
    matrix = torch.randn(load.matrix, load.matrix, device=load.device, dtype=torch.bfloat16)
    peak = 2 * load.matrix**3 / timed(load, lambda: matrix @ matrix)
    machine = torch.cuda.get_device_name() if load.device == "cuda" else platform.machine()
    versions = (
        f"torch {torch.__version__}, CUDA {torch.version.cuda}, transformers "
        f"{transformers.__version__}"
    )
    cells = (
        machine, versions, load.shape, title, f"{load.clips / seconds:.0f}",
        f"{load.clips * load.seconds / seconds:.0f}", f"{flops / seconds / 1e12:.3g}",
        f"{100 * flops / seconds / peak:.0f} % of {peak / 1e12:.3g}",
    )  # fmt: skip
    row = f"| {' | '.join(cells)} |"
    print(f"\n{HEAD}\n|{'---|' * HEAD.count(' | ')}---|\n{row}")

    if os.environ.get(ROWS):
        with Path(os.environ[ROWS]).open("a", encoding="utf-8") as file:
            file.write(f"{row}\n")


def waves(load: Load) -> list[Any]:
    draw = np.random.default_rng(0)
    n = round(load.seconds * SAMPLE_RATE)
    return [(0.1 * draw.normal(size=n)).astype(np.float32) for _ in range(load.clips)]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.shape)
def bench_scoring(load: Load) -> None:
    """Frames of the last layer, from waveforms in memory to arrays in memory."""
    encoder = Wav2VecEncoder(model_of(load), load.shape, load.device)
    heard = waves(load)

    def work() -> list[Any]:
        with torch.autocast(load.device, torch.bfloat16):
            return encoder.frames(heard, [encoder.layers - 1])

    flops = operations(work)
    scores = work()
    assert len(scores) == load.clips
    assert all(np.isfinite(row).all() for row in scores)
    report(load, "scoring, bfloat16", timed(load, work), flops)


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.shape)
def bench_training(load: Load) -> None:
    """Steps of supcon-w2v2 with LoRA, adapters and gates in every block."""
    model = model_of(load)
    adapt(model)
    network = Network(WaveBackbone(model, (model.layers - 1,)), 4, 10)
    machine = Machine(load.device, "bfloat16")
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    prepared = machine.prepare(network, torch.optim.AdamW(learnt, lr=1e-4))
    prepared.train()
    number = torch.arange(load.clips)
    inputs = tuple(model.input(wave) for wave in waves(load))
    batch = Batch(None, None, inputs, number % 4, number % 2, number % 10).to(
        torch.device(load.device)
    )
    losses = []  # Read at the end: to read one would wait for the GPU at every step.

    def work() -> None:
        step = machine.backward(prepared, lambda: total_loss(prepared, batch, LossOptions(), 0.5))
        machine.update(prepared, 5.0)
        losses.append(step["total"].detach())

    flops = operations(work)
    seconds = timed(load, work)
    assert torch.isfinite(torch.stack(losses)).all()
    report(load, "training, bfloat16", seconds, flops)
