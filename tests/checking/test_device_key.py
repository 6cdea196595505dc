"""Device keys: what decides the last digits is in them, and nothing else."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mserbench import evaluate
from mserbench.checking.device_key import device_key, device_key_here
from mserbench.results import machine
from mserbench.results.record import MachinePart, RunRecord
from mserbench.results.runs import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return evaluate("random", "emodb-sample", out=tmp_path_factory.mktemp("runs"))


def on(record: RunRecord, **changed: Any) -> RunRecord:
    """Return a record of another machine; `torch` and `numpy` are versions."""
    versions = {name: changed.pop(name) for name in ("torch", "numpy") if name in changed}
    part = MachinePart(**{"arithmetic": "torch-float32", "instructions": "avx2", **changed})
    return dataclasses.replace(record, machine=part, environment=versions)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"torch": "2.15.0+cpu"}, "cpu-avx2-torch2.15-float32"),
        ({"torch": "2.15.3+cu130"}, "cpu-avx2-torch2.15-float32"),
        ({"torch": "2.14.1", "instructions": "avx512"}, "cpu-avx512-torch2.14-float32"),
        (
            {"torch": "2.15.0", "gpu": "sm90", "arithmetic": "torch-bfloat16"},
            "cuda-sm90-torch2.15-bfloat16",
        ),
        ({"numpy": "2.4.6", "arithmetic": "numpy-float64"}, "cpu-avx2-numpy2-float64"),
        ({"numpy": "1.26.4", "arithmetic": "numpy-float64"}, "cpu-avx2-numpy1-float64"),
    ],
)
def test_key_holds_processor_library_and_precision(
    run: Run, changed: dict[str, Any], key: str
) -> None:
    assert device_key(on(run.record, **changed)) == key


def test_key_of_a_run_is_that_of_its_machine(run: Run) -> None:
    assert device_key(run.record) == device_key_here("cpu", "float64")


def test_speed_and_memory_change_no_key(run: Run) -> None:
    slow = on(run.record, torch="2.15", product_seconds=9.0, memory_mb=1e5, audio_seconds=1.0)

    assert device_key(slow) == device_key(on(run.record, torch="2.15"))


def test_machine_is_no_part_of_the_key_of_a_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "instructions", lambda: "neon")
    elsewhere = evaluate("random", "emodb-sample", out=tmp_path)

    assert elsewhere.record.machine is not None
    assert elsewhere.record.machine.instructions == "neon"
    assert elsewhere.record.key == run.record.key


def test_record_tells_what_seconds_are_compared_by(run: Run) -> None:
    part = run.record.machine

    assert part is not None
    assert part.audio_seconds == pytest.approx(143.571)
    assert part.product_seconds is not None
    assert 1e-5 < part.product_seconds < 1
    assert part.memory_mb is None or 20 < part.memory_mb < 50_000


@pytest.mark.parametrize(
    ("found", "level"),
    [
        ({"baseline": ["SSE2"], "found": ["AVX2", "FMA3", "AVX512F", "AVX512_SKX"]}, "avx512"),
        ({"baseline": ["SSE2"], "found": ["AVX2", "FMA3", "AVX512F"]}, "avx2"),
        ({"baseline": ["X86_V2"], "found": ["X86_V3", "X86_V4"]}, "avx512"),
        ({"baseline": ["X86_V2"], "found": ["X86_V3"]}, "avx2"),
        ({"baseline": ["NEON", "ASIMD"], "found": ["ASIMDHP"]}, "neon"),
        ({"baseline": ["SSE2"]}, "basic"),
    ],
)
def test_level_of_instructions_is_read_under_old_and_new_names(
    found: dict[str, list[str]], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.setattr(np, "show_config", lambda mode: {"SIMD Extensions": found})

    assert machine.instructions() == level


def test_kernels_held_to_a_level_are_told_as_it() -> None:
    """Else a run with other kernels would be compared as one of this processor."""
    from mserbench.checking.envelope import Circumstance, settings

    if machine.instructions() not in ("avx2", "avx512"):
        pytest.skip("no x86 processor with AVX2")

    asked = "from mserbench.results import machine; print(machine.instructions())"
    for level in ("avx2", "basic"):
        import os

        environ = {**os.environ, **settings(Circumstance(1, 1, level))}
        words = [sys.executable, "-c", asked]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == level
