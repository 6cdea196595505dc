"""Engines by name: the one place that knows which there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mserbench.engine.base import Engine, Workers
from mserbench.engine.threads import Threads
from mserbench.errors import UnknownName, UsageError

LOCAL = "local"


def engine_named(text: str, workers: Workers) -> Engine:
    """Return the engine that `NAME` or `NAME:DETAIL` asks for: `local`, or `local:4` for four
    workers.

    Raises UsageError for an unknown name, or a detail that the engine does not understand.
    """
    # What follows the name is the engine's own: a number of workers, or an address.
    name, _, detail = text.partition(":")
    if name not in _ENGINES:
        raise UnknownName("engine", name, _ENGINES, "'mserbench --help'")
    return _ENGINES[name](detail, workers)


def _local(detail: str, workers: Workers) -> Engine:
    if detail and not (detail.isdecimal() and int(detail) > 0):
        raise UsageError(
            f"engine 'local:{detail}' is not understood: local, or local:N with a number of "
            f"workers from 1 was expected"
        )

    if detail:
        workers = replace(workers, number=int(detail))
    if workers.kind == "threads":
        return Threads(workers)

    # Here, as decoding a corpus needs no processes and should not wait for their modules.
    from mserbench.engine.local import Processes

    return Processes(workers)


# A further engine is a module of this room and its line here; it is imported in its function.
_ENGINES: dict[str, Callable[[str, Workers], Engine]] = {LOCAL: _local}
