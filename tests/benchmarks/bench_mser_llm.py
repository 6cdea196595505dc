"""Scoring with mser-llm: one pass against a pass a label, padding, whole runs on two cores.

    MSERBENCH_DATA=... make bench BENCH=tests/benchmarks/bench_mser_llm.py

Wants `mserbench weights get` of whisper-base and smollm2-135m-instruct; without them random weights
of the same shape take their place where only time counts. Clips a second are asserted only where
the machine had nothing else to do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")
pytest.importorskip("accelerate", reason="the extra train is not installed")
whisper = pytest.importorskip("whisper", reason="the extra train is not installed")

from made_llm import language_model  # noqa: E402

from mserbench.contracts import SAMPLE_RATE, Clip  # noqa: E402
from mserbench.data import (  # noqa: E402
    corpus,
    dataset,
    lookup,
)
from mserbench.errors import DataError  # noqa: E402
from mserbench.labels import CANONICAL  # noqa: E402
from mserbench.running import batches  # noqa: E402
from mserbench.running.lookup import model_entry  # noqa: E402
from mserbench_mser_llm import assembly  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.network import Network  # noqa: E402
from mserbench_mser_llm.objective import over_clips, scores_of  # noqa: E402
from mserbench_mser_llm.presets import PRESETS  # noqa: E402
from mserbench_mser_llm.scoring import Question, generate, log_probabilities  # noqa: E402
from mserbench_training.encoders.whisper import WhisperEncoder  # noqa: E402

MINI = PRESETS["mini"]
WHISPER_SMALL = (80, 1500, 768, 12, 12)  # bands, positions, width, heads, blocks
MANY_TOKENS = ("happy", "calm", "enthusiasm", "no_agreement", "sad")
TOGETHER, ROUNDS = 8, 2  # clips in a batch; the least of so many times counts
BAR_PASSES, BAR_TRIMMED = 4.0, 4.0
BAR_SAME = 1e-4
BAR_WASTE = 0.05
BAR_RUN_SECONDS, BAR_CLIPS = 60.0, 10.0
CLIPS, SIXTY = 64, 60


@pytest.fixture(autouse=True)
def idle() -> Iterator[bool]:
    """Work on two cores, whatever the machine has; tells whether it was idle before."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield os.getloadavg()[0] < 1
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def llm(pretrained: Path) -> FrozenLanguageModel:
    return language_model()


def audio_of(llm: FrozenLanguageModel) -> torch.Tensor:
    torch.manual_seed(7)
    return torch.randn(TOGETHER, MINI.num_queries, llm.dim) * llm.embedding_norm() / llm.dim**0.5


def least(work: Callable[[], Any]) -> float:
    """Return the least seconds of some rounds, after one that warms up."""
    work()
    return min(timed(work)[0] for _ in range(ROUNDS))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


@torch.no_grad()
def a_pass_a_label(
    llm: FrozenLanguageModel, audio: torch.Tensor, question: Question
) -> torch.Tensor:
    """One full forward pass of transformers for each label, with the logits of all positions."""
    columns = []
    for answer in question.answers:
        behind = llm.embed(answer).expand(len(audio), -1, -1)
        inputs = torch.cat([llm.question(audio, question.prompt_tokens), behind], dim=1)
        predicted = llm.module(inputs_embeds=inputs, use_cache=False).logits.log_softmax(-1)

        # A token is predicted at the place before it.
        first = inputs.shape[1] - len(answer) - 1
        columns.append(sum(predicted[:, first + i, token] for i, token in enumerate(answer)))

    return torch.stack(columns, dim=1)


