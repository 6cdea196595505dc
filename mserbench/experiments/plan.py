"""From a definition to work: the trainings and runs of a table, each once however many cells want
it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mserbench.data import lookup
from mserbench.experiments.options import asked_of, options_of
from mserbench.experiments.shapes import (
    ONE_SOURCE,
    OTHERS,
    SOURCE,
    TARGET,
    CorpusRole,
    Definition,
    Setting,
    System,
)
from mserbench.model import Model
from mserbench.running.lookup import described_class

TestedOn = Literal["test", "whole"]
Pairs = tuple[tuple[str, str], ...]  # options, sorted


@dataclass(frozen=True)
class Training:
    """A model to train: tasks are sorted, so that settings which want the same share it."""

    model: str
    options: Pairs
    on: tuple[str, ...]
    validate: tuple[str, ...]

    @property
    def id(self) -> str:
        """A digest of what is asked for; the contents of the tasks come in with the key."""
        return _digest(dataclasses.astuple(self))


@dataclass(frozen=True)
class PlannedRun:
    """A task to put to a model, trained or not; `options` may be others than those of the
    training.
    """

    model: str
    options: Pairs
    training: Training | None
    task: str

    @property
    def id(self) -> str:
        """A digest of what is asked for."""
        return _digest(
            [self.model, self.options, self.training.id if self.training else None, self.task]
        )


@dataclass(frozen=True)
class Column:
    """The answers of a cell that come from one seed (and one source): of one model, or of one for
    each fold.
    """

    # In the file of answers: SYSTEM/SETTING/SEED, with the source before the seed if there is one.
    name: str
    seed: int
    source: str  # the one it was trained on, or empty
    questions: tuple[PlannedRun, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a table: a system in a setting, asked its test or the whole corpus of the
    target.
    """

    system: str
    setting: str
    kind: TestedOn
    task: str
    columns: tuple[Column, ...]

    @property
    def questions(self) -> tuple[PlannedRun, ...]:
        """All of its runs."""
        return tuple(question for column in self.columns for question in column.questions)


def cells(experiment: Definition) -> list[Cell]:
    """Return all cells, by setting and system, those of the whole corpora last. Raises UnknownName,
    MissingExtra.
    """
    pairs = [(system, setting) for setting in experiment.settings for system in experiment.systems]
    in_order = [_cell(experiment, system, setting, "test") for system, setting in pairs]
    for system, setting in pairs:
        target = experiment.corpora[setting.target]
        # The same clips again would show nothing new, and an upper bound learnt some of them.
        if target.whole and target.whole != target.test and not system.sees_target:
            in_order.append(_cell(experiment, system, setting, "whole"))

    return in_order


def trainings(cells: list[Cell]) -> list[Training]:
    """Return the trainings of cells, each once, in order."""
    needed = (question.training for cell in cells for question in cell.questions)
    return list(dict.fromkeys(training for training in needed if training is not None))


def questions(cells: list[Cell]) -> list[PlannedRun]:
    """Return the runs of cells, each once, those of one training together."""
    needed = dict.fromkeys(question for cell in cells for question in cell.questions)
    # A worker keeps the model that it asked last: runs of one training then load it once.
    order = {training: at for at, training in enumerate(trainings(cells))}
    return sorted(
        needed, key=lambda question: order[question.training] if question.training else -1
    )


def tasks(cells: list[Cell]) -> list[str]:
    """Return the names of all tasks that are trained on, validated on or asked, sorted."""
    names = {question.task for cell in cells for question in cell.questions} | {
        cell.task for cell in cells
    }
    for training in trainings(cells):
        names |= {*training.on, *training.validate}

    return sorted(names)


def _cell(experiment: Definition, system: System, setting: Setting, kind: TestedOn) -> Cell:
    target = experiment.corpora[setting.target]
    # Without a seed further columns would be the same numbers again.
    seeds = experiment.seeds if _has_seed(described_class(system.model)) else experiment.seeds[:1]
    columns = tuple(
        Column(
            "/".join(filter(None, (system.name, setting.name, source, str(seed)))),
            seed,
            source,
            tuple(_questions(experiment, system, setting, kind, source, seed)),
        )
        for source in (setting.source if system.train == (ONE_SOURCE,) else ("",))
        for seed in seeds
    )

    return Cell(
        system.name, setting.name, kind, target.test if kind == "test" else target.whole, columns
    )


def _seeded(system: System, options: dict[str, str], seed: int) -> Pairs:
    full = {**options, "seed": str(seed)} if _has_seed(described_class(system.model)) else options
    return tuple(sorted(full.items()))


def _has_seed(model: type[Model]) -> bool:
    return "seed" in {field.name for field in dataclasses.fields(model.Options)}


def _questions(
    experiment: Definition, system: System, setting: Setting, kind: TestedOn, source: str, seed: int
) -> Iterator[PlannedRun]:
    """Yield the runs of a column: one, or one a fold where what is trained on must leave each out
    in turn.
    """
    target = experiment.corpora[setting.target]
    task = target.test if kind == "test" else target.whole
    options = _seeded(system, options_of(experiment, system, setting), seed)
    run_options = _seeded(system, asked_of(experiment, system, setting), seed)

    if not system.train:
        yield PlannedRun(system.model, run_options, None, task)
        return

    places = places_of(experiment, system, setting, source)
    # A system that learnt nothing of the target's corpus is asked all of it by one model.
    folds = target.folds if shares_corpus(target, places) else ()
    for fold in folds:
        training = _training(system, options, places, target, fold)
        yield PlannedRun(system.model, run_options, training, f"{task}:{fold}")

    if not folds:
        yield PlannedRun(system.model, run_options, _training(system, options, places), task)


def places_of(
    experiment: Definition, system: System, setting: Setting, source: str = ""
) -> list[CorpusRole]:
    """Return what a system is trained on in a setting; `source` is the one of "one source"."""
    sources = (source,) if source else setting.source
    names = {
        SOURCE: setting.source, OTHERS: setting.others, ONE_SOURCE: sources,
        TARGET: (setting.target,),
    }  # fmt: skip

    return [experiment.corpora[name] for role in system.train for name in names[role]]


def shares_corpus(target: CorpusRole, places: Sequence[CorpusRole]) -> bool:
    """Whether some clips of the target's own corpus are trained on."""
    return any(in_corpus_of(target, task) for place in places for task in learnt_from(place))


def learnt_from(place: CorpusRole) -> tuple[str, ...]:
    """Return the tasks that a source gives to train and to validate on."""
    return (*place.train, *place.validate)


def in_corpus_of(target: CorpusRole, task: str) -> bool:
    """Whether a task is of the corpus that the target is of."""
    return lookup.task(task).corpus == lookup.task(target.test).corpus


def _training(
    system: System,
    options: Pairs,
    places: list[CorpusRole],
    target: CorpusRole | None = None,
    fold: str = "",
) -> Training:
    """Return a training on some corpora; with a fold of the target, without that fold of the
    target's corpus.
    """
    on = {_without(task, target, fold) for place in places for task in place.train}
    validate = {_without(task, target, fold) for place in places for task in place.validate}
    return Training(system.model, options, tuple(sorted(on)), tuple(sorted(validate)))


def _without(task: str, target: CorpusRole | None, fold: str) -> str:
    if target is None or not in_corpus_of(target, task):
        return task

    division, _, part = fold.rpartition(".")
    return f"{task}:{division}.not-{part}"


def _digest(value: object) -> str:
    # Shortened, as it stands in records; a table has hundreds, so no two will be the same.
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
