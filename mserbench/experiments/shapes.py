"""What an experiment is: corpora by a short name, settings, systems, and what a preset changes; no
behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Options = Mapping[str, Mapping[str, str]]  # by model, by option: as the command line gives them

SOURCE, OTHERS, TARGET, ONE_SOURCE = "source", "others", "target", "one source"
AVERAGE = "average"  # stands where a setting does
ROLES = (SOURCE, OTHERS, TARGET, ONE_SOURCE)


@dataclass(frozen=True)
class CorpusRole:
    """What a corpus is for an experiment: names of tasks.

    `train` and `validate` are those a source gives; `test` is asked where it is the target, and
    empty of one that is a source alone. `whole` is a task of all its clips, asked only of systems
    that were not trained on it. `folds` are parts such as `halves.a`: a system that is trained on
    clips of the target's own corpus, as the target or as one of its sources, is trained once a
    part, without it, and tested on that part. `build` is the command that makes it, of one that no
    plugin brings: it is then a folder of the user's.
    """

    name: str
    title: str
    train: tuple[str, ...]
    test: str
    validate: tuple[str, ...] = ()
    whole: str = ""
    folds: tuple[str, ...] = ()
    build: str = ""


@dataclass(frozen=True)
class Setting:
    """One column of a table: sources, further training corpora, and the target, by their short
    names.
    """

    name: str
    source: tuple[str, ...]
    target: str
    others: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One training of a chain: roles of a setting as in `System.train`, and options over the
    system's.
    """

    train: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class System:
    """One row of a table: a model with options, what it is trained on, and how it is asked.

    `options` decide the training; `asked` are those of the run alone: systems that differ in
    nothing else share their trainings. `train` holds roles of a setting: "source", "others";
    "target" alone makes an upper bound; "one source" alone means one training for each source, of
    which the row shows the mean; nothing, that the model is not trained. `stages`, if any, are
    trainings of which each goes on from the weights of the one before; `train` then holds the roles
    of all of them.
    """

    name: str
    title: str
    model: str
    train: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()

    @property
    def chain(self) -> tuple[Stage, ...]:
        """Its trainings in order: one where it has no stages, none where it is not trained."""
        if self.stages or not self.train:
            return self.stages
        return (Stage(self.train),)

    @property
    def sees_target(self) -> bool:
        """Whether it is trained on clips of the target: an upper bound."""
        return TARGET in self.train


@dataclass(frozen=True)
class Reported:
    """A number that somebody else published for a cell, as a percentage; `setting` may be
    `average`.
    """

    system: str
    setting: str
    metric: str
    value: float
    note: str


@dataclass(frozen=True)
class Spread:
    """Systems whose averages the page compares by mean, deviation, least and largest: how much a
    choice moves them.
    """

    title: str
    systems: tuple[str, ...]


@dataclass(frozen=True)
class Contrast:
    """Two systems that differ in one thing, which `title` names: the page shows the first minus the
    second.
    """

    title: str
    system: str
    reference: str


@dataclass(frozen=True)
class Definition:
    """A whole experiment, a preset and the wishes of the command line already put in."""

    name: str
    file: Path
    title: str
    text: str
    metrics: tuple[str, ...]
    tested: tuple[str, ...]  # metrics whose differences from the reference are shown
    labels: tuple[str, ...]
    seeds: tuple[int, ...]
    reference: str
    reported_title: str
    reported: tuple[Reported, ...]
    corpora: Mapping[str, CorpusRole]
    settings: tuple[Setting, ...]
    systems: tuple[System, ...]
    options: Options
    last_options: Options  # of a preset and the command line: stronger than all others
    spreads: tuple[Spread, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    preset: str = ""
    note: str = ""  # what the command line changed
    left_out: tuple[str, ...] = ()  # systems and settings that were not asked for
