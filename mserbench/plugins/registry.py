"""Names of corpora, tasks, models, weights, experiments and commands, each resolved to its object on first use."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import importlib.util
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mserbench.contracts import Corpus, Task
from mserbench.errors import MissingExtra, MserbenchError, PluginError, UnknownName, UsageError
from mserbench.model import Model
from mserbench.plugins import loading, misfits
from mserbench.plugins.hookspecs import (
    CommandEntry,
    CorpusEntry,
    Entry,
    ExperimentEntry,
    ModelEntry,
    TaskEntry,
    WeightsEntry,
)
from mserbench.plugins.packages import package_file

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from mserbench.data.own.definition import OwnTask
    from mserbench.weights.record import Weights

OWN = ".toml"  # the name of a corpus of one's own is the path of such a file
_owned: dict[str, tuple[str, Corpus]] = {}  # by name: the file as it was given, and what that describes

EntryT = TypeVar("EntryT", CorpusEntry, TaskEntry, ModelEntry, CommandEntry, WeightsEntry, ExperimentEntry)


@functools.cache
def installed(strict: bool = False) -> tuple[loading.Plugin, ...]:
    """Return all plugins of this environment, loaded once a process."""
    return tuple(loading.load_plugins(strict=strict))


def entries(kind: type[EntryT]) -> dict[str, EntryT]:
    """Return the registered entries of one kind by name, sorted."""
    found = [entry for plugin in installed() for entry in plugin.entries if isinstance(entry, kind)]
    return {entry.name: entry for entry in sorted(found, key=lambda entry: entry.name)}


def corpus(name: str) -> Corpus:
    """Return the corpus of that name, or that a TOML file describes. Raises UnknownName, DataError or PluginError."""
    if name.endswith(OWN):
        return _own(name).corpus
    if name in _owned:
        return _owned[name][1]
    return _resolve(_entry(CorpusEntry, "corpus", name, "'mserbench corpora'"), Corpus)


def family(name: str) -> str:
    """Return the name that a corpus and its related releases share; of a corpus not installed here, its own."""
    return corpus(name).card.same_as if name in entries(CorpusEntry) else name


def task(name: str) -> Task:
    """Return the task of that name, that a TOML file describes, or `TASK:PART` of a division of its corpus.

    Raises UnknownName, DataError or PluginError.
    """
    if name.endswith(OWN):
        return _own(name).task
    whole, colon, part = name.partition(":")
    if colon:
        return _part_of(_own(whole).task if whole.endswith(OWN) else task(whole), part)
    return _resolve(_entry(TaskEntry, "task", name, "'mserbench tasks'"), Task)


def _part_of(whole: Task, part: str) -> Task:
    """Return a part of a task; it takes the place of the part that the task may name itself."""
    from mserbench.data import divisions

    division, name, others = divisions.split_part(corpus(whole.corpus).card, part)
    full = f"{division}.{'not-' if others else ''}{name}"
    return dataclasses.replace(
        whole, name=f"{whole.name}:{part}", title=f"{whole.title}, part {full}", part=full, counts={}
    )


def _own(path: str) -> OwnTask:
    """Read a TOML file; its corpus is known by its name from then on, in this process."""
    from mserbench.data.own import definition

    found = definition.load(Path(path))
    taken = found.corpus.card.name in entries(CorpusEntry) or found.task.name in entries(TaskEntry)
    if taken:
        raise UsageError(
            f"{path}: the name {found.task.name!r} is that of an installed corpus or task: give another 'name'"
        )
    other = typed(found.corpus.card.name)
    if other.endswith(OWN) and Path(other).resolve() != Path(path).resolve():
        raise UsageError(
            f"{path}: the name {found.task.name!r} is that of {other!r} too: give one of the two another 'name'"
        )
    _owned[found.corpus.card.name] = (path, found.corpus)
    return found


def typed(name: str) -> str:
    """Return what a user types for a corpus: its name, or the file of one's own."""
    return _owned[name][0] if name in _owned else name


def model_entry(name: str) -> ModelEntry:
    """Return the record of the model of that name. Raises UnknownName."""
    return _entry(ModelEntry, "model", name, "'mserbench models'")


def model_class(name: str) -> type[Model]:
    """Return the class of the model of that name. Raises UnknownName, MissingExtra or PluginError."""
    return _class_of(model_entry(name))


def described_class(name: str) -> type[Model]:
    """Return the class that tells of the model of that name without what is heavy: a base of its class, or that itself.

    It has the options and the facts of the class, and cannot be made. Raises as `model_class`.
    """
    entry = model_entry(name)
    return _class_of(dataclasses.replace(entry, target=entry.described or entry.target))


