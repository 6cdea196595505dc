"""The hooks a plugin may implement, and the typed records they return.

A record names its object by a `"package.module:attribute"` target, or `"package.module:TABLE[key]"`
for one of a dictionary. It is imported on first use only: a package that fails to import cannot
stop the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pluggy

PROJECT = "mserbench"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Entry:
    """What every record of a plugin holds: a name, where its object is, a title for listings."""

    name: str
    target: str
    title: str


@dataclass(frozen=True, slots=True)
class CorpusEntry(Entry):
    """A corpus: `target` is a `mserbench.contracts.Corpus`."""

    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskEntry(Entry):
    """A task: `target` is a `mserbench.contracts.Task`.

    Listings ask it for its corpus, languages and labels.
    """


@dataclass(frozen=True, slots=True)
class ModelEntry(Entry):
    """A model: `target` is a subclass of `mserbench.Model`.

    `needs` maps each optional package it imports to the extra that installs it. `weights` maps the
    names of weights that ship with the plugin to `"package:folder"`, the preferred first.
    `described` names a base class of the target that imports nothing heavy and has its options and
    its `describe`; without, the target is asked. `address` says to people what follows a colon in
    `--model NAME:REST`, such as `FOLDER`; the class then names the option that takes it
    (`Model.address`).
    """

    needs: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    described: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class CommandEntry(Entry):
    """A command of the command line: `target` is a `click.Command`.

    `group` is the heading under which `mserbench --help` shows it, one of its own such as "Score"
    or a new one; without, it stands under "Of plugins".
    """

    group: str = ""


@dataclass(frozen=True, slots=True)
class WeightsEntry(Entry):
    """Pretrained weights to build upon: `target` is a `mserbench.weights.record.Weights`."""


@dataclass(frozen=True, slots=True)
class ExperimentEntry(Entry):
    """A table of systems and settings: `target` is its definition, `"package:file.toml"`."""


@dataclass(frozen=True, slots=True)
class TranslatorEntry(Entry):
    """A translator of speech: `target` is a subclass of `mserbench.Translator`.

    `needs` maps each optional package it imports to the extra that installs it. `described` is as
    that of a model.
    """

    needs: Mapping[str, str] = field(default_factory=dict)
    described: str = ""


@hookspec
def register_corpora() -> Iterable[CorpusEntry]:  # type: ignore[empty-body]
    """Return the corpora this plugin can read."""


@hookspec
def register_tasks() -> Iterable[TaskEntry]:  # type: ignore[empty-body]
    """Return the tasks this plugin defines."""


@hookspec
def register_models() -> Iterable[ModelEntry]:  # type: ignore[empty-body]
    """Return the models this plugin brings."""


@hookspec
def register_commands() -> Iterable[CommandEntry]:  # type: ignore[empty-body]
    """Return the commands this plugin adds to `mserbench`."""


@hookspec
def register_weights() -> Iterable[WeightsEntry]:  # type: ignore[empty-body]
    """Return the pretrained weights this plugin knows by name."""


@hookspec
def register_experiments() -> Iterable[ExperimentEntry]:  # type: ignore[empty-body]
    """Return the experiments this plugin defines."""


@hookspec
def register_translators() -> Iterable[TranslatorEntry]:  # type: ignore[empty-body]
    """Return the translators of speech this plugin brings."""
