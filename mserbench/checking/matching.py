"""Which baseline a run is compared with, or in one sentence why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mserbench.checking.baselines import Baseline, Store
from mserbench.checking.outcome import Status
from mserbench.results.record import RunRecord


@dataclass(frozen=True)
class Mismatch:
    """Why there is nothing to compare a run with."""

    status: Status
    sentence: str


def baseline_of(record: RunRecord, device_key: str, store: Store) -> Baseline | Mismatch:
    """Return the baseline of a run's question on a device, or why there is none.

    Same question: task, model, options, and the name of the weights. On the device its contents are
    compared too: the hashes of task and weights, the digest of the audio, and files of options.
    Raises DataError where a baseline is damaged.
    """
    of_question = store.others(record)
    if not of_question:
        return Mismatch(Status.NO_BASELINE, _none_of(record, store))

    on_device = [baseline for baseline in of_question if baseline.device_key == device_key]
    if not on_device:
        keys = ", ".join(sorted({baseline.device_key for baseline in of_question}))
        return Mismatch(
            Status.DEVICE,
            f"it was run on {device_key}, and its baselines are of {keys}: run it there, add a "
            f"baseline of {device_key}, or compare scores by --device-key with --fail-on ua:-1.0pt",
        )

    baseline = on_device[0]
    differences = stale(baseline.record, record)
    return Mismatch(Status.STALE, _is_stale(baseline, differences)) if differences else baseline


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


def _is_stale(baseline: Baseline, differences: Sequence[str]) -> str:
    return (
        f"the baseline {str(baseline.folder)!r} is no baseline of this question any more, as other "
        f"is {_listed(differences)}: if that is meant, 'mserbench baseline add RUN --replace "
        "--reason WHY' accepts the run"
    )


def _none_of(record: RunRecord, store: Store) -> str:
    task = record.task.name
    models = {own.record.model.name for own in store.all() if own.record.task.name == task}
    near = f" (task {task} has those of {_listed(sorted(models))})" if models else ""
    return (
        f"there is no baseline of {record.model.name} with these options and weights on "
        f"{task}{near}: 'mserbench baseline add RUN' makes it one"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
