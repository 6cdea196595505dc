"""Envelopes: a run is repeated under other circumstances, and how far it moves is what is noise."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mserbench.checking import afresh
from mserbench.checking.again import Means, arguments
from mserbench.checking.baselines import Envelope, ReferenceRun
from mserbench.checking.comparing import compare
from mserbench.engine.base import thread_variables
from mserbench.errors import UsageError
from mserbench.results import machine
from mserbench.results.runs import Run

LEAST = 10  # reference runs of an envelope
LABELS = 2.0  # two labels may move apart, each by the drift
SPARE = 1.5  # what comes next is the largest of all with probability 1 / (runs + 1)
FLOOR = 2e-5
"""The least epsilon: six digits of two scores leave 1e-5 of their logarithms open, each 5e-6."""

_EACH_ALONE = 1e-3  # seconds of a batch that no second clip fits into


@dataclass(frozen=True)
class Circumstance:
    """What may differ between two machines of a kind, or two people's settings.

    `batch`: clips of mean length that a batch holds; 1 is one clip and no more. `processor`: the
    level of instructions that kernels are held to; empty is their own choice.
    """

    threads: int
    batch: int
    processor: str = ""


CIRCUMSTANCES = (
    Circumstance(1, 1), Circumstance(1, 8), Circumstance(2, 16), Circumstance(4, 8),
    Circumstance(1, 8, "avx2"), Circumstance(2, 1, "avx2"), Circumstance(4, 16, "avx2"),
    Circumstance(1, 8, "basic"), Circumstance(2, 1, "basic"), Circumstance(4, 16, "basic"),
    Circumstance(2, 8), Circumstance(4, 1), Circumstance(1, 16), Circumstance(1, 1, "avx2"),
    Circumstance(1, 1, "basic"),
)  # fmt: skip
"""The circumstances of reference runs, the first ten for ten of them: threads 1, 2, 4; batches 1,
8, 16; the processor's own instructions, AVX2, and those that every processor has.
"""

_HELD = {
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENBLAS_CORETYPE": "Haswell",
    },
    "basic": {
        "ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_CBWR": "COMPATIBLE", "OPENBLAS_CORETYPE": "Nehalem",
    },
}  # fmt: skip
"""How kernels are held to a level: torch's own, oneDNN's, MKL's, and OpenBLAS's of numpy."""

_WIDE = {"avx2": ("AVX512", "X86_V4"), "basic": ("AVX", "X86_V3", "X86_V4", "FMA", "F16C")}
"""How features begin that numpy's own loops must not use at a level."""

_NUMPY = "NPY_DISABLE_CPU_FEATURES"
LEVELS = tuple(_HELD)
"""The levels that the kernels of a processor with more can be held to."""

Say = Callable[[str], None]


def epsilon_of(drifts: Sequence[float | None]) -> float:
    """Return the margin of log-probability within which two labels count as tied.

    Where every score moves by at most d, the gap between two of them moves by at most 2 d: only a
    clip whose best two lie within 2 d of one another can flip. d is the largest drift of the
    reference runs. A later run may move a little further than all of them (of n + 1 runs alike the
    newest is the farthest with probability 1 / (n + 1)), so half as much again is added. It is
    never below `FLOOR`, which the six digits of a file of predictions leave open.

    Epsilon is taken from runs that ought to be equal, never from flips that somebody would like to
    excuse. It is small: a flip off a tie always fails.
    """
    return float(f"{max([FLOOR, *(LABELS * SPARE * drift for drift in drifts if drift)]):.3g}")


def envelopes(runs: Sequence[Run], means: Means, count: int, say: Say) -> list[Envelope]:
    """Repeat runs of one model under `count` circumstances; return the envelope of each, in order.

    All tasks are run in one process a circumstance. Raises UsageError for fewer runs than `LEAST`
    or more than there are circumstances, or weights that are not named; DataError where a run
    fails.
    """
    if not LEAST <= count <= len(CIRCUMSTANCES):
        raise UsageError(
            f"{count} reference runs were asked for, but {LEAST} to {len(CIRCUMSTANCES)} make an "
            "envelope"
        )

    references: list[list[ReferenceRun]] = [[] for _ in runs]
    for circumstance in CIRCUMSTANCES[:count]:
        say(f"{runs[0].name}: {_told(circumstance)}")
        for reference, added in zip(_repeated(runs, means, circumstance), references, strict=True):
            added.append(reference)

    return [
        Envelope(epsilon=epsilon_of([run.drift for run in own]), runs=tuple(own))
        for own in references
    ]


def _repeated(runs: Sequence[Run], means: Means, under: Circumstance) -> list[ReferenceRun]:
    with tempfile.TemporaryDirectory(prefix="mserbench-envelope-") as folder:
        out = Path(folder) / "runs"
        words = arguments(runs[0].record, means, out)
        words[words.index("--task") + 1] = ",".join(run.record.task.name for run in runs)
        words += ["--batch-seconds", f"{_batch_seconds(runs, under.batch):g}"]
        environ = afresh.environment(Path(folder) / "cache", settings(under))
        by_task = {run.record.task.name: run for run in afresh.run(words, out, environ)}

        return [_reference(run, by_task[run.record.task.name], under) for run in runs]


def _reference(run: Run, repeated: Run, under: Circumstance) -> ReferenceRun:
    comparison = compare(run.rows, repeated.rows, run.labels, 0.0)
    return ReferenceRun(
        threads=under.threads,
        batch=under.batch,
        processor=under.processor,
        drift=None if comparison.drift is None else float(f"{comparison.drift:.3g}"),
        flips=tuple(flip.id for flip in comparison.flips),
    )


def _batch_seconds(runs: Sequence[Run], batch: int) -> float:
    if batch == 1:
        return _EACH_ALONE

    parts = [(run.record.machine, run.record.counts.scored) for run in runs]
    seconds = sum(part.audio_seconds or 0.0 for part, _ in parts if part)
    return batch * max(seconds / sum(scored for _, scored in parts), 1.0)


def settings(under: Circumstance) -> dict[str, str]:
    """Return the variables of the environment that make a circumstance."""
    threads = thread_variables(under.threads)
    if not under.processor:
        return threads

    disabled = _numpy_features(_WIDE[under.processor])
    return {**threads, **_HELD[under.processor], _NUMPY: " ".join(disabled)}


@contextmanager
def held(level: str) -> Iterator[None]:
    """Hold the kernels of all processes that are started in the body to a level: `avx2`, `basic`,
    or "" for their own choice.

    Their runs tell the level as theirs, so that they get the device key of a processor that has no
    more. Raises UsageError where this processor has less, or numpy cannot be told.
    """
    if not level:
        yield
        return
    if level == "avx2" and machine.instructions() not in ("avx2", "avx512"):
        raise UsageError(
            f"kernels cannot be held to {level!r} here, as this processor has "
            f"{machine.instructions()!r}: do it on one with AVX2 or AVX-512"
        )

    variables = {**_HELD[level], _NUMPY: " ".join(_numpy_features(_WIDE[level]))}
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _numpy_features(beginnings: tuple[str, ...]) -> list[str]:
    """Return the features that numpy found here and may be told not to use: what it was built upon
    may not.
    """
    import numpy as np

    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    return [name for name in simd.get("found", ()) if name.startswith(beginnings)]


def _told(under: Circumstance) -> str:
    kernels = f", kernels held to {under.processor}" if under.processor else ""
    return f"{under.threads} thread(s), batches of {under.batch}{kernels}"
