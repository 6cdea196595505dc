"""The key of a device: runs that share it agree, but for ties that last digits decide."""

from __future__ import annotations

import re

from mserbench.errors import DataError
from mserbench.results import machine
from mserbench.results.record import RunRecord

_PARTS_OF_RELEASE = {"torch": 2, "numpy": 1}
"""How much of a library's version is in the key, in numbers between dots.

Each minor release of torch brings other kernels, and a float32 score moves in its fifth digit. What
is computed by numpy in float64 and written with six digits has not moved within a major version.
"""


def device_key(record: RunRecord) -> str:
    """Return the key of the device that a run was made on, as `cpu-avx512-torch2.15-float32` or
    `cuda-sm90-torch2.15-bfloat16`; of a model without torch `cpu-avx512-numpy2-float64`.

    It holds what decides the last digits: the kind of processor with its widest instructions, or
    the architecture of the GPU, since kernels add up in the order that these ask for; the library
    whose kernels they are; and the precision. Not the number of threads, the size of batches or the
    name of the processor: what these may change is in the envelope of a baseline.

    Raises DataError for a record that does not tell: of a version from before it was recorded, or
    of predictions that somebody sent.
    """
    part = record.machine
    if part is None:
        raise DataError(
            f"the run of {record.model.name!r} on {record.task.name!r} does not say what machine "
            "it was made on, as runs of earlier versions and submitted predictions: run it again "
            "with --fresh, or give --device-key KEY"
        )

    on_gpu = bool(part.gpu)
    library, _, precision = part.arithmetic.partition("-")
    release = (record.environment or {}).get(library, "")
    return _key("cuda" if on_gpu else "cpu", part.gpu or part.instructions, library, release,
                precision)  # fmt: skip


def device_key_here(device: str, dtype: str) -> str:
    """Return the key of runs that this machine makes.

    Args:
        device: `cpu` or `cuda`, with or without a number.
        dtype: library and precision, as `torch-float32`, or the precision alone: `float64` is then
            numpy's, any other torch's.
    """
    from mserbench.results import recording

    library, _, precision = dtype.rpartition("-")
    library = library or ("numpy" if precision == "float64" else "torch")
    on_gpu = device.startswith("cuda")
    kernels = machine.gpu_architecture() if on_gpu else machine.instructions()

    release = recording.environment().get(library, "")
    return _key("cuda" if on_gpu else "cpu", kernels, library, release, precision)


def _key(kind: str, kernels: str, library: str, release: str, precision: str) -> str:
    numbers = re.findall(r"\d+", release.partition("+")[0])[: _PARTS_OF_RELEASE.get(library, 2)]
    return f"{kind}-{kernels}-{library}{'.'.join(numbers)}-{precision}"
