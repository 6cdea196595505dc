"""What it takes to show a finished run again, as a whole process, beside `mserbench --help`."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROUNDS = 5
LEAST = 1.0  # seconds of processor beyond start-up that a finished run may take
TASK = "emodb-sample"  # 70 real clips that ship with the package


def processor_seconds(*arguments: str) -> float:
    """Run the program; return the seconds of processor that it took, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "mserbench", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    # Of all children that have ended, so the difference is this one's.
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("model", ["logmel", "whisper-linear", "mser-llm"])
def bench_show_a_finished_run(model: str, tmp_path: Path, pretrained: Path) -> None:
    """Under a second of processor beyond start-up, whatever the model is made of."""
    arguments = ("run", "--model", model, "--task", TASK, "--out", str(tmp_path))
    first = processor_seconds(*arguments)
    finished = min(processor_seconds(*arguments) for _ in range(ROUNDS))
    start = min(processor_seconds("--help") for _ in range(ROUNDS))
    print(
        f"\n{model}: first {first:.2f} s, again {finished:.2f} s, start-up {start:.2f} s of "
        "processor"
    )
    assert finished - start < LEAST
