"""What a stress of one model takes, beside hearing as much clean speech, in the same process.

Run by `make bench`. Wants `whisper-base` in the cache; skipped with that reason otherwise. Seconds of
processor count, as those of the clock say nothing on a machine that others use.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mserbench.data import dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.running import evaluation
from mserbench.running.spec import Spec
from mserbench.stress.alterations import ALTERATIONS
from mserbench.stress.altered import altered
from mserbench.stress.answering import nothing_kept
from mserbench.stress.stressing import stress

TASK = "emodb-sample"  # 70 real clips that ship with the package
CORES = 2
MOST = 120.0  # seconds on so many idle cores
BAR = 1.6  # of hearing as many seconds of clean speech: altering them, numbers and journal


@pytest.fixture
def target() -> Dataset:
    return dataset.load(lookup.task(TASK), None)


def bench_whisper_linear(target: Dataset, pretrained: Path, tmp_path: Path) -> None:
    """A stress of all clips within two minutes, and the encoder the larger part of it."""
    if not (pretrained / "whisper-base").is_dir():
        pytest.skip("whisper-base is not here: 'mserbench weights get whisper-base'")

    spec = Spec.of("whisper-linear", target)
    with nothing_kept():
        _ = spec.subject  # loading is no part of either
        clean = seconds_of(lambda: evaluation.run_spec(spec, target, tmp_path / "clean"))
        whole = seconds_of(lambda: stress(spec, target, tmp_path / "stress"))

    speech = sum(item.facts.seconds for item in target.items)
    heard = sum(item.facts.seconds for item in altered(target).items)
    reference = clean * heard / speech
    print(
        f"\n{heard:.0f} s of altered speech: {whole:.1f} s of processor, {whole / CORES:.0f} s on "
        f"{CORES} idle cores; as much clean speech {reference:.1f} s, ratio {whole / reference:.2f}"
    )
    assert whole / CORES < MOST
    assert whole < BAR * reference


def bench_alterations(target: Dataset) -> None:
    """Each alteration beside real time: 1,400 clips of 3 s within two minutes of one core."""
    clips = list(target.clips(range(0, len(target.items), 7)))
    waveforms = [clip.load() for clip in clips]
    speech = sum(clip.seconds for clip in clips)
    for alteration in ALTERATIONS.values():
        spent = [
            seconds_of(lambda severity=severity, made=alteration: [
                made.apply(waveform, severity, "key") for waveform in waveforms
            ])
            for severity in (1, 2, 3)
        ]  # fmt: skip
        times = ", ".join(f"{speech / seconds:,.0f}" for seconds in spent)
        print(f"{alteration.name}: {times} times real time")
        assert max(spent) / speech * 3 * 1_400 < MOST


def seconds_of(work: object) -> float:
    """Return the seconds of processor that a call takes in this process."""
    assert callable(work)
    began = time.process_time()
    work()
    return time.process_time() - began
