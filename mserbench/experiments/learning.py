"""What a system of a table is trained on, and with what: one training, or a chain of stages."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from mserbench.data import lookup
from mserbench.experiments.options import options_of
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

Pairs = tuple[tuple[str, str], ...]  # options, sorted


@dataclass(frozen=True)
class Training:
    """A model to train: tasks are sorted, so that settings which want the same share it.

    With `after` it goes on from the weights of that training.
    """

    model: str
    options: Pairs
    on: tuple[str, ...]
    validate: tuple[str, ...]
    after: Training | None = None

    @property
    def id(self) -> str:
        """A digest of what is asked for; the contents of the tasks come in with the key."""
        asked_for: list[object] = [self.model, self.options, self.on, self.validate]
        # Alone where there is one, so that the ids of trainings without it stay what they were.
        return digest([*asked_for, self.after.id] if self.after else asked_for)

    @property
    def chain(self) -> tuple[Training, ...]:
        """The trainings that it goes on from, the first one first, and itself."""
        return (*(self.after.chain if self.after else ()), self)

    @property
    def told(self) -> str:
        """What a person reads of it: the model, the tasks, seed and stage if there is one."""
        seed = dict(self.options).get("seed")
        words = [*self.on, f"seed {seed}" if seed else "", f"stage {len(self.chain)}"]
        return f"{self.model} on {', '.join(filter(None, words if self.after else words[:-1]))}"


def trained(
    experiment: Definition, system: System, setting: Setting, source: str, seed: int, fold: str
) -> Training:
    """Return the training whose weights a system is asked with: the last one of its chain.

    `source` is the one of "one source"; with a fold of the target all stages are without that fold
    of the target's corpus.
    """
    target = experiment.corpora[setting.target]
    training: Training | None = None
    for stage in system.chain:
        options = seeded(system, options_of(experiment, system, setting, stage), seed)
        places = places_of(experiment, stage.train, setting, source)
        on, validate = (
            {_without(task, target, fold) for place in places for task in getattr(place, key)}
            for key in ("train", "validate")
        )
        training = Training(
            system.model, options, tuple(sorted(on)), tuple(sorted(validate)), training
        )

    assert training is not None, "asked of systems that are trained alone"
    return training


def seeded(system: System, options: dict[str, str], seed: int) -> Pairs:
    """Return options with the seed, where the model has one."""
    full = {**options, "seed": str(seed)} if has_seed(described_class(system.model)) else options
    return tuple(sorted(full.items()))


def has_seed(model: type[Model]) -> bool:
    """Whether trainings of a model differ by a seed."""
    return _has_option(model, "seed")


def goes_on(model: type[Model]) -> bool:
    """Whether a model can go on from the weights of a training before."""
    return _has_option(model, "init")


def _has_option(model: type[Model], name: str) -> bool:
    return name in {field.name for field in dataclasses.fields(model.Options)}


def places_of(
    experiment: Definition, roles: Sequence[str], setting: Setting, source: str = ""
) -> list[CorpusRole]:
    """Return what is trained on in a setting by roles; `source` is the one of "one source"."""
    sources = (source,) if source else setting.source
    names = {
        SOURCE: setting.source, OTHERS: setting.others, ONE_SOURCE: sources,
        TARGET: (setting.target,),
    }  # fmt: skip

    return [experiment.corpora[name] for role in roles for name in names[role]]


def shares_corpus(target: CorpusRole, places: Sequence[CorpusRole]) -> bool:
    """Whether some clips of the target's own corpus are trained on."""
    return any(in_corpus_of(target, task) for place in places for task in learnt_from(place))


def learnt_from(place: CorpusRole) -> tuple[str, ...]:
    """Return the tasks that a source gives to train and to validate on."""
    return (*place.train, *place.validate)


def in_corpus_of(target: CorpusRole, task: str) -> bool:
    """Whether a task is of the corpus that the target is of."""
    return lookup.task(task).corpus == lookup.task(target.test).corpus


def digest(value: object) -> str:
    """Return a short name for what is asked for."""
    # Shortened, as it stands in records; a table has hundreds, so no two will be the same.
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _without(task: str, target: CorpusRole, fold: str) -> str:
    """Return a task without a fold of the target, where it is of the target's corpus."""
    if not fold or not in_corpus_of(target, task):
        return task

    division, _, part = fold.rpartition(".")
    return f"{task}:{division}.not-{part}"
