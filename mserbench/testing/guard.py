"""Keeps labels out of a model's reach while it is checked, and tells what it reached for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry

# What joins audio with labels. A test holds that these modules exist: one that moved would be
# forbidden in vain.
JOINERS = ("mserbench.data.corpus", "mserbench.data.dataset", "mserbench.data.labelled")


def label_modules(model: type) -> tuple[str, ...]:
    """Return the modules a model must not reach: the core's joiners, and packages with corpora or
    tasks.

    The model's own package is left out: a plugin may bring a model and a task together.
    """
    targets = [entry.target for entry in registry.entries(CorpusEntry).values()]
    targets += [entry.target for entry in registry.entries(TaskEntry).values()]
    packages = {_package(target.partition(":")[0]) for target in targets}

    return (*JOINERS, *sorted(packages - {_package(model.__module__)}))


def held_at_import(model: type) -> list[str]:
    """Return the names in a model's module that are labelled things, or come from modules that hold
    them.

    A module that defines corpora or tasks beside the model is the author's own: those are left out.
    """
    forbidden = label_modules(model)
    names = vars(sys.modules[model.__module__]).items()
    return sorted(name for name, value in names if _is_of(forbidden, value))


@contextmanager
def out_of_reach(names: Sequence[str]) -> Iterator[list[str]]:
    """Make modules and what lies below them impossible to import; yields the list of what was asked
    for.
    """
    reached: list[str] = []
    hidden = {name: module for name, module in list(sys.modules.items()) if _below(name, names)}
    refusal = _Refusal(names, reached)

    # What was imported before goes too: else an import would be answered without a finder.
    for name in hidden:
        del sys.modules[name]
        _attribute(name, None)

    sys.meta_path.insert(0, refusal)
    try:
        yield reached
    finally:
        sys.meta_path.remove(refusal)
        # The same modules come back, as others hold classes of them.
        sys.modules.update(hidden)
        for name, module in hidden.items():
            _attribute(name, module)


class _Refusal:
    """A finder that refuses some modules and remembers that they were wanted."""

    def __init__(self, names: Sequence[str], reached: list[str]) -> None:
        self.names = names
        self.reached = reached

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if _below(name, self.names):
            # Noted here, as a model may catch the error and go on.
            self.reached.append(name)
            raise ImportError(f"{name!r} is out of a model's reach", name=name)

        return None


def _attribute(name: str, module: ModuleType | None) -> None:
    """Set or remove a module as attribute of its package: `from package import module` looks there
    first.
    """
    package, _, last = name.rpartition(".")
    parent = sys.modules.get(package)
    if parent is not None and module is not None:
        setattr(parent, last, module)
    elif parent is not None and last in vars(parent):
        delattr(parent, last)


def _below(name: str, names: Sequence[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in names)


def _is_of(forbidden: Sequence[str], value: object) -> bool:
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return isinstance(module, str) and _below(module, forbidden)


def _package(module: str) -> str:
    return module.partition(".")[0]
