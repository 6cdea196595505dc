"""`hf` beside `transformers.pipeline`, on the same clips and checkpoint, in turn."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_checkpoints import save
from numpy.typing import NDArray

from mserbench.data import dataset, lookup

Wave = NDArray[np.float32]
Way = Callable[[Wave], object]

ROUNDS = 3
CLIPS = int(os.environ.get("BENCH_CLIPS", "12"))
SECONDS = (2.0, 4.0)  # of a clip
BAR = 1.05  # of the pipeline's seconds: a busy machine varies by this much

# Large enough that arithmetic counts, and not the calls around it.
SMALL: Mapping[str, Any] = {
    "hidden_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "conv_dim": (128,) * 7,
}
# As the published ones of that size are, with random weights.
WAV2VEC2_BASE: Mapping[str, Any] = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "conv_dim": (512,) * 7,
    "num_conv_pos_embeddings": 128,
    "num_conv_pos_embedding_groups": 16,
    "classifier_proj_size": 256,
}
WHISPER_BASE: Mapping[str, Any] = {
    "d_model": 512,
    "encoder_layers": 6,
    "encoder_attention_heads": 8,
    "encoder_ffn_dim": 2048,
    "classifier_proj_size": 256,
}


@dataclass(frozen=True)
class Taken:
    """What one way took: seconds of the clock, and of processor."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.processor:.2f} of processor)"


def timed(function: Callable[[], object]) -> Taken:
    began, worked = time.perf_counter(), time.process_time()
    function()
    return Taken(time.perf_counter() - began, time.process_time() - worked)


def least(rounds: Sequence[Taken]) -> Taken:
    """Return the least of each, after the first round, which is slower."""
    wall = min(taken.wall for taken in rounds[1:])
    return Taken(wall, min(taken.processor for taken in rounds[1:]))


def clip_by_clip(ways: Sequence[Way], waveforms: Sequence[Wave]) -> list[Taken]:
    """Return what each way takes for all clips: the sum over clips of the least of all rounds.

    They take turns at each clip, so that what else runs on the machine hinders both alike.
    """
    totals = [Taken(0.0, 0.0) for _ in ways]
    for wave in waveforms:
        rounds: list[list[Taken]] = [[] for _ in ways]
        for _ in range(ROUNDS + 1):
            for own, way in zip(rounds, ways, strict=True):
                own.append(timed(partial(way, wave)))

        best = [least(own) for own in rounds]
        totals = [
            Taken(total.wall + more.wall, total.processor + more.processor)
            for total, more in zip(totals, best, strict=True)
        ]

    return totals


def spoken() -> list[Wave]:
    """Return real clips, float32 at 16 kHz, none shorter or longer than `SECONDS`."""
    target = dataset.load(lookup.task("emodb-sample"), None)
    shortest, longest = (round(16_000 * seconds) for seconds in SECONDS)
    waveforms = [clip.waveform for clip in target.clips(range(len(target.items)))]
    return [wave for wave in waveforms if shortest <= len(wave) <= longest][:CLIPS]


@pytest.mark.parametrize(
    ("name", "family", "size"),
    [
        ("small, group norm", "wav2vec2-group", SMALL),
        ("small, layer norm", "wav2vec2-layer", SMALL),
        ("wav2vec2-base", "wav2vec2-group", WAV2VEC2_BASE),
        ("whisper-base", "whisper", WHISPER_BASE),
    ],
)
def bench_hf_is_as_fast_as_the_pipeline(
    tmp_path: Path, name: str, family: str, size: Mapping[str, Any]
) -> None:
    import torch
    import transformers

    from mserbench_hf.checkpoint import opened
    from mserbench_hf.hearing import Hearing

    folder = save(family, tmp_path / family, **size)
    waveforms = spoken()
    ask: Any = transformers.pipeline("audio-classification", model=str(folder), device="cpu")
    hearing = Hearing.of(opened(str(folder)), 30.0, "float32", "cpu")
    millions = sum(weight.numel() for weight in hearing.network.parameters()) / 1e6

    own, other = clip_by_clip(
        [
            lambda wave: hearing.probabilities([wave]),
            lambda wave: ask(np.array(wave), top_k=None),
        ],
        waveforms,
    )
    print(
        f"\n{name}, {millions:.1f} M, {len(waveforms)} clips, {torch.get_num_threads()} thread(s), "
        f"least of {ROUNDS}: hf {own}; pipeline {other}"
    )
    # Processor, as a busy machine's clock tells of the others on it.
    assert own.processor <= BAR * other.processor


def bench_batches_of_unlike_lengths_take_longer_than_clips_alone(tmp_path: Path) -> None:
    """What clips going one by one on a CPU rests on."""
    from mserbench_hf.checkpoint import opened
    from mserbench_hf.hearing import Hearing

    folder = save("wav2vec2-layer", tmp_path / "small", **SMALL)
    waveforms = spoken()
    alone = Hearing.of(opened(str(folder)), 30.0, "float32", "cpu")
    together = dataclasses.replace(alone, most=8)
    rounds = [
        [timed(partial(hearing.probabilities, waveforms)) for hearing in (alone, together)]
        for _ in range(ROUNDS + 1)
    ]
    one_by_one, in_batches = (least(list(taken)) for taken in zip(*rounds, strict=True))
    print(f"\n{len(waveforms)} clips alone: {one_by_one}; in batches of 8: {in_batches}")
    assert one_by_one.processor < in_batches.processor
