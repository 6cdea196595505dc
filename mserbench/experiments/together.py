"""One training by several processes of this machine, with the same contract as one by this
process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mserbench.engine.launcher import launched
from mserbench.errors import ModelError
from mserbench.experiments.learning import Training

_ERROR = "error: "  # what each process puts before its last sentence


def train_together(
    training: Training,
    folder: Path,
    data: Path | None,
    allow_partial: bool,
    processes: int,
    device: str,
) -> None:
    """Train as `mserbench train` does when it is launched as several processes; `folder` appears
    whole or not at all.

    `device` is `cpu` or `cuda`; of `cuda` each process takes the GPU of its number. Raises
    ModelError with the sentence that the processes ended with.
    """
    arguments = _arguments(training, folder, data, allow_partial, device)
    status, lines = launched(processes, arguments)
    if status:
        raise ModelError(_sentence(lines, training, processes, status))


def _arguments(
    training: Training, folder: Path, data: Path | None, allow_partial: bool, device: str
) -> list[str]:
    words = ["train", "--model", training.model, "--on", ",".join(training.on)]
    words += ["--validate-on", ",".join(training.validate)] if training.validate else []
    words += [word for key, value in training.options for word in ("--option", f"{key}={value}")]
    words += ["--data", str(data)] if data else []
    words += ["--allow-partial"] if allow_partial else []

    return [*words, "--device", device, "--out", str(folder)]


def _sentence(lines: Sequence[str], training: Training, processes: int, status: int) -> str:
    """Return the error that one of the processes told, or that none did."""
    # The first tells the cause: others may fail because that process is gone.
    errors = [line.partition(_ERROR)[2] for line in lines if line.startswith(_ERROR)]
    if errors:
        return errors[0]
    return (
        f"training {training.model!r} by {processes} processes ended with status {status} "
        f"and without a word: the log of workers beside the trainings has what they printed; "
        f"start again, or give fewer --processes"
    )
