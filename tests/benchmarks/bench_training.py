"""Training: cached against uncached epochs, memory by the size of the corpus, bfloat16.

    MSERBENCH_DATA=... make bench BENCH=tests/benchmarks/bench_training.py

The first and the last want `mserbench weights get whisper-base` and EmoDB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("accelerate", reason="the extra train is not installed")
pytest.importorskip("whisper", reason="the extra train is not installed")

from mserbench.contracts import Clip  # noqa: E402
from mserbench.data import corpus, dataset  # noqa: E402
from mserbench.data import lookup as data_lookup  # noqa: E402
from mserbench.engine.cores import available_cores  # noqa: E402
from mserbench.errors import DataError  # noqa: E402
from mserbench.model import TrainingItem  # noqa: E402
from mserbench.weights import lookup  # noqa: E402
from mserbench_supcon_w2v2 import assembly  # noqa: E402
from mserbench_supcon_w2v2.feeding import FrameFeeder  # noqa: E402
from mserbench_supcon_w2v2.network import Network  # noqa: E402
from mserbench_supcon_w2v2.objective import Objective  # noqa: E402
from mserbench_supcon_w2v2.settings import PRESETS  # noqa: E402
from mserbench_training.encoders.base import Precision  # noqa: E402
from mserbench_training.frames.frame_reader import HOLD  # noqa: E402
from mserbench_training.learning.machine import Machine  # noqa: E402
from mserbench_training.learning.sampler import ShuffledSampler  # noqa: E402
from mserbench_training.learning.sets import Codes  # noqa: E402
from mserbench_training.resources.threads import one_thread_each  # noqa: E402

CLIPS, BATCH = 200, 36
BAR_RATIO = 20.0
MANY_FRAMES = Path(__file__).with_name("many_frames.py")
FEW, MANY = 400, 1600  # clips: 120 MB and 480 MB of frames
HOLD_BYTES = 10_000_000
BAR_GROWTH = 40_000_000  # bytes; the frames grow by 360 MB


class Training(NamedTuple):
    """What an epoch needs."""

    clips: list[Clip]
    frames: FrameFeeder
    network: Network
    objective: Objective


@pytest.fixture
def training(
    pretrained: Path, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Training]:
    try:
        lookup.folder("whisper-base")
    except DataError:
        pytest.skip("whisper-base is not on this machine: mserbench weights get whisper-base")

    source = dataset.load(data_lookup.task("emodb"), corpus.data_folder(real_data))
    chosen = range(0, len(source.items), len(source.items) // CLIPS)[:CLIPS]
    clips = list(source.clips(chosen))
    items = [
        TrainingItem(clip, source.items[i].label, source.items[i].utterance.speaker, "de", "emodb")
        for i, clip in zip(chosen, clips, strict=True)
    ]
    (tmp_path / "weights").symlink_to(pretrained, target_is_directory=True)
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path))  # No frames are there.
    settings = PRESETS["small"]
    parts = assembly.build(settings, "cpu", HOLD)
    assert isinstance(parts.feeder, FrameFeeder)  # as the settings ask for a frozen encoder
    codes = Codes.of(items)
    torch.manual_seed(0)
    network = assembly.network_of(parts, settings, len(codes.labels), len(codes.speakers))

    # This small network gains nothing from more threads, and loses where others work beside it.
    with one_thread_each():
        yield Training(
            clips, parts.feeder, network, Objective(items, [], codes, parts.feeder, settings)
        )


def epoch(training: Training, precision: Precision = "float32") -> list[float]:
    """Learn from every clip once; return the losses."""
    machine = Machine("cpu", precision)
    prepared = machine.prepare(
        training.network, torch.optim.AdamW(training.network.parameters(), lr=1e-4)
    )
    prepared.train()
    losses = []

    for batch in ShuffledSampler(len(training.clips), BATCH).batches(0):
        torch.manual_seed(len(losses))
        inputs = training.objective.batch(batch, 0)
        step = machine.backward(
            prepared, lambda inputs=inputs: training.objective.losses(prepared, inputs, 0.0)
        )
        machine.update(prepared, 5.0)
        losses.append(float(step["total"].detach()))

    return losses


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds on the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def bench_a_cached_epoch_against_an_uncached_one(training: Training) -> None:
    """Uncached: frames are computed on all cores, then learnt from. Cached: they are only read."""
    # The first epoch reads from disk, later ones from memory.
    filled, fill_processor = timed(lambda: training.frames.fill(training.clips))
    (read, read_processor), *from_memory = [timed(lambda: epoch(training)) for _ in range(4)]
    reread, processor = min(from_memory)
    ratios = [(filled + reading) / reading for reading in (read, reread)]
    print(
        f"\n{CLIPS} clips, {available_cores()} cores, load {os.getloadavg()[0]:.1f}: frames "
        f"{filled:.2f} s (processor {fill_processor:.2f}), epoch with frames from disk {read:.2f} "
        f"s ({read_processor:.2f}), from memory {reread:.2f} s ({processor:.2f}): {ratios[0]:.0f} "
        f"and {ratios[1]:.0f} times as fast as uncached"
    )
    assert ratios[1] >= BAR_RATIO


def bench_what_bfloat16_brings(training: Training) -> None:
    """Said without a bar of speed: a CPU that has no instructions for it is slower with it."""
    training.frames.fill(training.clips)
    start = {name: tensor.clone() for name, tensor in training.network.state_dict().items()}
    seconds, losses = {}, {}

    for precision in ("float32", "bfloat16"):
        times = []
        for _ in range(4):
            # The same weights each time, so that losses can be compared.
            training.network.load_state_dict(start)
            before = time.perf_counter()
            losses[precision] = epoch(training, precision)
            times.append(time.perf_counter() - before)

        seconds[precision] = min(times)

    apart = max(abs(a - b) / a for a, b in zip(losses["float32"], losses["bfloat16"], strict=True))
    print(
        f"\nan epoch in bfloat16 takes {seconds['bfloat16'] / seconds['float32']:.2f} times as "
        f"long as in float32; losses differ by {100 * apart:.2f} % at most; load "
        f"{os.getloadavg()[0]:.1f}"
    )
    assert apart < 0.05


def bench_memory_is_flat_in_the_size_of_the_corpus(tmp_path: Path) -> None:
    """Beyond what may be held, frames come from disk: four times the corpus, the same memory."""
    peaks = []
    for clips in (FEW, MANY):
        environment = {
            **os.environ,
            "MSERBENCH_CACHE": str(tmp_path / str(clips)),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, str(MANY_FRAMES), str(clips), str(HOLD_BYTES)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=900
        )
        peaks.append(int(done.stdout.split()[-1]))

    print(
        f"\npeak memory with {FEW} clips {peaks[0] / 1e6:.0f} MB, with {MANY} clips "
        f"{peaks[1] / 1e6:.0f} MB"
    )
    assert peaks[1] - peaks[0] < BAR_GROWTH
