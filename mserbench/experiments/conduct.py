"""Carries an experiment out: checks everything, trains, asks, and writes its folder; started again,
it goes on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mserbench.data import corpus
from mserbench.disk import folders
from mserbench.engine.base import Engine, Outcome, Shard, Workers
from mserbench.engine.named import LOCAL, engine_named
from mserbench.errors import UsageError
from mserbench.experiments import (
    checking,
    collecting,
    folder,
    plan,
    sets,
    speakers,
    validating,
    work,
)
from mserbench.experiments.learning import Training
from mserbench.experiments.plan import Cell, PlannedRun
from mserbench.experiments.shapes import Definition
from mserbench.experiments.work import Result, Workplace
from mserbench.report.progress import counting, lasting

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Means:
    """What to work with: `jobs` workers of an engine on `devices`, `threads` of arithmetic in each.

    With `processes` above 1 one training after another is done by that many processes together.
    """

    data: Path | None = None
    devices: tuple[str, ...] = ("cpu",)
    jobs: int = 1
    threads: int = 1
    allow_partial: bool = False
    processes: int = 1
    engine: str = LOCAL
    sets: Mapping[str, str] = field(default_factory=dict)  # folders of sets, by the table's names


@dataclass(frozen=True)
class Finished:
    """The finished page, and why cells have no numbers, if any have not."""

    page: Path
    failures: tuple[str, ...]


def conduct(experiment: Definition, out: Path, means: Means, command: str, tell: Tell) -> Finished:
    """Train and score whatever is not done yet, and write README.md, answers and record.json into
    `out`.

    All that can be found wrong before is: UsageError for a mistake in the definition, DataError for
    corpora. A training or a run that fails leaves its cells without numbers. No audio of a target
    is read as such before all trainings are done. Raises UsageError where another process works in
    `out`.
    """
    # In this order: a mistake in the file costs no look at the disk, and a missing corpus no
    # training.
    data = _absolute(corpus.data_folder(means.data))
    files = sets.find(experiment, means.sets, data)
    validating.check(experiment)
    cells = plan.cells(experiment)
    # Absolute, as workers may stand in another folder.
    place = Workplace(out.absolute(), data, means.allow_partial, files)
    workers = Workers(
        means.jobs,
        devices=means.devices,
        threads=means.threads,
        log=place.out / "workers.log",
    )
    with engine_named(means.engine, workers) as engine:
        # A cluster out of reach is told before corpora are looked at, which takes minutes.
        engine.require([])
        checking.check(plan.tasks(cells), data, place.allow_partial, sets.builds(experiment))

        for line in _remarks(cells, place):
            tell(line)

        with _alone(place.out):
            _require(engine, place)
            trained, questioned = _work(engine, means, workers, place, cells, tell)

    done = collecting.Done(trained, questioned)
    record, answers = collecting.collect(experiment, cells, done, place, command)
    page = folder.write(place.out, record, answers)

    return Finished(page, _failures(record))


def _require(engine: Engine, place: Workplace) -> None:
    """Raise DataError unless all machines see the data and the very folder of the experiment."""
    # A file of now: another folder of the same name has it not.
    with tempfile.NamedTemporaryFile(dir=place.out, prefix=".seen-") as mark:
        sets = [Path(file) for _, file in place.sets]
        engine.require([Path(mark.name), *filter(None, [place.data]), *sets])


def _work(
    engine: Engine,
    means: Means,
    workers: Workers,
    place: Workplace,
    cells: Sequence[Cell],
    tell: Tell,
) -> tuple[dict[str, Result], dict[str, Result]]:
    """Train and ask; where a training takes several processes, one worker starts one after
    another.
    """
    trainings, questions = plan.trainings(list(cells)), plan.questions(list(cells))
    if means.processes > 1:
        # Two trainings at once would fight for the same GPUs.
        with engine_named(means.engine, replace(workers, number=1)) as alone:
            trained = _train(alone, place, trainings, means.processes, tell)
    else:
        trained = _train(engine, place, trainings, 1, tell)

    return trained, _ask(engine, place, questions, trained, tell)


def _remarks(cells: Sequence[Cell], place: Workplace) -> list[str]:
    """Return what the targets cannot show, said before anything is computed for them."""
    targets = sorted({cell.task for cell in cells})
    counted = speakers.of_targets(targets, place.data, make=True)
    return [f"note: {target.remark}" for target in counted if target.remark]


def _train(
    engine: Engine, place: Workplace, trainings: Sequence[Training], processes: int, tell: Tell
) -> dict[str, Result]:
    """Do the trainings stage by stage, as one that goes on from weights needs them there."""
    results: dict[str, Result] = {}
    total = len(trainings)
    for number in sorted({len(training.chain) for training in trainings}):
        shards: list[Shard[Result]] = []
        stage = [training for training in trainings if len(training.chain) == number]
        for training in stage:
            before = results[training.after.id] if training.after else Result()
            if training.after and before.failure:
                results[training.id] = _cannot_go_on(training.after, before)
                tell(f"training {training.told}: failed: {results[training.id].failure}")
                continue

            arguments = (place, training, before.folder, processes)
            shards.append(Shard(training.id, work.do_training, arguments, on_device=True))

        names = {training.id: training.told for training in stage}
        results |= _all(engine, "training", shards, names, tell, len(results), total)

    return results


def _cannot_go_on(before: Training, result: Result) -> Result:
    """Return why a stage was not trained: the cause is told once, with the stage that had it."""
    cause = result.failure
    return Result(failure=cause if before.after else f"the stage before, {before.told}: {cause}")


def _ask(
    engine: Engine,
    place: Workplace,
    questions: Sequence[PlannedRun],
    trained: Mapping[str, Result],
    tell: Tell,
) -> dict[str, Result]:
    """Put all questions whose models are there; the others fail for the reason that their trainings
    failed for.
    """
    unasked: dict[str, Result] = {}
    shards: list[Shard[Result]] = []
    for question in questions:
        training = trained[question.training.id] if question.training else Result()
        # Without weights it could only fail in other words.
        if training.failure:
            unasked[question.id] = training
            continue

        arguments = (place, question, training.folder)
        shards.append(Shard(question.id, work.do_question, arguments, on_device=True))

    names = {
        question.id: f"{question.model} asked {question.task}{_otherwise(question)}"
        for question in questions
    }
    return unasked | _all(engine, "run", shards, names, tell)


def _all(
    engine: Engine,
    kind: str,
    shards: Sequence[Shard[Result]],
    names: Mapping[str, str],
    tell: Tell,
    earlier: int = 0,
    total: int = 0,
) -> dict[str, Result]:
    """Carry shards out and tell of each; `earlier` of a `total` had their turn before these."""
    total = total or len(shards)
    results: dict[str, Result] = {}
    began, fresh = time.monotonic(), 0
    outcomes = _watched(engine.do(shards), f"{kind}s", total, earlier)
    for number, outcome in enumerate(outcomes, start=earlier + 1):
        result = outcome.value or Result(failure=outcome.failure)
        results[outcome.key] = result

        # What was there before took no time: the pace is that of the others.
        fresh += not result.was_there
        line = f"{kind} {number}/{total}: {names[outcome.key]}"
        if result.failure:
            tell(f"{line}: failed: {result.failure}")
        elif result.was_there:
            tell(f"{line}: was there")
        else:
            to_do = total - number
            seconds = (time.monotonic() - began) / fresh * to_do
            tell(f"{line}: done{f', about {lasting(seconds)} left' if to_do else ''}")

    return results


def _watched(
    outcomes: Iterator[Outcome[Result]], title: str, total: int, earlier: int = 0
) -> Iterator[Outcome[Result]]:
    """Hand outcomes on; while none comes for long, a line says how many there are."""
    with counting(title, bar=False) as report:
        report(earlier, total)
        for number, outcome in enumerate(outcomes, start=earlier + 1):
            report(number, total)
            yield outcome


def _otherwise(question: PlannedRun) -> str:
    """Return the options of a run that its training did not have."""
    trained = question.training.options if question.training else question.options
    return "".join(
        f", {key}={value!r}" for key, value in question.options if (key, value) not in trained
    )


def _failures(record: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{cell['system']} in {cell['setting']}: {cell['failure']}"
        for cell in record["cells"]
        if cell["failure"]
    )


def _absolute(data: Path | None) -> Path | None:
    return None if data is None else data.absolute()


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep the folder for this process, and remove what a killed one left half made."""
    try:
        with folders.held(out / ".lock"):
            # Only who holds the lock may: what looks left over could be another's work.
            folders.clear_leftovers(out / work.TRAININGS)
            yield
    except folders.Busy:
        raise UsageError(
            f"another process works in {str(out)!r}: wait for it, or give another --out"
        ) from None