def bench_one_pass_against_a_pass_a_label(llm: FrozenLanguageModel) -> None:
    question, audio = Question.of(llm, MINI.prompt, CANONICAL), audio_of(llm)
    assert set(map(len, question.answers)) == {1}
    apart = (
        (log_probabilities(llm, audio, question) - a_pass_a_label(llm, audio, question)).abs().max()
    )
    ours = least(lambda: log_probabilities(llm, audio, question))
    slow = least(lambda: a_pass_a_label(llm, audio, question))
    print(
        f"\n{len(CANONICAL)} labels of {TOGETHER} clips: {ours:.2f} s, a pass a label {slow:.2f} "
        f"s, {slow / ours:.1f} times as long; scores differ by {apart:.1e} at most; load "
        f"{os.getloadavg()[0]:.1f}"
    )
    assert apart < BAR_SAME
    assert slow / ours >= BAR_PASSES


@pytest.mark.parametrize("labels", [CANONICAL, MANY_TOKENS], ids=["one token", "many tokens"])
def bench_scoring_against_writing(llm: FrozenLanguageModel, labels: tuple[str, ...]) -> None:
    """Never slower than one `generate`, which is how the paper words its answer."""
    question, audio = Question.of(llm, MINI.prompt, labels), audio_of(llm)
    ours = least(lambda: log_probabilities(llm, audio, question))
    writing = least(lambda: generate(llm, audio, question, MINI.max_new_tokens))
    print(
        f"\n{len(labels)} labels: scoring {ours:.2f} s, writing {writing:.2f} s, "
        f"{writing / ours:.1f} times as long"
    )
    assert ours <= writing


def bench_trimmed_against_padded() -> None:
    """Clips of 4 s in a Whisper of the shape of small, all blocks."""
    torch.manual_seed(0)
    module = whisper.model.AudioEncoder(*WHISPER_SMALL)
    wave = np.random.default_rng(0).normal(0, 0.1, 4 * SAMPLE_RATE).astype(np.float32)
    seconds = {}

    for length in ("trimmed", "padded"):
        encoder = WhisperEncoder(module, "small", length)  # type: ignore[arg-type]
        seconds[length] = min(
            timed(lambda e=encoder: e.frames([wave], [e.layers - 1]))[0] for _ in range(ROUNDS)
        )

    ratio = seconds["padded"] / seconds["trimmed"]
    print(
        f"\na clip of 4 s: trimmed {seconds['trimmed']:.2f} s, padded {seconds['padded']:.2f} s, "
        f"{ratio:.1f} times as long; load {os.getloadavg()[0]:.1f}"
    )
    assert ratio >= BAR_TRIMMED


# Padding.


