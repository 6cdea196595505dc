"""Checkpointing: memory and time of a step with and without, each in a process of its own.

    make bench BENCH=tests/benchmarks/bench_checkpointing.py

Three steps, of random weights but for the LLM: the LLM of the preset `mini` before 4 clips of 64
queries; a Q-Former of BERT's size with 256 queries on 4 clips of 10 s; a wav2vec 2.0 base with
parts inside on 4 clips of 3 s. Each process prints what it held at most during the step beyond what
it held before, and the seconds of the step; one thread. Linux.
"""

from __future__ import annotations

import ctypes
import gc
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra train is not installed")
transformers = pytest.importorskip("transformers", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")
pytest.importorskip("whisper", reason="the extra train is not installed")

CLIPS = 4


def llm_before_clips(recompute: bool) -> Callable[[], torch.Tensor]:
    # As a process of its own it has no path to the tests.
    sys.path.append(str(Path(__file__).parents[1]))
    from made_llm import language_model

    from mserbench_mser_llm.scoring import Question

    llm = language_model()
    if recompute:
        llm.recompute()

    question = Question.of(llm, "The speaker feels", ("sad", "happy"))
    audio = (torch.randn(CLIPS, 64, llm.dim) / llm.dim**0.5).requires_grad_(True)
    answers = [*question.answers] * (CLIPS // 2)

    return lambda: llm.answer_losses(audio, question.prompt_tokens, answers)[0].sum()


def qformer_on_frames(recompute: bool) -> Callable[[], torch.Tensor]:
    from mserbench_mser_llm.connector import Connector, Shape
    from mserbench_training.resources.recomputing import recompute_blocks

    connector = Connector(Shape(1, 1280, 4096, n_queries=256), 1.0).train()
    if recompute:
        recompute_blocks(connector.qformer)

    frames, mask = torch.randn(CLIPS, 1, 500, 1280), torch.ones(CLIPS, 500, dtype=torch.bool)
    return lambda: connector(frames, mask)[1].square().sum()


def parts_inside_an_encoder(recompute: bool) -> Callable[[], torch.Tensor]:
    from mserbench_supcon_w2v2 import inside
    from mserbench_supcon_w2v2.backbones import WaveBackbone
    from mserbench_training.encoders.wav2vec import Wav2VecModel
    from mserbench_training.resources.recomputing import recompute_blocks

    config = transformers.Wav2Vec2Config(apply_spec_augment=False, layerdrop=0.0)
    model = Wav2VecModel(transformers.Wav2Vec2Model(config).eval(), normalise=False)
    inside.adapt(model)
    if recompute:
        recompute_blocks(model.module)

    backbone = WaveBackbone(model, (model.layers - 1,)).train()
    waves = [torch.randn(48_000) for _ in range(CLIPS)]
    return lambda: backbone(waves).square().sum()


STEPS = {
    step.__name__: step for step in (llm_before_clips, qformer_on_frames, parts_inside_an_encoder)
}


def held(kind: str) -> float:
    """Return memory of this process in MB.

    `VmRSS` is what it holds, `VmHWM` the most that it held since that was forgotten.
    """
    line = re.search(rf"{kind}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert line, "only Linux tells"
    return int(line[1]) / 1000


def measure(name: str, recompute: bool) -> None:
    """Take one step and print MB and seconds."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    loss = STEPS[name](recompute)

    # What loading took and gave back is given back to the system too: the step would else take it
    # again unseen. Then the most that was held so far is forgotten, which was while loading.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, start = held("VmRSS"), time.perf_counter()
    torch.autograd.backward(loss())
    print(held("VmHWM") - before, time.perf_counter() - start)


@pytest.mark.parametrize("name", STEPS)
def bench_a_step_with_blocks_computed_again(name: str) -> None:
    """Far less memory for about a third more arithmetic: twice forth and once back."""
    measured = []
    for recompute in ("", "again"):
        done = subprocess.run(
            [sys.executable, __file__, name, recompute],
            capture_output=True,
            text=True,
            check=True,
            timeout=1800,
        )
        measured.append([float(number) for number in done.stdout.split()])

    (plain, slow), (recomputed, slower) = measured
    print(
        f"\n{name}: {plain:,.0f} MB and {slow:.1f} s a step; checkpointed {recomputed:,.0f} MB and "
        f"{slower:.1f} s"
    )
    assert recomputed < 0.7 * plain


if __name__ == "__main__":
    measure(sys.argv[1], bool(sys.argv[2]))
