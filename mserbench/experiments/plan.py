"""From a definition to work: the trainings and runs of a table, each once however many cells want
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mserbench.experiments.learning import (
    Pairs,
    Training,
    digest,
    has_seed,
    places_of,
    seeded,
    shares_corpus,
    trained,
)
from mserbench.experiments.options import asked_of
from mserbench.experiments.shapes import ONE_SOURCE, Definition, Setting, System
from mserbench.running.lookup import described_class

TestedOn = Literal["test", "whole"]


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
        return digest(
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
    """Return the trainings of cells, each once, in order: one that goes on from another after
    it.
    """
    needed = (
        stage
        for cell in cells
        for question in cell.questions
        if question.training
        for stage in question.training.chain
    )
    return list(dict.fromkeys(needed))


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
    seeds = experiment.seeds if has_seed(described_class(system.model)) else experiment.seeds[:1]
    columns = tuple(
        Column(
            "/".join(filter(None, (system.name, setting.name, source, str(seed)))),
            seed,
            source,
            tuple(_questions(experiment, system, setting, kind, source, seed)),
        )
        for source in (setting.source if ONE_SOURCE in system.train else ("",))
        for seed in seeds
    )

    return Cell(
        system.name, setting.name, kind, target.test if kind == "test" else target.whole, columns
    )


def _questions(
    experiment: Definition, system: System, setting: Setting, kind: TestedOn, source: str, seed: int
) -> Iterator[PlannedRun]:
    """Yield the runs of a column: one, or one a fold where what is trained on must leave each out
    in turn.
    """
    target = experiment.corpora[setting.target]
    task = target.test if kind == "test" else target.whole
    run_options = seeded(system, asked_of(experiment, system, setting), seed)

    if not system.train:
        yield PlannedRun(system.model, run_options, None, task)
        return

    # A system that learnt nothing of the target's corpus is asked all of it by one model.
    places = places_of(experiment, system.train, setting, source)
    folds = target.folds if shares_corpus(target, places) else ()
    for fold in folds or ("",):
        training = trained(experiment, system, setting, source, seed, fold)
        yield PlannedRun(system.model, run_options, training, f"{task}:{fold}" if fold else task)
