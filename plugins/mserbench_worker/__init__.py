"""The model `worker`: any program in any environment, asked by JSON lines."""

from __future__ import annotations

from collections.abc import Iterable

from mserbench.plugins.hookspecs import ModelEntry, hookimpl

MSERBENCH_API = 1


@hookimpl
def register_models() -> Iterable[ModelEntry]:
    """Return the one model."""
    return [
        ModelEntry(
            "worker",
            "mserbench_worker.model:Worker",
            "Any program in an environment of its own, asked by JSON lines",
            address="FILE.py or COMMAND",
        )
    ]
