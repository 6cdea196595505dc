"""From finished runs to what is kept: the answers to each task, and a record of how they came
about.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mserbench.data import dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.errors import DataError
from mserbench.experiments import plan
from mserbench.experiments.answers import Answers
from mserbench.experiments.learning import Training
from mserbench.experiments.options import asked_of, asked_with
from mserbench.experiments.plan import Cell, Column
from mserbench.experiments.shapes import Definition, System
from mserbench.experiments.work import Result, Workplace
from mserbench.options import make_options
from mserbench.results import runs
from mserbench.results.exposure import VERDICTS
from mserbench.results.manifest import Manifest
from mserbench.results.marks import MIXED
from mserbench.results.predictions import Prediction
from mserbench.results.runs import Run
from mserbench.running.lookup import described_class

SCHEMA = 1


@dataclasses.dataclass(frozen=True)
class Done:
    """What came of all trainings and runs, by their ids."""

    trainings: Mapping[str, Result]
    questions: Mapping[str, Result]


def collect(
    experiment: Definition, cells: Sequence[Cell], done: Done, place: Workplace, command: str
) -> tuple[dict[str, Any], dict[str, Answers]]:
    """Return the record, and the answers to each task that at least one cell has."""
    finished = {
        key: runs.read(place.out / result.folder)
        for key, result in done.questions.items()
        if result.folder
    }
    record: dict[str, Any] = {"schema": SCHEMA, "experiment": _of_experiment(experiment, command)}
    record["cells"] = [_of_cell(cell, done, finished) for cell in cells]
    # Nothing is opened for cells without numbers: their corpora may be what failed.
    targets = {cell.task: dataset.load(lookup.task(cell.task), place.data, place.allow_partial)
               for cell in cells if _failure(cell, done) is None}  # fmt: skip
    answers = {}

    for name, target in targets.items():
        columns = {
            column.name: _column(target, [finished[question.id] for question in column.questions])
            for cell in cells if cell.task == name and _failure(cell, done) is None
            for column in cell.columns
        }  # fmt: skip
        items, speakers = target.items, dataset.cluster_numbers(target.speakers)
        answers[name] = Answers(
            tuple(item.utterance.id for item in items),
            tuple(item.label for item in items),
            tuple(speakers) if speakers is not None else None,
            columns,
        )

    record["tasks"] = {name: _of_task(target) for name, target in sorted(targets.items())}
    trainings = {training.id: training for training in plan.trainings(list(cells))}
    record["trainings"] = {
        key: _of_training(place, trainings[key], result.folder)
        for key, result in sorted(done.trainings.items())
        if result.folder
    }
    record["versions"] = _versions(finished)

    return record, answers


def _of_experiment(experiment: Definition, command: str) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "title": experiment.title,
        "text": experiment.text,
        "preset": experiment.preset,
        "note": experiment.note,
        "command": command,
        "metrics": list(experiment.metrics),
        "tested": list(experiment.tested),
        "seeds": list(experiment.seeds),
        "reference": experiment.reference,
        "reported_title": experiment.reported_title,
        "reported": [dataclasses.asdict(number) for number in experiment.reported],
        "left_out": list(experiment.left_out),
        "settings": [
            {
                "name": setting.name,
                "source": list(setting.source),
                "others": list(setting.others),
                "target": setting.target,
                "target_title": experiment.corpora[setting.target].title,
            }
            for setting in experiment.settings
        ],
        "systems": [_of_system(experiment, system) for system in experiment.systems],
        "contrasts": [dataclasses.asdict(contrast) for contrast in experiment.contrasts],
        "spreads": [
            {"title": spread.title, "systems": list(spread.systems)}
            for spread in experiment.spreads
        ],
    }


def _of_system(experiment: Definition, system: System) -> dict[str, Any]:
    kind = described_class(system.model)
    return {
        "name": system.name,
        "title": system.title,
        "model": system.model,
        "version": kind.version,
        "train": list(system.train),
        "options": dict(system.options),
        "asked": asked_with(experiment, system),
        **_of_address(experiment, system),
        **_of_stages(system),
    }


def _of_address(experiment: Definition, system: System) -> dict[str, Any]:
    """Return what a model with an address is called behind its own name, as the model of a server;
    nothing of any other.
    """
    kind = described_class(system.model)
    if not kind.address:
        return {}

    texts = asked_of(experiment, system, experiment.settings[0])
    return {"address": kind.address_name(make_options(kind, texts, system.model))}


def _of_stages(system: System) -> dict[str, Any]:
    """Return the trainings of a chain, each as a system of one has it; nothing of such a system."""
    stages = [
        {"train": list(stage.train), "options": dict(stage.options)} for stage in system.stages
    ]
    return {"stages": stages} if stages else {}


def _of_cell(cell: Cell, done: Done, finished: Mapping[str, Run]) -> dict[str, Any]:
    failure = _failure(cell, done)
    record: dict[str, Any] = {
        "system": cell.system,
        "setting": cell.setting,
        "kind": cell.kind,
        "task": cell.task,
    }
    if failure is not None:
        return {**record, "failure": without_paths(failure)}

    cell_runs = [finished[question.id] for question in cell.questions]
    # The least strict one holds for the cell: one fold that leaked spoils all of it.
    verdict = max((run.verdict for run in cell_runs), key=VERDICTS.index)
    return {
        **record,
        "failure": None,
        "verdict": verdict,
        "reasons": sorted(
            {reason for run in cell_runs if run.verdict == verdict for reason in run.reasons}
        ),
        "transductive": any(run.record.verdict.transductive for run in cell_runs),
        "development": any(bool(run.record.verdict.development) for run in cell_runs),
        # Left out of what is not, as in all records from before.
        **({"mixed": True} if any(MIXED in run.marks for run in cell_runs) else {}),
        "columns": [_of_column(column, finished) for column in cell.columns],
    }


def _of_column(column: Column, finished: Mapping[str, Run]) -> dict[str, Any]:
    return {
        "name": column.name,
        "seed": column.seed,
        "source": column.source,
        # All stages: the answers rest on each of them.
        "trainings": [
            stage.id
            for question in column.questions
            if question.training
            for stage in question.training.chain
        ],
        "runs": [finished[question.id].record.key for question in column.questions],
        "seconds": round(
            sum(_seconds_of(finished[question.id]) for question in column.questions), 1
        ),
    }


def _seconds_of(run: Run) -> float:
    return sum((run.record.seconds or {}).values())


def _failure(cell: Cell, done: Done) -> str | None:
    """Return why a cell has no numbers; None where it has."""
    for question in cell.questions:
        # The training first: its questions failed for nothing but that.
        if question.training and done.trainings[question.training.id].failure:
            return done.trainings[question.training.id].failure
        if done.questions[question.id].failure:
            return done.questions[question.id].failure

    return None


def without_paths(sentence: str) -> str:
    """Return a sentence with the last name only of each absolute path: the others tell of a
    machine.
    """
    return " ".join(
        "'" + word.rstrip("',:;.)").rpartition("/")[2] + "'"
        if word.lstrip("'\"(").startswith("/")
        else word
        for word in sentence.split()
    )


def _column(target: Dataset, column_runs: Sequence[Run]) -> tuple[str | None, ...]:
    """Join the answers of one run or one a fold, in the order of the target's clips."""
    by_clip: dict[str, Prediction] = {}
    for run in column_runs:
        for row in run.rows:
            if by_clip.setdefault(row.id, row) is not row:
                raise DataError(
                    f"two folds of task {target.task.name!r} hold the clip {row.id!r}: name "
                    f"each part once"
                )

    try:
        return tuple(by_clip[item.utterance.id].prediction or None for item in target.items)
    except KeyError as error:
        raise DataError(
            f"task {target.task.name!r} has the clip {error.args[0]!r}, but no run asked it: its "
            f"corpus was changed while the experiment ran, start again"
        ) from error


