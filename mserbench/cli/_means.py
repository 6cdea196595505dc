"""Who does the work of an experiment, as `mserbench experiment` is told: workers and devices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mserbench.cli import _common
from mserbench.errors import UsageError
from mserbench.experiments.conduct import Means


def chosen(
    engine: str,
    data: Path | None,
    device: str,
    jobs: int | None,
    threads: int,
    allow_partial: bool,
    processes: int,
) -> Means:
    """Return who is to do the work. Raises UsageError for what an engine cannot do."""
    if jobs is not None and engine.startswith("local:"):
        raise UsageError(f"--engine {engine} and --jobs {jobs} both say a number: leave one away")
    if engine.partition(":")[0] == "local":
        devices = devices_of(device, processes)
        number = jobs or _jobs(devices)
        return Means(data, devices, number, threads, allow_partial, processes, engine)

    if processes > 1:
        raise UsageError(
            f"--processes {processes} are of one machine, but --engine {engine} has several: leave "
            "--processes away"
        )
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(
            f"--device is {device!r}, but with --engine {engine} auto, cpu or cuda was expected: "
            "the cluster chooses which GPU"
        )

    return Means(data, (device,), jobs or 0, threads, allow_partial, engine=engine)


def devices_of(text: str, processes: int) -> tuple[str, ...]:
    """Return the devices of the workers; `cuda` for several processes means the GPU of each one's
    number.
    """
    if text == "auto":
        from mserbench.engine.gpus import count

        gpus = count()
        together = processes > 1 and gpus
        devices = (
            ("cuda",) if together else tuple(f"cuda:{number}" for number in range(gpus)) or ("cpu",)
        )
    else:
        devices = tuple(_common.names(text, "device"))

    for device in devices:
        if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
            raise UsageError(f"--device has {device!r}, but auto, cpu, cuda or cuda:N was expected")

    if processes > 1 and devices not in (("cpu",), ("cuda",)):
        raise UsageError(
            f"--device is {text!r}, but with --processes {processes} each process takes the GPU of "
            "its number: give --device cuda, and choose GPUs by CUDA_VISIBLE_DEVICES"
        )
    # Each process of a training takes the GPU of its own number.
    if processes > 1 and devices == ("cuda",):
        return tuple(f"cuda:{number}" for number in range(processes))

    return devices


def _jobs(devices: Sequence[str]) -> int:
    from mserbench.engine.cores import available_cores

    return (
        len(devices)
        if any(device.startswith("cuda") for device in devices)
        else min(4, available_cores())
    )
