"""A model on a task under every alteration, through the one loop: resumed after a kill, and shown
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mserbench.data import dataset
from mserbench.data.dataset import Dataset
from mserbench.data.index import Progress
from mserbench.engine.base import Engine
from mserbench.errors import UsageError
from mserbench.results import recording, runs
from mserbench.results.predictions import Prediction
from mserbench.results.runs import Run
from mserbench.running import batches, evaluation
from mserbench.running.spec import Spec
from mserbench.stress import answering, record
from mserbench.stress.altered import AlteredDataset, altered, conditions, item_id
from mserbench.stress.answers_file import Table
from mserbench.stress.record import Stressed


def stress(
    spec: Spec,
    target: Dataset,
    out: Path,
    batch_seconds: float = batches.BATCH_SECONDS,
    fresh: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> Stressed:
    """Ask a model about every clip of a task under every condition; write and return what it loses.

    An unfinished stress of the same contents goes on, a finished one is shown again unless `fresh`.
    The folder is OUT/TASK/MODEL-KEY. Raises UsageError for a model that hears all clips of a target
    together, and what `evaluation.run_spec` raises.
    """
    every = altered(target)
    # What does not tell of itself would be made for it, which with an engine is the workers' part.
    may_ask = spec.tells or engine is None
    if may_ask and (finished := _finished(spec, every, out, fresh)):
        return finished

    run = _asked(spec, every, out, batch_seconds, fresh, progress, engine)
    with runs.locked(run.folder):
        return _written(run, target)


def _finished(spec: Spec, every: AlteredDataset, out: Path, fresh: bool) -> Stressed | None:
    """Return the finished stress of the same contents, or None; if `fresh`, forget it."""
    key = spec.identity.key(every.task, every.digest)
    folder = runs.run_folder(out, every.task.name, spec.identity.name, key)
    if not (folder / record.RECORD).exists():
        return None

    with runs.locked(folder):
        if fresh:
            (folder / record.RECORD).unlink()
            return None

        # Of one that was killed between its record and its end.
        _clear(folder)
        return replace(record.read(folder), shown_again=True)


def _asked(
    spec: Spec,
    every: AlteredDataset,
    out: Path,
    batch_seconds: float,
    fresh: bool,
    progress: Progress | None,
    engine: Engine | None,
) -> Run:
    """Return the finished run over all conditions, each of whose batches was journaled."""
    if engine is not None:
        _require_one_by_one(spec, spec.tells and spec.identity.transductive)
        return evaluation.run_spec(spec, every, out, batch_seconds, fresh, progress, engine=engine)

    _require_one_by_one(spec, spec.identity.transductive)
    subject = spec.subject
    answers = partial(answering.answers, subject, every)
    return evaluation.run_subject(subject, every, out, batch_seconds, fresh, progress, answers)


def _require_one_by_one(spec: Spec, is_transductive: bool) -> None:
    if is_transductive:
        raise UsageError(
            f"model {spec.model!r} with these options hears all clips of a target together, which "
            f"under stress are altered in {len(conditions())} ways: choose options by which it "
            f"hears each clip alone ('mserbench models {spec.model}')"
        )


def _written(run: Run, target: Dataset) -> Stressed:
    """Write the record of a run in its folder, in place of the run's own files."""
    folder = run.folder
    table = _table(target, run.rows)
    recorded = {
        "task": recording.task_part(target.task, target.digest),
        "corpus": recording.corpus_part(target.card, target.digest),
        "clusters": dataset.cluster_numbers(target.speakers),
    }
    stressed = record.write(folder, record.of_run(run.record, table, recorded), table)

    _clear(folder)
    return stressed


def _clear(folder: Path) -> None:
    """Remove the run that a finished stress was made of; its record first, as without predictions
    it would be a damaged one.
    """
    (folder / runs.RECORD).unlink(missing_ok=True)
    (folder / runs.PREDICTIONS).unlink(missing_ok=True)


def _table(target: Dataset, rows: Sequence[Prediction]) -> Table:
    answers = {row.id: row.prediction for row in rows}
    ids = [item.utterance.id for item in target.items]
    by_condition = {
        condition: tuple(answers[item_id(condition, each)] for each in ids)
        for condition in conditions()
    }
    return Table(tuple(ids), tuple(item.label for item in target.items), by_condition)
