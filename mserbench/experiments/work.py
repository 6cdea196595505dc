"""One training or one run of an experiment, in a folder where either is found again by what went
into it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.data import corpus, dataset, lookup
from mserbench.disk.files import write_atomic
from mserbench.experiments import sets
from mserbench.experiments.learning import Training
from mserbench.experiments.plan import PlannedRun
from mserbench.experiments.sets import Files
from mserbench.experiments.together import train_together
from mserbench.experiments.training_code import CODE, code_of, name_for
from mserbench.model import Model, TrainableModel
from mserbench.plugins import misfits
from mserbench.report import progress
from mserbench.results.manifest import read_manifest
from mserbench.running.evaluation import finished_run, run_subject
from mserbench.running.lookup import described_class
from mserbench.running.spec import Spec
from mserbench.running.subject import Subject, device_for
from mserbench.running.training import train

TRAININGS, RUNS = "trainings", "runs"
_asked: dict[str, Subject] = {}  # of this process: the model that was asked last, by its name


@dataclass(frozen=True)
class Workplace:
    """Where work is done: the folder of the experiment, the data, and whether incomplete corpora
    will do.

    A process that works there calls `enter` first.
    """

    out: Path
    data: Path | None
    allow_partial: bool = False
    sets: Files = ()  # corpora that the user made, by the names of the table

    def enter(self) -> None:
        """Let the names of sets mean them in this process."""
        sets.announce(self.sets)


@dataclass(frozen=True)
class Result:
    """What came of a job: the name of a folder below the workplace, or the sentence that says why
    there is none.
    """

    folder: str = ""
    failure: str = ""
    was_there: bool = False  # nothing had to be done


@contextmanager
def in_a_worker() -> Iterator[None]:
    """Tell in lines what is under way, for the log of the workers, and name packages that do not
    fit.
    """
    try:
        with progress.lines():
            yield
    except Exception as error:
        misfit = misfits.told(error)
        if misfit is None:
            raise
        raise misfit from error


@in_a_worker()
def do_training(
    place: Workplace, training: Training, before: str, processes: int, device: str
) -> Result:
    """Train, unless the same was trained before: same model, version, code, options, tasks and
    contents of the tasks.

    `before` is the folder of the training that this one goes on from, below the workplace, or
    empty. By several processes where `processes` says so and the model can be trained so.
    """
    place.enter()
    kind = described_class(training.model)
    start = place.out / before if before else None
    key = _key(place, training, kind, start)
    trained_by = code_of(kind, training)
    name = name_for(place.out, f"{TRAININGS}/{training.model}-{key[:16]}", trained_by)
    folder = place.out / name

    # It appears whole or not at all, so what is there is done.
    if folder.exists():
        return Result(name, was_there=True)

    began = time.perf_counter()
    # A model that cannot be trained so is trained by one process, whatever was asked for.
    many = processes if issubclass(kind, TrainableModel) and kind.trains_together else 1
    _train(place, _going_on(training, start), folder, many, device_for(kind, device))
    # Noted after the weights: a kill in between costs the note, not the training.
    seconds = round(time.perf_counter() - began, 1)
    facts = {"key": key, "seconds": seconds, "processes": many, CODE: trained_by}
    write_atomic(folder.with_name(f"{folder.name}.json"), json.dumps(facts) + "\n")

    return Result(name)


def _going_on(training: Training, start: Path | None) -> Training:
    """Return a training as its model is told of it: weights to go on from are an option."""
    if start is None:
        return training
    return replace(training, options=(*training.options, ("init", str(start))))


def _train(place: Workplace, training: Training, folder: Path, processes: int, device: str) -> None:
    if processes > 1:
        own = device.partition(":")[0]  # each process takes the GPU of its number
        # Programs of their own, in which the name of a set means nothing.
        training = replace(
            training, on=_typed(place, training.on), validate=_typed(place, training.validate)
        )
        train_together(training, folder, place.data, place.allow_partial, processes, own)
        return

    train(
        training.model,
        training.on,
        folder,
        validate_on=training.validate,
        data=place.data,
        options=dict(training.options),
        device=device,
        allow_partial=place.allow_partial,
    )


def _typed(place: Workplace, tasks: Sequence[str]) -> tuple[str, ...]:
    """Return tasks as a command line takes them: those of sets by their files."""
    files = dict(place.sets)
    parts = [task.partition(":") for task in tasks]
    return tuple(f"{files.get(name, name)}{colon}{part}" for name, colon, part in parts)


@in_a_worker()
def do_question(place: Workplace, question: PlannedRun, weights: str, device: str) -> Result:
    """Put a task to a model; a finished run is found again, and one that was cut off goes on.

    The last model that was asked is kept until the next one is loaded: what both are built upon is
    then opened once.
    """
    place.enter()
    target = dataset.load(lookup.task(question.task), place.data, place.allow_partial)
    folder = place.out / weights if weights else None
    device = device_for(described_class(question.model), device)
    spec = Spec.of(question.model, target, folder, dict(question.options), device)

    run = finished_run(spec.identity, target, place.out / RUNS)
    if run is None:
        # Two models may not fit into memory; two of one model share what they are built upon.
        if question.model not in _asked:
            _asked.clear()

        _asked[question.model] = spec.subject
        run = run_subject(spec.subject, target, place.out / RUNS)

    return Result(run.folder.relative_to(place.out).as_posix())


def _key(place: Workplace, training: Training, kind: type[Model], start: Path | None) -> str:
    # Contents alone, so that the training is found again in a copy of the folder, or on other data
    # folders.
    identity: dict[str, object] = {
        "model": training.model,
        "version": kind.version,
        "options": training.options,
        "on": [_contents(place, name) for name in training.on],
        "validate": [_contents(place, name) for name in training.validate],
    }
    # Not among the others, so that trainings without it are found again under their old keys.
    if start is not None:
        identity["after"] = read_manifest(start).weights_hash

    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _contents(place: Workplace, name: str) -> Sequence[str]:
    """Return what a task is: its name, its question, and a digest of its audio."""
    task = lookup.task(name)
    return (
        name,
        task.hash,
        dataset.load(task, corpus.data_folder(place.data), place.allow_partial).digest,
    )
