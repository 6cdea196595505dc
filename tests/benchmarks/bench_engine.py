"""What an engine adds to a plain loop or a plain pool, a shard: the index, features, jobs of a
table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mserbench.contracts import Clip, Utterance
from mserbench.data import index
from mserbench.data.memory import Digests
from mserbench.engine.base import Engine, Shard, Workers
from mserbench.engine.cores import available_cores
from mserbench.engine.named import engine_named
from mserbench.features import OFF, FeatureSet, extract

ROUNDS = 9
CLIPS, SECONDS = 512, 3.0  # a clip has the usual length of an acted utterance
SHARDS = 2_000
BAR = 1.15  # of the reference: a shard costs microseconds, a busy machine varies by this much
SMALL = 200e-6  # seconds a shard may cost among threads: a clip takes five times as long to decode


def work(number: int) -> int:
    """Return a number: nothing that takes time."""
    return number


def beside(reference: Callable[[], object], engine: Callable[[], object]) -> tuple[float, float]:
    """Return the least seconds of processor that both take in this process, measured in turn.

    Not seconds of the clock, which on a machine that others use vary by half.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for seconds, function in zip(times, (reference, engine), strict=True):
            began = time.process_time()
            function()
            seconds.append(time.process_time() - began)

    return min(times[0]), min(times[1])


def told(title: str, reference: float, engine: float, n: int, unit: str) -> float:
    """Print both, and return the seconds that the engine adds a unit."""
    added = (engine - reference) / n
    print(
        f"\n{title}: reference {reference:.3f} s, engine {engine:.3f} s of processor, "
        f"ratio {engine / reference:.2f}, {1e6 * added:+.1f} µs a {unit}"
    )
    return added


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Utterance]]:
    """Write recordings of noise, each another."""
    folder = tmp_path_factory.mktemp("recordings")
    draw = np.random.default_rng(0)
    names = [f"{number:04d}.wav" for number in range(CLIPS)]
    for name in names:
        soundfile.write(folder / name, 0.1 * draw.standard_normal(round(SECONDS * 16_000)), 16_000)

    return folder, [Utterance(name, name, "x", None, "de") for name in names]


def plain_index(root: Path, utterances: list[Utterance], workers: int) -> list[object]:
    """Decode as the index does, by a plain loop or the pool of Python; nothing is remembered."""
    digests = Digests()

    def examine(utterance: Utterance) -> object:
        return index._examine(root, utterance, None, digests)

    if workers == 1:
        return list(map(examine, utterances))

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(examine, utterances))


@pytest.mark.parametrize("workers", [1, available_cores()])
def bench_index(
    recordings: tuple[Path, list[Utterance]], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index without what remembers it, shard by shard, costs no more than decoding."""
    monkeypatch.setattr(index, "available_cores", lambda: workers)
    reference, engine = beside(
        lambda: plain_index(*recordings, workers),
        lambda: list(index._examined(*recordings, None, Digests())),
    )
    told(f"index of {CLIPS} clips, {workers} worker(s)", reference, engine, CLIPS // 16, "shard")
    assert engine < BAR * reference


def bench_features(
    recordings: tuple[Path, list[Utterance]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Feature extraction, without its cache, takes as long as the pool of Python does."""
    monkeypatch.setenv(OFF, "1")
    folder, utterances = recordings
    feature_set = FeatureSet("spectrum", "1", 257, spectrum)
    clips = [
        Clip(utterance.id, utterance.id, SECONDS, partial(load, folder / utterance.audio))
        for utterance in utterances
    ]

    def plain() -> object:
        with ThreadPoolExecutor(available_cores()) as pool:
            return np.stack(list(pool.map(feature_set.vector, clips)))

    reference, engine = beside(plain, lambda: extract(clips, feature_set))
    told(
        f"features of {CLIPS} clips, {available_cores()} threads", reference, engine, CLIPS, "clip"
    )
    assert engine < BAR * reference


def load(path: Path) -> np.ndarray:
    """Return the samples of a file: float32."""
    return soundfile.read(path, dtype="float32")[0]


def spectrum(waveform: np.ndarray) -> np.ndarray:
    """Return the mean log spectrum of frames of 32 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(waveform, 512)[::160]
    return np.log(np.abs(np.fft.rfft(frames, axis=1)) + 1e-6).mean(axis=0)


@pytest.mark.parametrize("workers", [1, 2])
def bench_threads_with_nothing_to_do(workers: int) -> None:
    """What a shard costs by itself, beside a loop or the pool of Python."""

    def plain() -> object:
        if workers == 1:
            return [work(number) for number in range(SHARDS)]
        with ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(work, number) for number in range(SHARDS)]
            return [future.result() for future in as_completed(futures)]

    def engine() -> object:
        with engine_named("local", Workers(workers, kind="threads")) as local:
            return [outcome.value for outcome in local.do(shards(SHARDS))]

    seconds = beside(plain, engine)
    assert told(f"{SHARDS} shards, {workers} thread(s)", *seconds, SHARDS, "shard") < SMALL


@pytest.fixture(scope="module")
def processes() -> Iterator[tuple[ProcessPoolExecutor, Engine]]:
    """Give a pool of Python and an engine, two processes each, that were started before."""
    pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    with pool, engine_named("local", Workers(2)) as engine:
        list(pool.map(abs, range(8)))
        list(engine.do(shards(8)))
        yield pool, engine


def bench_jobs_of_a_table(processes: tuple[ProcessPoolExecutor, Engine]) -> None:
    """A job of a table takes minutes; handing it to a process must be nothing beside that."""
    pool, local = processes

    def plain() -> object:
        futures = [pool.submit(abs, number) for number in range(SHARDS)]
        return [future.result() for future in as_completed(futures)]

    seconds = beside(plain, lambda: [outcome.value for outcome in local.do(shards(SHARDS))])
    assert told(f"{SHARDS} jobs, 2 processes", *seconds, SHARDS, "job") < 10 * SMALL


def bench_start_of_processes() -> None:
    """What the first shard waits for: two new processes, by the clock."""

    def plain() -> object:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            return list(pool.map(abs, range(2)))

    def engine() -> object:
        with engine_named("local", Workers(2)) as local:
            return list(local.do(shards(2)))

    seconds = []
    for function in (plain, engine):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)

    print(
        f"\ntwo processes start, work and end: pool {seconds[0]:.2f} s, engine {seconds[1]:.2f} s"
    )


def shards(n: int) -> list[Shard[int]]:
    """Return shards of nothing; `abs` is found by every process."""
    return [Shard(str(number), abs, (number,)) for number in range(n)]
