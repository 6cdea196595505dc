"""The Whisper encoder on real clips: times real time, and against transformers' encoder.

    MSERBENCH_DATA=... make bench BENCH=tests/benchmarks/bench_whisper.py

Wants `mserbench weights get whisper-base`. One thread a core, as `mserbench.features.extract`
works; both sides hear the same clips, decoded and turned into log-mels by themselves, and stop
after the same block.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("whisper", reason="the extra train is not installed")

from mserbench.contracts import Clip  # noqa: E402
from mserbench.data import corpus, dataset  # noqa: E402
from mserbench.data import lookup as data_lookup  # noqa: E402
from mserbench.engine.cores import available_cores  # noqa: E402
from mserbench.errors import DataError  # noqa: E402
from mserbench.weights import lookup  # noqa: E402
from mserbench_training.encoders.whisper import WhisperEncoder  # noqa: E402
from mserbench_training.frames.pooled import pooled_features  # noqa: E402
from mserbench_training.resources.threads import one_thread_each  # noqa: E402

LAYER = 2  # the third block: the layer of whisper-linear
CLIPS, REFERENCE_CLIPS = 200, 12
BAR_REAL_TIME = 100.0  # on two cores with nothing else to do
BAR_RATIO = 5.0


@pytest.fixture(scope="module")
def encoder(pretrained) -> WhisperEncoder:
    try:
        return WhisperEncoder.from_folder(lookup.folder("whisper-base"), "whisper-base")
    except DataError:
        pytest.skip("whisper-base is not on this machine: mserbench weights get whisper-base")


@pytest.fixture(scope="module")
def clips(real_data) -> list[Clip]:
    data = dataset.load(data_lookup.task("ravdess"), corpus.data_folder(real_data))
    chosen = range(0, len(data.items), len(data.items) // CLIPS)
    return sorted(data.clips(chosen), key=lambda clip: -clip.seconds)


def spread(work: Callable[[Clip], object], clips: Sequence[Clip]) -> tuple[float, float]:
    """Return seconds on the clock and of the processor for work on all clips, one thread a core."""
    with one_thread_each(), ThreadPoolExecutor(available_cores()) as pool:
        list(pool.map(work, clips[: 2 * available_cores()]))  # The first calls are slower.
        clock, processor = time.perf_counter(), time.process_time()
        list(pool.map(work, clips))
        return time.perf_counter() - clock, time.process_time() - processor


def peak_flops() -> float:
    """Return the operations a second of one core in a large float32 matrix product."""
    with one_thread_each():
        matrix = torch.randn(2048, 2048)
        matrix @ matrix
        return 2 * 2048**3 / min(timed(lambda: matrix @ matrix) for _ in range(5))


def timed(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def flops(seconds: float, dim: int, bands: int, blocks: int) -> float:
    """Return the operations in matrix products for one clip: two convolutions, then the blocks."""
    # Two operations a weight and frame: a multiplication and an addition. The first convolution
    # has twice the frames of the second, which halves them.
    frames = seconds / 0.02
    return frames * (
        2 * (2 * 3 * bands * dim + 3 * dim * dim) + blocks * (24 * dim * dim + 4 * frames * dim)
    )


def bench_times_real_time(encoder, clips):
    """Clip by clip, decoding and log-mels included, blocks above the layer skipped."""
    features = pooled_features(encoder, [LAYER], ["mean", "loud20"])
    clock, processor = spread(lambda clip: features.compute(clip.load()), clips)
    heard = sum(clip.seconds for clip in clips)
    work = sum(flops(clip.seconds, encoder.dim, 80, LAYER + 1) for clip in clips)
    cores, peak = available_cores(), peak_flops()
    idle = cores * heard / processor
    print(
        f"\n{heard / clock:.0f} times real time on {cores} cores, load {os.getloadavg()[0]:.1f}; "
        f"{heard / processor:.1f} a second of processor time, so {idle:.0f} on {cores} idle "
        f"cores; {work / processor / 1e9:.1f} GFLOP/s a core, {100 * work / processor / peak:.0f} "
        f"% of the measured peak of {peak / 1e9:.1f}"
    )

    # A busy machine is slow, and says nothing of the encoder.
    if os.getloadavg()[0] < cores:
        assert heard / clock >= BAR_REAL_TIME


def bench_faster_than_transformers(encoder, clips):
    """transformers' encoder wants its input padded to 30 s; clips, blocks and threads are equal."""
    transformers = pytest.importorskip("transformers")
    from whisper.audio import log_mel_spectrogram, pad_or_trim

    settings = transformers.WhisperConfig(
        d_model=512,
        encoder_layers=LAYER + 1,
        encoder_attention_heads=8,
        encoder_ffn_dim=2048,
        num_mel_bins=80,
    )
    reference = transformers.models.whisper.modeling_whisper.WhisperEncoder(settings).eval()
    chosen = clips[:: max(1, len(clips) // REFERENCE_CLIPS)]

    @torch.no_grad()
    def theirs(clip: Clip) -> np.ndarray:
        mel = log_mel_spectrogram(pad_or_trim(torch.from_numpy(clip.load())))
        return reference(mel[None]).last_hidden_state[0].numpy()

    features = pooled_features(encoder, [LAYER], ["mean"])
    _, ours_seconds = spread(lambda clip: features.compute(clip.load()), chosen)
    _, their_seconds = spread(theirs, chosen)
    print(
        f"\n{their_seconds / ours_seconds:.1f} times as fast as transformers' encoder, by "
        f"processor time"
    )
    assert their_seconds / ours_seconds >= BAR_RATIO


def bench_what_bfloat16_brings(clips):
    """Only said: without instructions for it a CPU is slower, not faster."""
    first, second = torch.randn(512, 512), torch.randn(512, 2048)
    with one_thread_each():
        single = min(timed(lambda: first @ second) for _ in range(9))
        a, b = first.bfloat16(), second.bfloat16()
        half = min(timed(lambda: a @ b) for _ in range(9))

    print(
        f"\nbfloat16 matrix products take {half / single:.1f} times as long as float32 on this CPU"
    )
