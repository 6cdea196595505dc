"""Translators by name: their class, their options as they are typed, the devices they may have."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Mapping
from typing import Any

from mserbench.errors import DataError, MissingExtra, why
from mserbench.options import make_options
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import TranslatorEntry
from mserbench.running.source import files_of
from mserbench.translator import Translator
from mserbench.weights import lookup
from mserbench.weights.named import weights_names


def translator_class(name: str) -> type[Translator]:
    """Return the class of the translator of that name.

    Raises UnknownName, MissingExtra where a package that it needs is absent, or PluginError.
    """
    entry = registry.entry(TranslatorEntry, name)
    for package, extra in entry.needs.items():
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(f"translator {name!r}", package, extra)

    translator: type[Translator] = registry.resolve(entry)
    return translator


def translator_options(name: str, texts: Mapping[str, str]) -> Any:
    """Return `KEY=VALUE` options as the translator of that name takes them.

    Raises UsageError for one that it does not have or a value of the wrong type, and as
    `translator_class`.
    """
    return make_options(translator_class(name), texts, name, kind="translator")


def inputs_of(kind: type[Translator], options: Any) -> dict[str, str]:
    """Return digests of what options name, by the option: files, folders, registered weights.

    Two sets by the same options are one only where these are equal. Raises DataError where weights
    are not on this machine, or a file cannot be read.
    """
    try:
        digests = files_of(options, without=kind.by_name_alone)
    except OSError as error:
        raise DataError(
            f"what an option of {kind.__name__} names cannot be read ({why(error)}): mend that, or "
            "name another"
        ) from error

    names = weights_names()
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if field.name not in digests and value in names:
            digests[field.name] = lookup.digest(value)

    return digests


def devices_of(kind: type[Translator]) -> tuple[str, ...]:
    """Return what the workers of a translator run on, as an engine takes it: the GPUs where it can
    use one and the engine finds one, else `cpu`.
    """
    return ("auto",) if "cuda" in kind.devices else ("cpu",)
