"""Commands of mserbench that several tests and benchmarks give."""

from __future__ import annotations

from pathlib import Path


def run_prior(task: str, data: Path, out: Path) -> list[str]:
    """Return the arguments that ask the model `prior` for a task: all but its start costs
    nothing.
    """
    return [*["run", "--model", "prior", "--task"], task, "--data", str(data), "--out", str(out)]
