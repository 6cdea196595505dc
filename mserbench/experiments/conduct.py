"""Carries an experiment out: checks everything, trains, asks, and writes its folder; started again,
it goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.data import corpus
from mserbench.disk import folders
from mserbench.errors import UsageError
from mserbench.experiments import checking, collecting, folder, plan, speakers, validating, work
from mserbench.experiments.crew import Crew, Job
from mserbench.experiments.plan import Cell, Question, Training
from mserbench.experiments.shapes import Definition
from mserbench.experiments.work import Result, Workplace
from mserbench.report.progress import counting, lasting

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Means:
    """What to work with: `jobs` processes on `devices`, `threads` of arithmetic in each.

    With `processes` above 1 one training after another is done by that many processes together.
    """

    data: Path | None = None
    devices: tuple[str, ...] = ("cpu",)
    jobs: int = 1
    threads: int = 1
    allow_partial: bool = False
    processes: int = 1


@dataclass(frozen=True)
class Outcome:
    """The finished page, and why cells have no numbers, if any have not."""

    page: Path
    failures: tuple[str, ...]


def conduct(experiment: Definition, out: Path, means: Means, command: str, tell: Tell) -> Outcome:
    """Train and score whatever is not done yet, and write README.md, answers and record.json into
    `out`.

    All that can be found wrong before is: UsageError for a mistake in the definition, DataError for
    corpora. A training or a run that fails leaves its cells without numbers. No audio of a target
    is read as such before all trainings are done. Raises UsageError where another process works in
    `out`.
    """
    validating.check(experiment)
    found = plan.cells(experiment)
    place = Workplace(
        out.absolute(), _absolute(corpus.data_folder(means.data)), means.allow_partial
    )
    checking.check(plan.tasks(found), place.data, place.allow_partial)

    for line in _remarks(found, place):
        tell(line)

    with _alone(place.out):
        trained, asked = _work(means, place, found, tell)

    done = collecting.Done(trained, asked)
    record, answers = collecting.collect(experiment, found, done, place, command)
    page = folder.write(place.out, record, answers)

    return Outcome(page, _failures(found, record))


def _work(
    means: Means, place: Workplace, found: Sequence[Cell], tell: Tell
) -> tuple[dict[str, Result], dict[str, Result]]:
    """Train and ask; where a training takes several processes, one worker starts one after
    another.
    """
    log, trainings = place.out / "workers.log", plan.trainings(list(found))
    if means.processes > 1:
        with Crew(1, means.devices, means.threads, log) as crew:
            trained = _train(crew, place, trainings, means.processes, tell)

    with Crew(means.jobs, means.devices, means.threads, log) as crew:
        if means.processes == 1:
            trained = _train(crew, place, trainings, 1, tell)
        return trained, _ask(crew, place, plan.questions(list(found)), trained, tell)


def _remarks(found: Sequence[Cell], place: Workplace) -> list[str]:
    """Return what the targets cannot show, said before anything is computed for them."""
    targets = sorted({cell.task for cell in found})
    remarks = [one.remark for one in speakers.of_targets(targets, place.data, make=True)]
    return [f"note: {remark}" for remark in remarks if remark]


def _train(
    crew: Crew, place: Workplace, wanted: Sequence[Training], processes: int, tell: Tell
) -> dict[str, Result]:
    jobs: dict[str, tuple[Job, Sequence[Any]]] = {
        one.id: (work.do_training, (place, one, processes)) for one in wanted
    }
    names = {one.id: f"{one.model} on {', '.join(one.on)}{_seed(one)}" for one in wanted}
    return _all(crew, "training", jobs, names, tell)


def _ask(
    crew: Crew,
    place: Workplace,
    wanted: Sequence[Question],
    trained: Mapping[str, Result],
    tell: Tell,
) -> dict[str, Result]:
    """Put all questions whose models are there; the others fail for the reason that their trainings
    failed for.
    """
    found: dict[str, Result] = {}
    jobs: dict[str, tuple[Job, Sequence[Any]]] = {}
    for one in wanted:
        training = trained[one.training.id] if one.training else Result()
        if training.failure:
            found[one.id] = training
        else:
            jobs[one.id] = (work.do_question, (place, one, training.folder))

    names = {one.id: f"{one.model} asked {one.task}{_otherwise(one)}" for one in wanted}
    return found | _all(crew, "run", jobs, names, tell)


def _all(
    crew: Crew,
    kind: str,
    jobs: Mapping[str, tuple[Job, Sequence[Any]]],
    names: Mapping[str, str],
    tell: Tell,
) -> dict[str, Result]:
    found: dict[str, Result] = {}
    began, fresh = time.monotonic(), 0
    for name, result in _watched(crew.do(jobs), f"{kind}s", len(jobs)):
        found[name] = result
        fresh += not result.again
        line = f"{kind} {len(found)}/{len(jobs)}: {names[name]}"
        if result.failure:
            tell(f"{line}: failed: {result.failure}")
        elif result.again:
            tell(f"{line}: was there")
        else:
            left = (time.monotonic() - began) / fresh * (len(jobs) - len(found))
            tell(f"{line}: done{f', about {lasting(left)} left' if len(found) < len(jobs) else ''}")

    return found


def _watched(
    results: Iterator[tuple[str, Result]], title: str, total: int
) -> Iterator[tuple[str, Result]]:
    """Hand results on; while none comes for long, a line says how many there are."""
    with counting(title, bar=False) as report:
        report(0, total)
        for number, result in enumerate(results, start=1):
            report(number, total)
            yield result


def _seed(training: Training) -> str:
    seed = dict(training.options).get("seed")
    return f", seed {seed}" if seed else ""


def _otherwise(question: Question) -> str:
    """Return the options of a run that its training did not have."""
    trained = question.training.options if question.training else question.options
    return "".join(
        f", {key}={value!r}" for key, value in question.options if (key, value) not in trained
    )


def _failures(found: Sequence[Cell], record: Mapping[str, Any]) -> tuple[str, ...]:
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
            folders.clear_leftovers(out / work.TRAININGS)
            yield
    except folders.Busy:
        raise UsageError(
            f"another process works in {str(out)!r}: wait for it, or give another --out"
        ) from None
