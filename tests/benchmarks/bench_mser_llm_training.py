"""Training mser-llm: steps of stage 1 of `mini` on cached frames, against transformers' loss.

    make bench BENCH=tests/benchmarks/bench_mser_llm_training.py

Wants `mserbench weights get smollm2-135m-instruct`; without it an LLM of random weights and the
same shape takes its place. Frames are numbers of the shape of whisper-base, so no speech is needed.
Torch has two threads.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")
pytest.importorskip("accelerate", reason="the extra train is not installed")
pytest.importorskip("whisper", reason="the extra train is not installed")

from made_llm import language_model  # noqa: E402

from mserbench.contracts import SAMPLE_RATE, Clip  # noqa: E402
from mserbench.labels import CANONICAL  # noqa: E402
from mserbench.model import TrainingItem  # noqa: E402
from mserbench_mser_llm import assembly, parts  # noqa: E402
from mserbench_mser_llm.language_model import FrozenLanguageModel  # noqa: E402
from mserbench_mser_llm.network import Network  # noqa: E402
from mserbench_mser_llm.objective import Objective  # noqa: E402
from mserbench_mser_llm.presets import PRESETS  # noqa: E402
from mserbench_mser_llm.scoring import Question  # noqa: E402
from mserbench_mser_llm.teaching import Decoding, Teacher  # noqa: E402
from mserbench_training.frames.frame_reader import HOLD  # noqa: E402
from mserbench_training.learning.machine import Machine  # noqa: E402
from mserbench_training.learning.sampler import sampler_of  # noqa: E402
from mserbench_training.learning.sets import Codes  # noqa: E402

MINI = PRESETS["mini"]
CLIPS, STEPS, FEW = 252, 3, 16
IGNORED = -100  # a target of transformers that does not count
BAR_CLIPS = 15.0


class Numbers:
    """An encoder of the shape of whisper-base that costs nothing."""

    name, version, dim, layers, frame_seconds = "numbers", "1", 512, 7, 0.02

    def frames(
        self, waveforms: Sequence[NDArray[np.float32]], layers: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """Return (n_layers, n_frames, 512) a clip."""
        sizes = [-(-len(waveform) // 320) for waveform in waveforms]
        return [
            np.random.default_rng(n).normal(size=(len(layers), n, 512)).astype(np.float32)
            for n in sizes
        ]


class Training(NamedTuple):
    """What steps need: the network and its first weights, an objective of any teachers, batches."""

    network: Network
    start: dict[str, torch.Tensor]
    objective: Callable[[Sequence[tuple[float, Teacher]]], Objective]  # of teachers
    question: Question
    batches: list[list[int]]


def item(number: int, seconds: float) -> TrainingItem:
    waveform = (
        np.random.default_rng(number)
        .normal(0, 0.1, round(seconds * SAMPLE_RATE))
        .astype(np.float32)
        .clip(-1, 1)
    )
    clip = Clip(f"clip-{number}", f"{number}", seconds, lambda: waveform)
    return TrainingItem(
        clip,
        CANONICAL[number % 7],
        f"s{number % 8}",
        ("de", "it", "el")[number // 7 % 3],
        "made-up",
    )


@pytest.fixture
def training(
    pretrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Training]:
    llm = language_model()
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(parts, "open_encoder", lambda *_: Numbers())
    monkeypatch.setattr(parts, "open_language_model", lambda *_: (llm, "1"))
    ready = assembly.open_parts(MINI, hold=HOLD)  # As a training does.

    # Lengths as RAVDESS has them.
    seconds = np.random.default_rng(0).normal(3.7, 0.34, CLIPS).clip(2.9, 5.3)
    items = [item(number, float(duration)) for number, duration in enumerate(seconds)]
    ready.feeder.fill_for_training(items, [])
    torch.manual_seed(0)
    network = assembly.network_of(ready, MINI)
    codes = Codes.of(items)
    question = Question.of(llm, MINI.prompt, codes.labels)
    objective = partial(Objective, items, [], codes, ready.feeder, question, MINI)
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield Training(
        network,
        start,
        objective,
        question,
        sampler_of(MINI, codes.encode(items)).batches(0)[:STEPS],
    )
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Plain:
    """The loss of transformers: logits of every position, of which most count for nothing."""

    llm: FrozenLanguageModel
    question: Question
    name: str = "decoding"

    def __call__(
        self, audio: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a loss for each clip, and over how many tokens it is."""
        # transformers gives the mean of the batch: each clip has that, so only their mean is right.
        llm = self.llm
        answers = [[*self.question.answers[code], llm.end] for code in labels.tolist()]
        behind = torch.stack([llm.embed(answer) for answer in answers])
        inputs = torch.cat([llm.question(audio, self.question.prompt_tokens), behind], dim=1)
        targets = torch.full(inputs.shape[:2], IGNORED)
        targets[:, -len(answers[0]) :] = torch.tensor(answers)
        loss = llm.module(inputs_embeds=inputs, labels=targets, use_cache=False).loss
        counts = torch.full((len(answers),), len(answers[0]))

        return loss * counts, counts


def steps(training: Training, teacher: Teacher, few: int | None) -> tuple[float, list[float]]:
    """Take a step a batch, or of its first `few` clips; return clips a second, and the losses."""
    training.network.load_state_dict(training.start)
    objective = training.objective([(1.0, teacher)])
    machine = Machine("cpu")
    prepared = machine.prepare(
        training.network, torch.optim.AdamW(training.network.parameters(), lr=1e-6)
    )
    prepared.train()
    losses, times, clips = [], [], 0

    for number, indices in enumerate(batch[:few] for batch in training.batches):
        start = time.perf_counter()
        batch = objective.batch(indices, 0)
        torch.manual_seed(number)
        step = machine.backward(prepared, lambda b=batch: objective.losses(prepared, b, 0.0))
        machine.update(prepared, MINI.clip)
        losses.append(float(step["total"].detach()))

        if number:  # The first step is slower.
            times.append(time.perf_counter() - start)
            clips += len(indices)

    return clips / sum(times), losses


def bench_stage_1_on_cached_frames(training: Training) -> None:
    """Whole steps of the training's slow part, which asks the LLM; frames are cached."""
    load = os.getloadavg()[0]
    llm, question = training.network.llm, training.question
    rate, _ = steps(
        training, Decoding(llm, question.prompt_tokens, question.answers, MINI.decoded), None
    )
    ours, losses = steps(training, Decoding(llm, question.prompt_tokens, question.answers), FEW)
    plain, expected = steps(training, Plain(llm, question), FEW)
    print(
        f"\nstage 1 of mini, batches of {len(training.batches[0])}, {MINI.decoded} of them "
        f"answered: {rate:.1f} clips a second on two cores; batches of {FEW}, all answered: "
        f"{ours:.1f}, with the loss of transformers {plain:.1f}; load {load:.1f} before"
    )
    assert losses == pytest.approx(expected, rel=1e-4), "both are the same training"

    if load < 1:
        assert rate >= BAR_CLIPS
