"""The six hooks a plugin may implement, and the typed records they return.

A record names its object by a `"package.module:attribute"` target, which is imported on first use only:
listing what is installed stays fast, and a package that fails to import cannot stop the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pluggy

PROJECT = "mserbench"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class CorpusEntry:
    """A corpus: `target` is a `mserbench.contracts.Corpus`."""

    name: str
    target: str
    title: str
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task: `target` is a `mserbench.contracts.Task`; the rest repeats it for listings."""

    name: str
    target: str
    title: str
    corpus: str = ""
    languages: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    clips: int | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model: `target` is a subclass of `mserbench.Model`.

    `needs` maps each optional package it imports to the extra that installs it. `weights` maps the names of
    weights that ship with the plugin to `"package:folder"`, the preferred first. `described` names a base class
    of the target that imports nothing heavy and has its options and its `describe`; without, the target is asked.
    """

    name: str
    target: str
    title: str
    needs: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    described: str = ""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command of the command line: `target` is a `click.Command`."""

    name: str
    target: str
    title: str


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """Pretrained weights that models are built upon: `target` is a `mserbench.weights.record.Weights`."""

    name: str
    target: str
    title: str


@dataclass(frozen=True, slots=True)
class ExperimentEntry:
    """A table of systems and settings: `target` is its definition, `"package:file.toml"`."""

    name: str
    target: str
    title: str


Entry = CorpusEntry | TaskEntry | ModelEntry | CommandEntry | WeightsEntry | ExperimentEntry


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
