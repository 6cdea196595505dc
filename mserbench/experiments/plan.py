"""From a definition to work: the trainings and runs of a table, each once however many cells want it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mserbench import registry
from mserbench.experiments.options import asked_of, options_of
from mserbench.experiments.shapes import ONE_SOURCE, OTHERS, SOURCE, Definition, Place, Setting, System
from mserbench.model import Model

Kind = Literal["test", "whole"]
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
class Question:
    """A task to put to a model, trained or not; `options` may be others than those of the training."""

    model: str
    options: Pairs
    training: Training | None
    task: str

    @property
    def id(self) -> str:
        """A digest of what is asked for."""
        return _digest([self.model, self.options, self.training.id if self.training else None, self.task])


@dataclass(frozen=True)
class Column:
    """The answers of a cell that come from one seed (and one source): of one model, or of one for each fold."""

    name: str  # of the column in the file of answers: SYSTEM/SETTING/SEED, with the source before the seed if one is
    seed: int
    source: str  # the one it was trained on, or empty
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a table: a system in a setting, asked its test or the whole corpus of the target."""

    system: str
    setting: str
    kind: Kind
    task: str
    columns: tuple[Column, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """All of its runs."""
        return tuple(question for column in self.columns for question in column.questions)


def cells(experiment: Definition) -> list[Cell]:
    """Return all cells, by setting and system, those of the whole corpora last. Raises UnknownName, MissingExtra."""
    pairs = [(system, setting) for setting in experiment.settings for system in experiment.systems]
    found = [_cell(experiment, system, setting, "test") for system, setting in pairs]
    for system, setting in pairs:
        target = experiment.corpora[setting.target]
        if target.whole and target.whole != target.test and not system.sees_target:
            found.append(_cell(experiment, system, setting, "whole"))
    return found


def trainings(found: list[Cell]) -> list[Training]:
    """Return the trainings of cells, each once, in order."""
    wanted = (question.training for cell in found for question in cell.questions)
    return list(dict.fromkeys(training for training in wanted if training is not None))


def questions(found: list[Cell]) -> list[Question]:
    """Return the runs of cells, each once, those of one training together."""
    wanted = dict.fromkeys(question for cell in found for question in cell.questions)
    order = {training: at for at, training in enumerate(trainings(found))}
    return sorted(wanted, key=lambda question: order[question.training] if question.training else -1)


def tasks(found: list[Cell]) -> list[str]:
    """Return the names of all tasks that are trained on, validated on or asked, sorted."""
    asked = {question.task for cell in found for question in cell.questions} | {cell.task for cell in found}
    for training in trainings(found):
        asked |= {*training.on, *training.validate}
    return sorted(asked)


def _cell(experiment: Definition, system: System, setting: Setting, kind: Kind) -> Cell:
    target = experiment.corpora[setting.target]
    seeds = experiment.seeds if _has_seed(registry.model_class(system.model)) else experiment.seeds[:1]
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
    return Cell(system.name, setting.name, kind, target.test if kind == "test" else target.whole, columns)


def _seeded(system: System, options: dict[str, str], seed: int) -> Pairs:
    full = {**options, "seed": str(seed)} if _has_seed(registry.model_class(system.model)) else options
    return tuple(sorted(full.items()))


def _has_seed(model: type[Model]) -> bool:
    return "seed" in {one.name for one in dataclasses.fields(model.Options)}


def _questions(
    experiment: Definition, system: System, setting: Setting, kind: Kind, source: str, seed: int
) -> Iterator[Question]:
    target = experiment.corpora[setting.target]
    task = target.test if kind == "test" else target.whole
    options = _seeded(system, options_of(experiment, system, setting), seed)
    asked = _seeded(system, asked_of(experiment, system, setting), seed)
    if not system.train:
        yield Question(system.model, asked, None, task)
    elif not system.sees_target:
        names = {SOURCE: setting.source, OTHERS: setting.others, ONE_SOURCE: (source,)}
        places = [experiment.corpora[name] for role in system.train for name in names[role]]
        yield Question(system.model, asked, _training(system, options, places), task)
    elif not target.folds:
        yield Question(system.model, asked, _training(system, options, [target]), task)
    else:
        for fold in target.folds:
            division, _, part = fold.rpartition(".")
            others = f"{task}:{division}.not-{part}"
            yield Question(system.model, asked, Training(system.model, options, (others,), ()), f"{task}:{fold}")


def _training(system: System, options: Pairs, places: list[Place]) -> Training:
    on = sorted({task for place in places for task in place.train})
    validate = sorted({task for place in places for task in place.validate})
    return Training(system.model, options, tuple(on), tuple(validate))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
