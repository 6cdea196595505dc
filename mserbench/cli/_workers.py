"""The workers that `mserbench run` is told to ask, if it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.errors import UsageError

if TYPE_CHECKING:
    from mserbench.engine.base import Engine

LOG = "workers.log"  # below --out: what workers print


@contextmanager
def spread(
    name: str, count: int | None, models: Sequence[str], device: str, isolated: bool, out: Path
) -> Iterator[Engine | None]:
    """Give the engine whose workers are to be asked, once it is in reach; None for this process
    alone, as without options.

    Raises UsageError for options that contradict one another, MserbenchError where the engine is
    out of reach.
    """
    from mserbench.engine.base import Workers
    from mserbench.engine.named import engine_asked

    if name == "local" and count is None:
        yield None
        return
    if isolated:
        raise UsageError(
            "--isolated keeps a model from the data, but workers of an engine read them: leave "
            "--isolated away, or --engine and --workers"
        )

    # The last digits of numbers depend on the threads, so they do not follow from the machine.
    threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
    workers = Workers(0, devices=_devices(models, device), threads=threads, log=out / LOG)
    with engine_asked(name, count, workers) as engine:
        # Before corpora are looked at, which takes minutes.
        engine.require([])
        yield engine


def _devices(models: Sequence[str], device: str) -> tuple[str, ...]:
    """Return what workers get: a GPU where one of the models can use it."""
    from mserbench.running.lookup import described_class

    if device != "auto":
        return (device,)

    can_use = any(len(described_class(name).devices) > 1 for name in models)
    return ("auto",) if can_use else ("cpu",)
