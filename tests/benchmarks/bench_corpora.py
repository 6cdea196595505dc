"""Corpora of full size: parsing, indexing against plain decoding, and the start of a run on an
unchanged corpus.
"""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import official
import pytest
import soundfile
from commands import run_prior
from official import msp_podcast
from pytest_benchmark.fixture import BenchmarkFixture

from mserbench.contracts import Utterance
from mserbench.data import corpus, index, lookup
from mserbench.data.trees import Folder, audio_names
from mserbench.engine.cores import available_cores

ROUNDS = 5
ROWS = 150_000  # of a late release of MSP-Podcast
FILES, SECONDS = 1_000, 3.0
Build = Callable[[str], Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build the official tree of a corpus once; returns the data folder."""
    data = tmp_path_factory.mktemp("data")
    return lambda name: data if (data / name).is_dir() else official.build(name, data)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the test a cache of its own."""
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


@dataclass(frozen=True)
class Memory:
    """A corpus folder of names and one label file, without a disk."""

    names: tuple[str, ...]
    label_file: str
    labels: bytes

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of every recording."""
        return audio_names(self.names, suffixes)

    def read(self, name: str) -> bytes:
        """Return the label file."""
        assert name == self.label_file
        return self.labels


def own() -> float:
    """Return the seconds that this process has had of the processor."""
    return time.process_time()


def of_children() -> float:
    """Return the seconds that finished children have had of the processor."""
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def least(
    benchmark: BenchmarkFixture, work: Callable[[], object], title: str, clock: Callable[[], float]
) -> float:
    """Return and print the least seconds of some rounds.

    They are those of the processor: the work waits for nothing, so on an idle machine they are
    those of the clock, and on a busy one they are nearer to them.
    """
    durations: list[float] = []

    def timed() -> None:
        started = clock()
        work()
        durations.append(clock() - started)

    benchmark.pedantic(timed, rounds=ROUNDS, warmup_rounds=1)
    clocked = benchmark.stats.stats.min
    benchmark.extra_info.update(processor_seconds=min(durations))
    print(f"\n{title}: least {min(durations):.2f} s of the processor, {clocked:.2f} s of the clock")

    return min(durations)


@pytest.mark.parametrize(("name", "utterances"), [("iemocap", 10_039), ("meld", 13_706)])
def bench_parsing_a_full_tree(
    benchmark: BenchmarkFixture, build: Build, name: str, utterances: int
) -> None:
    """From the folder on disk to all utterances in under a second."""
    source = lookup.corpus(name)
    root = build(name) / name
    assert len(corpus.utterances(source, Folder(root, tuple(source.card.skipped)))) == utterances

    def parse() -> None:
        corpus.utterances(source, Folder(root, tuple(source.card.skipped)))

    assert (
        least(benchmark, parse, f"listing and parsing {utterances} utterances of {name}", own) < 1.0
    )


def bench_parsing_150_000_rows_of_msp_podcast(benchmark: BenchmarkFixture) -> None:
    """The largest label file of the field in under five seconds."""
    source = lookup.corpus("msp-podcast")
    names = [f"MSP-PODCAST_{number // 50:04}_{number % 50 + 1:04}.wav" for number in range(ROWS)]
    classes = list(source.card.counts["1.8"])
    rows = [
        msp_podcast.row(number, name, classes[number % len(classes)])
        for number, name in enumerate(names)
    ]
    label_file = "Labels/labels_concensus.csv"
    labels = "\r\n".join([msp_podcast.HEADER, *rows]).encode()
    tree = Memory((*(f"Audios/{name}" for name in names), label_file), label_file, labels)
    assert len(corpus.utterances(source, tree)) == ROWS
    assert (
        least(benchmark, lambda: corpus.utterances(source, tree), f"parsing {ROWS} rows", own) < 5.0
    )


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write recordings of noise, half of them wav and half flac."""
    folder = tmp_path_factory.mktemp("recordings")
    generator = np.random.default_rng(0)
    for number in range(FILES):
        samples = 0.1 * generator.standard_normal(int(SECONDS * 16_000))
        soundfile.write(folder / f"{number:04}.{('wav', 'flac')[number % 2]}", samples, 16_000)

    return folder


def plain(path: Path) -> str:
    """Read, decode and hash one file, which nothing that knows equal recordings can do without."""
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return hashlib.sha256(samples.tobytes()).hexdigest()


def bench_indexing_against_plain_decoding(
    benchmark: BenchmarkFixture, recordings: Path, unhurried: Path
) -> None:
    """Indexing takes at most half as long again as reading, decoding and hashing in as many
    threads.
    """
    paths = sorted(recordings.iterdir())
    utterances = [Utterance(path.stem, path.name, "x", None, "en") for path in paths]
    references: list[float] = []

    def time_the_reference() -> None:
        for file in (unhurried / "cache/index").glob("*"):
            file.unlink()  # else nothing would be decoded

        started = time.perf_counter()
        with ThreadPoolExecutor(available_cores()) as pool:
            assert len(set(pool.map(plain, paths))) == FILES

        references.append(time.perf_counter() - started)

    benchmark.pedantic(
        index.index, args=(recordings, utterances), setup=time_the_reference, rounds=ROUNDS
    )
    seconds, reference = benchmark.stats.stats.median, statistics.median(references)
    benchmark.extra_info.update(reference_seconds=reference, ratio=seconds / reference)
    print(
        f"\nindexing {FILES} files {seconds:.2f} s, plain {reference:.2f} s, ratio "
        f"{seconds / reference:.2f}"
    )
    assert seconds / reference < 1.5


START = """
import sys
from mserbench.cli import main
from mserbench.running.spec import Spec

Spec.of = lambda *given: sys.exit(0)  # from here on it is the model's time
main(sys.argv[1:])
"""


# The bar is a second. The 35,000 recordings of ESD miss it: their names alone take half of it.
STARTS = [("iemocap-7", "iemocap", 1.0), ("meld", "meld", 1.0), ("esd", "esd", 2.0)]


@pytest.mark.parametrize(("task", "name", "bar"), STARTS)
def bench_start_on_an_unchanged_corpus(
    benchmark: BenchmarkFixture, build: Build, unhurried: Path, task: str, name: str, bar: float
) -> None:
    """`mserbench run`, as a whole process until the model loads, takes under a second on an indexed
    corpus.
    """
    arguments = run_prior(task, build(name), unhurried)
    environment = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }

    def start() -> None:
        done = subprocess.run(
            [sys.executable, "-c", START, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    # the warm-up indexes
    assert least(benchmark, start, f"start of a run on {task}", of_children) < bar