def _class_of(entry: ModelEntry) -> type[Model]:
    for package, extra in entry.needs.items():
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"model {entry.name!r}", package, extra)
    target = _target(entry)
    if not (isinstance(target, type) and issubclass(target, Model)):
        raise PluginError(f"model {entry.name!r}: its target {entry.target!r} is not a subclass of mserbench.Model")
    return target


def command(name: str) -> click.Command:
    """Return the plugin command of that name. Raises UnknownName or PluginError."""
    import click

    return _resolve(_entry(CommandEntry, "command", name, "'mserbench --help'"), click.Command)


def weights(name: str) -> Weights:
    """Return the record of the pretrained weights of that name. Raises UnknownName or PluginError."""
    from mserbench.weights.record import Weights

    return _resolve(_entry(WeightsEntry, "weights", name, "'mserbench weights list'"), Weights)


def assembler(record: Weights) -> Callable[[Path, Path], None]:
    """Return the function that makes weights ready. Raises MissingExtra or PluginError."""
    for package, extra in record.needs.items():
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"making weights {record.name!r} ready", package, extra)
    found = _target(WeightsEntry(record.name, record.assemble, record.title))
    if not callable(found):
        raise PluginError(f"weights {record.name!r}: {record.assemble!r} is not a function")
    return found


def experiment_file(name: str) -> Path:
    """Return the file of the experiment of that name, or the TOML file itself. Raises UnknownName, PluginError."""
    if name.endswith(OWN):
        return Path(name)
    return package_file(_entry(ExperimentEntry, "experiment", name, "'mserbench experiment'").target)


def shipped_weights(entry: ModelEntry, name: str) -> Path:
    """Return the folder of weights that ship with a plugin. Raises UnknownName or PluginError."""
    if name not in entry.weights:
        raise UnknownName(f"weights of {entry.name!r}", name, entry.weights, "'mserbench models'")
    return package_file(entry.weights[name])


def make_options(model: type[Model], given: dict[str, str], name: str) -> Any:
    """Turn `--option key=value` strings into the model's options dataclass.

    Raises UsageError for an option that the model does not have or a value of the wrong type.
    """
    kinds = typing.get_type_hints(model.Options)
    values = {}
    for key, text in given.items():
        if key not in kinds:
            raise UnknownName(f"option of model {name!r}", key, kinds, f"'mserbench models {name}'")
        try:
            values[key] = _convert(kinds[key], text)
        except (KeyError, ValueError) as error:
            raise UsageError(
                f"option {key!r} of model {name!r} is {text!r}, but {type_name(kinds[key])} was expected"
            ) from error
    try:
        return model.Options(**values)
    except (TypeError, ValueError) as error:
        raise UsageError(f"options of model {name!r} are not valid: {error}") from error


def type_name(kind: Any) -> str:
    """Return how a person reads the type of an option: `float or none`, `training or speaker`."""
    choices = typing.get_args(kind)
    if not choices:
        return "none" if kind is type(None) else str(getattr(kind, "__name__", kind))
    return " or ".join(choice if isinstance(choice, str) else type_name(choice) for choice in choices)


def _convert(kind: Any, text: str) -> object:
    choices = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return {str(choice): choice for choice in choices}[text]
    if choices:  # a union: the first kind that takes the text
        if type(None) in choices and text.lower() == "none" and not any("none" in typing.get_args(c) for c in choices):
            return None
        for choice in choices:
            with contextlib.suppress(KeyError, ValueError):
                return _convert(choice, text)
        raise ValueError(text)
    if kind is type(None):
        raise ValueError(text)
    if kind is bool:
        return {"true": True, "false": False}[text.lower()]
    return kind(text)


def _entry(kind: type[EntryT], word: str, name: str, listing: str) -> EntryT:
    known = entries(kind)
    if name not in known:
        raise UnknownName(word, name, known, listing)
    return known[name]


T = TypeVar("T")


def _resolve(entry: Entry, kind: type[T]) -> T:
    found = _target(entry)
    if not isinstance(found, kind):
        raise PluginError(f"{entry.name!r}: its target {entry.target!r} is not a {kind.__name__}")
    if getattr(getattr(found, "card", found), "name", None) != entry.name:
        raise PluginError(f"{entry.name!r}: its target {entry.target!r} calls itself by another name")
    return found


def _target(entry: Entry) -> object:
    module, _, attribute = entry.target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (MserbenchError, KeyboardInterrupt):
        raise
    except BaseException as error:  # importing is running the plugin's code, which may even call sys.exit
        misfits.refuse(error)
        raise PluginError(
            f"{entry.name!r}: its target {entry.target!r} cannot be imported ({type(error).__name__}: {error})"
        ) from error
