"""Which baseline a run is compared with, or in one sentence why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mserbench.checking.outcome import Status
from mserbench.results.predictions import Prediction
from mserbench.results.record import RunRecord


class Tolerance(Protocol):
    """The envelope of a baseline, as far as a check needs it."""

    @property
    def epsilon(self) -> float:
        """Margin (log-probability) within which runs that nobody changed may answer either way."""


class Pace(Protocol):
    """The speed of a baseline, as far as a check needs it."""

    @property
    def ratio(self) -> float:
        """Seconds a second of audio, as a multiple of those of a matrix product."""


class Known(Protocol):
    """A baseline, as far as a check needs it."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def device_key(self) -> str:
        """The kind of machine that it was made on."""

    @property
    def record(self) -> RunRecord:
        """The record of its run."""

    @property
    def predictions(self) -> Sequence[Prediction]:
        """What its run answered."""

    @property
    def envelope(self) -> Tolerance:
        """What moved between reference runs."""

    @property
    def speed(self) -> Pace | None:
        """How fast its run was; None where that was not measured."""

    @property
    def memory_mb(self) -> float | None:
        """The most memory that its run held (MB)."""


@dataclass(frozen=True)
class Mismatch:
    """Why there is nothing to compare a run with."""

    status: Status
    sentence: str


def baseline_of(record: RunRecord, device_key: str, baselines: Sequence[Known]) -> Known | Mismatch:
    """Return the baseline of a run's question on a device, or why there is none.

    Same question: task, model, options, and the name of the weights. On the device its contents are
    compared too: the hashes of task and weights, the digest of the audio, and files of options.
    """
    of_question = [known for known in baselines if _question(known.record) == _question(record)]
    if not of_question:
        return Mismatch(Status.NO_BASELINE, _none_of(record, baselines))

    on_device = [known for known in of_question if known.device_key == device_key]
    if not on_device:
        keys = ", ".join(sorted({known.device_key for known in of_question}))
        return Mismatch(
            Status.DEVICE,
            f"it was run on {device_key}, and its baselines are of {keys}: run it there, add a "
            f"baseline of {device_key}, or compare scores by --device-key with --fail-on ua:-1.0pt",
        )

    known = on_device[0]
    differences = stale(known.record, record)
    return Mismatch(Status.STALE, _is_stale(known, differences)) if differences else known


def stale(before: RunRecord, after: RunRecord) -> list[str]:
    """Return what of the question changed since a baseline was made; empty where nothing did."""
    weights = [part.model.weights for part in (before, after)]
    pairs = {
        "the question of the task": (before.task.question, after.task.question),
        "the labels of the task": (before.task.labels, after.task.labels),
        "the hash of the weights": tuple(part.hash if part else None for part in weights),
        "the files that options name": tuple(
            dict(part.model.files or {}) for part in (before, after)
        ),
    }
    differences = [name for name, (old, new) in pairs.items() if old != new]

    # Other audio under the same number of clips; with a clip more or less the ids say it better.
    digests = (before.corpus.index_digest, after.corpus.index_digest)
    if digests[0] != digests[1] and before.counts.scored == after.counts.scored:
        differences.append("the digest of the audio")

    return differences


def _is_stale(known: Known, differences: Sequence[str]) -> str:
    return (
        f"the baseline {str(known.folder)!r} is no baseline of this question any more, as other is "
        f"{_listed(differences)}: if that is meant, 'mserbench baseline add RUN --replace --reason "
        "WHY' accepts the run"
    )


def _question(record: RunRecord) -> tuple[object, ...]:
    """Return what a person names a run by."""
    weights = record.model.weights
    options = {name: value for name, value in record.model.options.items() if value is not None}
    return record.task.name, record.model.name, weights.name if weights else None, options


def _none_of(record: RunRecord, baselines: Sequence[Known]) -> str:
    models = {
        known.record.model.name for known in baselines if known.record.task.name == record.task.name
    }
    near = f" (task {record.task.name} has those of {_listed(sorted(models))})" if models else ""
    return (
        f"there is no baseline of {record.model.name} with these options and weights on "
        f"{record.task.name}{near}: 'mserbench baseline add RUN' makes it one"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
