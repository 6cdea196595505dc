"""What plugins registered: entries by kind and name, each resolved to its object on first use."""

from __future__ import annotations

import functools
import importlib
from typing import Any, TypeVar

from mserbench.errors import PluginError, UnknownName
from mserbench.plugins import blame, loading
from mserbench.plugins.hookspecs import Entry
from mserbench.plugins.kinds import kind_of
from mserbench.plugins.packages import package_file

EntryT = TypeVar("EntryT", bound=Entry)

_REMEDY = "update or uninstall its plugin, or give --debug to see where"


@functools.cache
def installed(strict: bool = False) -> tuple[loading.Plugin, ...]:
    """Return all plugins of this environment, loaded once a process."""
    return tuple(loading.load_plugins(strict=strict))


def entries(record: type[EntryT]) -> dict[str, EntryT]:
    """Return the registered entries of one kind, which its record tells, by name, sorted."""
    registered = [
        entry for plugin in installed() for entry in plugin.entries if isinstance(entry, record)
    ]
    return {entry.name: entry for entry in sorted(registered, key=lambda entry: entry.name)}


def entry(record: type[EntryT], name: str) -> EntryT:
    """Return the entry of that kind and name. Raises UnknownName with the nearest names."""
    registered = entries(record)
    if name not in registered:
        kind = kind_of(record)
        raise UnknownName(kind.word, name, registered, kind.listed_by)

    return registered[name]


def resolve(entry: Entry) -> Any:
    """Return what an entry stands for, checked by its kind: an object, a class or a path.

    Raises PluginError where it cannot be imported or is something else.
    """
    kind = kind_of(type(entry))
    if kind.form == "file":
        return package_file(entry.target)

    target = load(entry.name, entry.target)
    expected = load(kind.word, kind.resolves)

    if kind.form == "subclass":
        # A class, since making a model loads its weights.
        if not (isinstance(target, type) and issubclass(target, expected)):
            public = f"mserbench.{expected.__name__}"
            raise PluginError(
                f"{kind.word} {entry.name!r}: its target {entry.target!r} is not a subclass of "
                f"{public}"
            )

        return target

    _require_instance(entry, target, expected)
    return target


def load(name: str, target: str) -> Any:
    """Return the object at `module:attribute` or `module:TABLE[key]`.

    Raises PluginError, which names `name`.
    """
    module, _, place = target.partition(":")
    attribute, bracket, key = place.partition("[")

    # Importing is running the plugin's code, which may even call sys.exit.
    with blame.blamed(f"{name!r}: its target {target!r} cannot be imported", advice=_REMEDY):
        value = getattr(importlib.import_module(module), attribute)
        return value[key.removesuffix("]")] if bracket else value


def _require_instance(entry: Entry, target: object, expected: type) -> None:
    """Raise PluginError where a target is of another class or name than its entry says."""
    if not isinstance(target, expected):
        raise PluginError(
            f"{entry.name!r}: its target {entry.target!r} is not a {expected.__name__}"
        )

    # A corpus has its name on its card; tasks, commands and weights have their own.
    own_name = getattr(getattr(target, "card", target), "name", None)
    if own_name != entry.name:
        raise PluginError(
            f"{entry.name!r}: its target {entry.target!r} calls itself by another name"
        )
