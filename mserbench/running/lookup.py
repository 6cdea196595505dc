"""Models by name, or by name and address: their record, their class, and the weights that ship with
them.

An address is what follows a colon, `hf:FOLDER`: the option that the class names in `address` then
has it. Whatever takes a name takes both.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
from collections.abc import Mapping
from pathlib import Path

from mserbench.errors import MissingExtra, PluginError, UnknownName, UsageError
from mserbench.model import Model
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.plugins.packages import package_file


def model_entry(name: str) -> ModelEntry:
    """Return the record of the model of that name, with or without an address.

    Raises UnknownName, UsageError for an address behind a name that takes none.
    """
    bare, colon, address = name.partition(":")
    if not colon:
        return registry.entry(ModelEntry, name)

    entry = registry.entries(ModelEntry).get(bare)
    if entry is None:
        forms = ", ".join(_forms()) or "none"
        raise UsageError(
            f"model {name!r}: {bare!r} before the colon is no model that takes an address, of "
            f"which there are: {forms}; 'mserbench models' lists all"
        )
    if not address.strip():
        raise UsageError(f"model {name!r}: nothing follows the colon, give {_form(entry)}")

    return entry


def addressed(model: str, options: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the name of a model without its address, and its options with it.

    Raises UnknownName, UsageError for an address behind a name that takes none or beside the
    option that it stands for, and as `described_class`.
    """
    bare, colon, address = model.partition(":")
    if not colon:
        return model, dict(options)

    option = described_class(model).address
    if not option:
        raise UsageError(
            f"model {bare!r} takes no address: leave {':' + address!r} away, or take one of "
            f"{', '.join(_forms()) or 'none'}"
        )
    if options.get(option, address) != address:
        raise UsageError(
            f"--model {model} and --option {option}={options[option]} name different things: "
            f"leave one away"
        )

    return bare, {**options, option: address.strip()}


def _forms() -> list[str]:
    """Return how models that take an address are typed."""
    return [_form(entry) for entry in registry.entries(ModelEntry).values() if entry.address]


def _form(entry: ModelEntry) -> str:
    return f"{entry.name}:{entry.address or 'ADDRESS'}"


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
