"""The record of pretrained weights by their name, and the function that makes them ready."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from mserbench.errors import MissingExtra, PluginError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import WeightsEntry
from mserbench.weights.record import Weights


def weights_names() -> list[str]:
    """Return the names of all registered weights, sorted."""
    return list(registry.entries(WeightsEntry))


def weights_named(name: str) -> Weights:
    """Return the record of the pretrained weights of that name. Raises UnknownName or
    PluginError.
    """
    record: Weights = registry.resolve(registry.entry(WeightsEntry, name))
    return record


def assembler(record: Weights) -> Callable[[Path, Path], None]:
    """Return the function that makes weights ready. Raises MissingExtra or PluginError."""
    for package, extra in record.needs.items():
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"making weights {record.name!r} ready", package, extra)

    function: Callable[[Path, Path], None] = registry.load(record.name, record.assemble)
    if not callable(function):
        raise PluginError(f"weights {record.name!r}: {record.assemble!r} is not a function")

    return function