def _of_task(target: Dataset) -> dict[str, Any]:
    counts = Counter(item.label for item in target.items)
    return {
        "title": target.task.title,
        "corpus": target.card.title,
        "languages": list(target.task.languages),
        "labels": list(target.task.labels),
        "clips": {label: counts[label] for label in target.task.labels},
        "speakers": _speakers(target),
        "synthetic": target.card.synthetic,
        "partial": target.partial,
        "question": target.task.hash,
        "index_digest": target.digest,
    }


def _speakers(target: Dataset) -> int | None:
    """Count the speakers, each clip without one as its own; None where none is known."""
    named = {speaker for speaker in target.speakers if speaker is not None}
    return len(named) + target.speakers.count(None) if named else None


def _of_training(place: Workplace, training: Training, name: str) -> dict[str, Any]:
    data = (place.out / name / "manifest.json").read_bytes()
    manifest = Manifest.from_json(json.loads(data))
    return {
        "model": training.model,
        "options": manifest.options,
        **({"after": training.after.id} if training.after else {}),
        "transductive": manifest.transductive,
        "on": list(training.on),
        "validate": list(training.validate),
        "clips": {source.task: len(source.clips) for source in manifest.sources},
        "index_digests": {source.task: source.index_digest for source in manifest.sources},
        # Whoever has the weights can tell by it whether they are these.
        "manifest_sha256": hashlib.sha256(data).hexdigest(),
        "seconds": _seconds(place.out / f"{name}.json"),
    }


def _seconds(path: Path) -> float | None:
    """Return how long a training took; None where it was cut off between its end and the note of
    that.
    """
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError):
        return None


def _versions(finished: Mapping[str, Run]) -> dict[str, str]:
    environments = [run.record.environment or {} for _, run in sorted(finished.items())]
    # The platform is a machine's; the versions are what another machine needs for the same table.
    versions = {
        name: value
        for environment in environments
        for name, value in environment.items()
        if name != "platform"
    }
    return dict(sorted(versions.items()))
