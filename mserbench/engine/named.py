"""Engines by name: the one place that knows which there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mserbench.engine import gpus
from mserbench.engine.base import Engine, Workers
from mserbench.engine.cores import available_cores
from mserbench.engine.threads import Threads
from mserbench.errors import UnknownName, UsageError

LOCAL, RAY = "local", "ray"


def engine_named(text: str, workers: Workers) -> Engine:
    """Return the engine that `NAME` or `NAME:DETAIL` asks for: `local`, or `local:4` for four
    workers; `ray`, or `ray:HOST:PORT` for the cluster with that head.

    Nothing is started before it is asked. Raises UsageError for an unknown name, or a detail that
    the engine does not understand.
    """
    # What follows the name is the engine's own: a number of workers, or an address.
    name, _, detail = text.partition(":")
    if name not in _ENGINES:
        raise UnknownName("engine", name, _ENGINES, "'mserbench --help'")
    return _ENGINES[name](detail, workers)


def engine_asked(name: str, number: int | None, workers: Workers) -> Engine:
    """Return the engine that the options --engine and --workers ask for, as `engine_named` does.

    Raises UsageError also where both say a number of workers.
    """
    if number is not None and name.startswith(f"{LOCAL}:"):
        raise UsageError(
            f"--engine {name} and --workers {number} both say a number: leave one away"
        )
    return engine_named(name, workers if number is None else replace(workers, number=number))


def _local(detail: str, workers: Workers) -> Engine:
    if detail and not (detail.isdecimal() and int(detail) > 0):
        raise UsageError(
            f"engine 'local:{detail}' is not understood: local, or local:N with a number of "
            f"workers from 1 was expected"
        )

    workers = _of_this_machine(replace(workers, number=int(detail)) if detail else workers)
    if workers.kind == "threads":
        return Threads(workers)

    # Here, as decoding a corpus needs no processes and should not wait for their modules.
    from mserbench.engine.local import Processes

    return Processes(workers)


def _of_this_machine(workers: Workers) -> Workers:
    """Return the same with what is left open filled in: its GPUs or the CPU, and how many work."""
    devices = workers.devices
    if devices == ("auto",):
        devices = tuple(f"cuda:{number}" for number in range(gpus.count())) or ("cpu",)

    has_gpus = any(device.startswith("cuda") for device in devices)
    room = len(devices) if has_gpus else max(1, available_cores() // workers.threads)
    return replace(workers, devices=devices, number=workers.number or room)


def _ray(detail: str, workers: Workers) -> Engine:
    from mserbench.engine.ray import Cluster

    return Cluster(detail, workers)


# A further engine is a module of this room and its line here; it is imported in its function.
_ENGINES: dict[str, Callable[[str, Workers], Engine]] = {LOCAL: _local, RAY: _ray}
