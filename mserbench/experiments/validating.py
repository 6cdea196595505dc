"""Finds the mistakes of a definition that a look at the registry can find, before anything is
trained.
"""

from __future__ import annotations

from collections.abc import Sequence

from mserbench.contracts import Task
from mserbench.data import divisions, lookup
from mserbench.errors import MserbenchError, UsageError
from mserbench.experiments import learning
from mserbench.experiments.options import asked_of, options_of
from mserbench.experiments.shapes import CorpusRole, Definition, Setting, System
from mserbench.model import TrainableModel
from mserbench.options import make_options
from mserbench.running.lookup import described_class, model_entry


def check(experiment: Definition) -> None:
    """Raise UsageError for the first task, model, option or label that is not as it should be.

    The sentence names the file and the key. An error of a plugin (a package is not installed) is
    passed on.
    """
    # A file may describe corpora that no column of this table has.
    used = {
        name
        for setting in experiment.settings
        for name in (*setting.source, *setting.others, setting.target)
    }
    for name in sorted(used):
        _check_place(experiment, experiment.corpora[name])

    for system in experiment.systems:
        _check_system(experiment, system)
        for setting in experiment.settings:
            _check_options(experiment, system, setting)
            _check_left_out(experiment, system, setting)

    for model in (*experiment.options, *experiment.last_options):
        # With systems left out, the options may be for one of those.
        if model not in {system.model for system in experiment.systems} and not experiment.left_out:
            raise _error(
                experiment, f"options of model {model!r} are given, but no system is of that model"
            )


def _check_place(experiment: Definition, place: CorpusRole) -> None:
    sources = [
        _task(experiment, place, key, name)
        for key in ("train", "validate")
        for name in getattr(place, key)
    ]
    # One that is a source alone has no test.
    targets = [_task(experiment, place, "test", place.test)] if place.test else []
    if place.whole:
        targets.append(_task(experiment, place, "whole", place.whole))

    for task in targets:
        if experiment.labels and set(task.labels) != set(experiment.labels):
            raise _error(
                experiment, f"corpora {place.name!r}, 'test': task {task.name!r} has the labels "
                f"{', '.join(task.labels)}, but the table has 'labels' = "
                f"{', '.join(experiment.labels)}",
            )  # fmt: skip

    for task in sources:
        strange = sorted(set(experiment.labels) - set(task.labels))
        if strange:
            raise _error(
                experiment,
                f"corpora {place.name!r}, 'train': task {task.name!r} has no label {strange[0]!r}, "
                f"which the table asks for",
            )

    if place.folds:
        _check_folds(experiment, place, targets)


def _check_folds(experiment: Definition, place: CorpusRole, targets: Sequence[Task]) -> None:
    """Refuse folds that are no parts, or do not hold every clip once: they must be all parts of one
    division.
    """
    if not targets:
        raise _error(
            experiment, f"corpora {place.name!r}, 'folds' are of its 'test', which is missing"
        )

    whole = targets[0]
    if whole.part:
        raise _error(
            experiment,
            f"corpora {place.name!r}, 'folds': task {place.test!r} is a part of its corpus itself: "
            f"name a task of all of it as 'test'",
        )

    for fold in place.folds:
        _task(experiment, place, "folds", f"{place.test}:{fold}")

    used = {fold.rpartition(".")[0] for fold in place.folds}
    parts = divisions.parts(lookup.corpus(whole.corpus).card, min(used)).names
    if len(used) != 1 or {fold.rpartition(".")[2] for fold in place.folds} != set(parts):
        listed = ", ".join(f"{min(used)}.{part}" for part in parts)
        raise _error(
            experiment,
            f"corpora {place.name!r}, 'folds' must be all parts of one division: {listed}",
        )


def _check_left_out(experiment: Definition, system: System, setting: Setting) -> None:
    """Refuse a source of the target's own corpus that is a part itself: no fold can be left out of
    that.
    """
    target = experiment.corpora[setting.target]
    for place in learning.places_of(experiment, system.train, setting) if target.folds else ():
        for name in learning.learnt_from(place):
            if learning.in_corpus_of(target, name) and lookup.task(name).part:
                key = f"settings {setting.name!r}, 'source': corpora {place.name!r}"
                raise _error(
                    experiment,
                    f"{key} trains on {name!r}, a part of the target's corpus, but the target "
                    f"{target.name!r} has 'folds', which are left out in turn: name a task of all "
                    f"of it there",
                )  # fmt: skip


def _task(experiment: Definition, place: CorpusRole, key: str, name: str) -> Task:
    try:
        return lookup.task(name)
    except UsageError as error:
        raise _error(experiment, f"corpora {place.name!r}, {key!r}: {error}") from error


def _check_system(experiment: Definition, system: System) -> None:
    try:
        kind = described_class(system.model)
    except UsageError as error:
        raise _error(experiment, f"systems {system.name!r}, 'model': {error}") from error

    if system.train and not issubclass(kind, TrainableModel):
        key = f"systems {system.name!r}, 'train'"
        raise _error(
            experiment, f"{key}: model {system.model!r} cannot be trained: leave 'train' away"
        )
    if system.stages and not learning.goes_on(kind):
        key = f"systems {system.name!r}, 'stages'"
        raise _error(
            experiment,
            f"{key}: model {system.model!r} cannot go on from weights, as it has no option 'init': "
            f"give it one training by 'train'",
        )


def _check_options(experiment: Definition, system: System, setting: Setting) -> None:
    for model in setting.options:
        try:
            model_entry(model)
        except UsageError as error:
            raise _error(experiment, f"settings {setting.name!r}, 'options': {error}") from error

    kind = described_class(system.model)
    layers = [("options", options_of(experiment, system, setting, stage)) for stage in system.chain]
    layers = layers or [("options", options_of(experiment, system, setting))]
    for key, options in (*layers, ("asked", asked_of(experiment, system, setting))):
        try:
            make_options(kind, options, system.model)
        except UsageError as error:
            place = f"systems {system.name!r} in settings {setting.name!r}, {key!r}"
            raise _error(experiment, f"{place}: {error}") from error

        if "seed" in options:
            raise _error(
                experiment,
                f"systems {system.name!r}, {key!r}: 'seed' is given by 'seeds' of the table",
            )
        if system.stages and "init" in options:
            raise _error(
                experiment,
                f"systems {system.name!r}, {key!r}: 'init' is given by 'stages', of which each "
                f"goes on from the one before: leave it away",
            )


def _error(experiment: Definition, fault: str) -> MserbenchError:
    return UsageError(f"{str(experiment.file)!r}: {fault}")
