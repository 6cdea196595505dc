"""What decides the last digits and the speed of a run: arithmetic, processor, GPU, memory."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import time

from mserbench.model import Model
from mserbench.results.record import MachinePart

_LEVELS = (
    ("avx512", ("AVX512F", "AVX512BW", "AVX512VL")),
    ("avx2", ("AVX2", "FMA3")),
    ("sve", ("SVE",)),
    ("neon", ("ASIMD", "NEON")),
)
"""Levels of instructions by what numpy calls their features, the widest first."""

PRECISIONS = {"torch": "float32", "numpy": "float64"}
"""What a model of each library computes in that says nothing of it."""

_SIDE = 512  # rows of the matrices of the reference product: a few milliseconds on one core
_TIMES = 5


def machine_part(model: Model, audio_seconds: float, is_here: bool = True) -> MachinePart:
    """Describe the machine after a run of a model on clips of so many seconds.

    Of a model that is not here but in another process, neither time nor memory is told: they are
    those of who computes.
    """
    on_gpu = device_of(model).startswith("cuda")
    memory = peak_memory() if is_here else None
    library = library_of(model)
    precision = model.precision or PRECISIONS[library]
    return MachinePart(
        arithmetic=f"{library}-{precision}",
        instructions=instructions(),
        gpu=gpu_architecture() if on_gpu else "",
        audio_seconds=round(audio_seconds, 3),
        product_seconds=float(f"{product_seconds():.4g}") if is_here else None,
        memory_mb=None if memory is None else round(memory, 1),
    )


def device_of(model: Model) -> str:
    """Return the device that a model runs on, where it left the choice open: the first GPU, if
    there is one, as such models choose.
    """
    if model.device != "auto":
        return model.device

    from mserbench.engine import gpus

    return "cuda" if "cuda" in model.devices and gpus.count() else "cpu"


def library_of(model: Model) -> str:
    """Return `torch` for a model that may run on a GPU, as no other library here does, else
    `numpy`.
    """
    return "torch" if set(model.devices) - {"cpu"} else "numpy"


def instructions() -> str:
    """Return the widest level of vector instructions of this processor: `avx512`, `avx2`, `sve`,
    `neon`, or `basic`.

    Kernels are chosen by it, and add up in another order on each.
    """
    import numpy as np

    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    features = {*simd.get("baseline", ()), *simd.get("found", ())}
    # Newer releases name whole levels of x86 instead of single features.
    features |= {"AVX2", "FMA3"} if {"X86_V3", "X86_V4"} & features else set()
    features |= {"AVX512F", "AVX512BW", "AVX512VL"} if "X86_V4" in features else set()
    features |= {"AVX512F", "AVX512BW", "AVX512VL"} if "AVX512_SKX" in features else set()
    return next((level for level, needs in _LEVELS if _has(features, level, needs)), "basic")


def _has(features: set[str], level: str, needs: tuple[str, ...]) -> bool:
    # One of the two names is enough on Arm; on x86 a level is all of its features.
    held = [name in features for name in needs]
    return any(held) if level in ("sve", "neon") else all(held)


@functools.cache
def gpu_architecture() -> str:
    """Return the architecture of the first GPU, as `sm90`, or `unknown`: the driver's program is
    asked, as the core never loads torch.
    """
    program = shutil.which("nvidia-smi")
    if program is None:
        return "unknown"

    question = [program, "--query-gpu=compute_cap", "--format=csv,noheader"]
    answer = subprocess.run(question, capture_output=True, text=True, check=False)
    lines = answer.stdout.split()
    return f"sm{lines[0].replace('.', '')}" if answer.returncode == 0 and lines else "unknown"


def product_seconds() -> float:
    """Return the seconds of a product of two float32 matrices of 512 x 512, the best of five.

    Speeds of two machines compare as ratios to it, far better than as seconds.
    """
    import numpy as np

    left = np.linspace(-1.0, 1.0, _SIDE * _SIDE, dtype=np.float32).reshape(_SIDE, _SIDE)
    best = float("inf")
    for _ in range(_TIMES):
        start = time.perf_counter()
        left @ left
        best = min(best, time.perf_counter() - start)

    return best


def peak_memory() -> float | None:
    """Return the most memory that this process has held so far, in MB of 10^6 bytes; None where the
    system does not tell.
    """
    try:
        import resource
    except ImportError:  # Windows
        return None

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux tells kilobytes of 1024, macOS bytes.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
