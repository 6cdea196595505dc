"""What is kept of a machine beside stored times: what decides them, and nothing that names it."""

from __future__ import annotations

from typing import Any


def pytest_benchmark_update_machine_info(config: object, machine_info: dict[str, Any]) -> None:
    """Leave out the names of the machine and of its kernel, and the clock of its processor at this very moment."""
    for name in ("node", "release"):
        machine_info.pop(name, None)

    for name in ("hz_actual", "hz_actual_friendly", "flags"):
        machine_info.get("cpu", {}).pop(name, None)


def pytest_benchmark_update_commit_info(config: object, commit_info: dict[str, Any]) -> None:
    """Keep which commit was timed, and no branch or folder of whoever timed it."""
    for name in set(commit_info) - {"id", "dirty"}:
        del commit_info[name]
