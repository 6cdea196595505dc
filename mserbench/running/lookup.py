"""Models by name: their record, their class, and the weights that ship with them."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
from pathlib import Path

from mserbench.errors import MissingExtra, PluginError, UnknownName
from mserbench.model import Model
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.plugins.packages import package_file


def model_entry(name: str) -> ModelEntry:
    """Return the record of the model of that name. Raises UnknownName."""
    return registry.entry(ModelEntry, name)


def model_class(name: str) -> type[Model]:
    """Return the class of the model of that name. Raises UnknownName, MissingExtra or
    PluginError.
    """
    return _class_of(model_entry(name))


def described_class(name: str) -> type[Model]:
    """Return the class that tells of the model of that name without what is heavy: a base of its
    class, or that itself.

    It has the options and the facts of the class, and cannot be made. Raises as `model_class`.
    """
    entry = model_entry(name)
    return _class_of(dataclasses.replace(entry, target=entry.described or entry.target))


def shipped_weights(entry: ModelEntry, name: str) -> Path:
    """Return the folder of weights that ship with a plugin. Raises UnknownName or PluginError."""
    if name not in entry.weights:
        raise UnknownName(f"weights of {entry.name!r}", name, entry.weights, "'mserbench models'")

    return package_file(entry.weights[name])


def adaptable() -> list[str]:
    """Return the names of the installed models that can be adapted, sorted.

    One that cannot be imported is left out: `mserbench models` says which, and why.
    """
    names = []
    for name in registry.entries(ModelEntry):
        # One plugin that is broken must not hide the models of others.
        with contextlib.suppress(PluginError, MissingExtra):
            if described_class(name).adapts:
                names.append(name)

    return sorted(names)


def _class_of(entry: ModelEntry) -> type[Model]:
    for package, extra in entry.needs.items():
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"model {entry.name!r}", package, extra)

    model: type[Model] = registry.resolve(entry)
    return model