class Lengths:
    """A reader of frames that are as many as clips are long, and hold nothing."""

    def batch(self, clips: Sequence[Clip], epoch: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return frames of 20 ms and their mask."""
        n = torch.tensor([round(clip.seconds / 0.02) for clip in clips])
        mask = torch.arange(int(n.max())) < n[:, None]
        return torch.zeros(len(clips), 1, int(n.max()), 1), mask


def acted() -> NDArray[np.float64]:
    """Lengths as RAVDESS has them: 1,248 of 2.9 to 5.3 s, most of 3.4 to 4."""
    return np.random.default_rng(0).normal(3.7, 0.34, 1_248).clip(2.9, 5.3)


def conversation() -> NDArray[np.float64]:
    """Lengths as talk has them: 2,610 of 0.3 to 30 s, half of them below 2.5 s."""
    return np.exp(np.random.default_rng(0).normal(np.log(2.5), 0.75, 2_610)).clip(0.3, 30.0)


@pytest.mark.parametrize("lengths", [acted, conversation])
def bench_padding_of_scoring_batches(lengths: Callable[[], NDArray[np.float64]]) -> None:
    """Frames that the connector is given and that are of no clip, by the batches of a run."""
    seconds = lengths().tolist()
    clips = [
        Clip(str(i), str(i), duration, lambda: np.zeros(1, np.float32))
        for i, duration in enumerate(seconds)
    ]
    unsorted = [
        range(start, min(start + SIXTY, len(clips))) for start in range(0, len(clips), SIXTY)
    ]
    ours, theirs = waste(clips, batches.plan(seconds)), waste(clips, unsorted)
    print(
        f"\n{lengths.__name__}: {100 * ours:.1f} % padding; {100 * theirs:.1f} % of "
        f"batches in the order of the files"
    )
    assert ours < BAR_WASTE


def waste(clips: Sequence[Clip], planned: Sequence[Sequence[int]]) -> float:
    """Return the share of frames that are padding, over batches as a run gives them to a model."""
    true_frames, places = 0, 0

    def count(batch: Any) -> list[int]:
        nonlocal true_frames, places
        true_frames, places = true_frames + int(batch.mask.sum()), places + batch.mask.numel()
        return [0] * len(batch.mask)

    network: Any = torch.nn.Linear(1, 1)
    for batch in planned:
        over_clips(network, Lengths(), [clips[i] for i in batch], count)  # type: ignore[arg-type]

    return 1 - true_frames / places


# Whole runs.


def bench_a_run_on_the_demo_speech(pretrained: Path, tmp_path: Path, idle: bool) -> None:
    """From a cache with the frozen parts alone: start, demo speech, frames, answers, figures."""
    if not model_entry("mser-llm").weights:
        pytest.skip("no weights ship with mser-llm yet")

    for name in (MINI.encoder, MINI.language_model):
        if not (pretrained / name).is_dir():
            pytest.skip(f"{name} is not on this machine: mserbench weights get {name}")

    seconds = {}
    for model in ("prior", "mser-llm"):
        cache = tmp_path / f"cache-{model}"
        cache.mkdir()
        (cache / "weights").symlink_to(pretrained, target_is_directory=True)
        command = [sys.executable, "-m", "mserbench", "run", "--model", model, "--task", "demo-fa"]
        environment = {**os.environ, "MSERBENCH_CACHE": str(cache)}
        seconds[model], done = timed(
            lambda command=command, environment=environment: subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900
            )
        )
        assert done.returncode == 0, done.stderr

    print(
        f"\nmser-llm on demo-fa {seconds['mser-llm']:.0f} s, prior, which makes the demo speech "
        f"too, {seconds['prior']:.0f} s; load {os.getloadavg()[0]:.1f}"
    )
    if idle:
        assert seconds["mser-llm"] < BAR_RUN_SECONDS


@pytest.fixture
def mini(
    pretrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Network, assembly.FrozenParts]:
    """The preset `mini` with a connector of random weights, and no frames known."""
    (tmp_path / "weights").symlink_to(pretrained, target_is_directory=True)
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path))
    try:
        ready = assembly.open_parts(MINI)
    except DataError as error:
        pytest.skip(str(error))

    torch.manual_seed(0)
    return assembly.network_of(ready, MINI).eval(), ready


def bench_clips_a_second_on_ravdess(
    mini: tuple[Network, assembly.FrozenParts], real_data: Path, idle: bool
) -> None:
    """From decoded waveforms to scores of seven labels; beside it the encoder alone."""
    network, ready = mini
    source = dataset.load(lookup.task("ravdess"), corpus.data_folder(real_data))
    chosen = range(0, len(source.items), len(source.items) // CLIPS)[:CLIPS]
    clips = [held(clip) for clip in source.clips(chosen)]
    question = Question.of(ready.llm, MINI.prompt, CANONICAL)
    encoding, _ = timed(lambda: ready.feeder.fill(clips))
    scoring, scores = timed(lambda: scores_of(network, ready.feeder, clips, question, MINI))
    rate = len(clips) / (encoding + scoring)
    print(
        f"\n{len(clips)} clips of {sum(clip.seconds for clip in clips) / len(clips):.1f} s: "
        f"{rate:.1f} clips/s on two cores; encoder {encoding:.2f} s, connector and LLM "
        f"{scoring:.2f} s; load {os.getloadavg()[0]:.1f}"
    )
    assert np.isfinite(scores).all()

    if idle:
        assert rate >= BAR_CLIPS


def held(clip: Clip) -> Clip:
    """Return a clip whose waveform is in memory."""
    waveform = clip.load()
    return Clip(clip.key, clip.seed, clip.seconds, lambda: waveform)
