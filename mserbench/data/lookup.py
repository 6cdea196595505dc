"""Corpora and tasks by name: installed, of a TOML file of one's own, and parts of tasks."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.contracts import FROZEN, Corpus, Task
from mserbench.errors import MissingExtra, PluginError, UsageError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry

if TYPE_CHECKING:
    from mserbench.data.own.definition import OwnTask

OWN = ".toml"  # the name of a corpus of one's own is the path of such a file
# By name: the file as it was typed, and the corpus that it describes.
_owned: dict[str, tuple[str, Corpus]] = {}


def corpus(name: str) -> Corpus:
    """Return the corpus of that name, or that a TOML file describes.

    Raises UnknownName, DataError or PluginError.
    """
    if name.endswith(OWN):
        return _own(name).corpus

    if name in _owned:
        return _owned[name][1]

    installed: Corpus = registry.resolve(registry.entry(CorpusEntry, name))
    return installed


def family(name: str) -> str:
    """Return the name that related releases share, however it is spelt; of a corpus not installed
    here, its own.
    """
    from mserbench.data import names

    meant = names.installed(name)
    return name if meant is None else corpus(meant).card.same_as


def task(name: str) -> Task:
    """Return the task of that name, of a TOML file, `TASK:PART` of a division of its corpus, or
    `TASK:frozen`, the subset of any of them for comparisons.

    Raises UnknownName, DataError or PluginError.
    """
    if name.endswith(FROZEN):
        from mserbench.data import frozen

        return frozen.subset_of(task(name.removesuffix(FROZEN)))

    if name.endswith(OWN):
        return _own(name).task

    whole, colon, part = name.partition(":")
    if colon:
        return _part_of(task(whole), part)

    installed: Task = registry.resolve(registry.entry(TaskEntry, name))
    return installed


def tasks_of(corpus_name: str) -> dict[str, str]:
    """Return the titles of the installed tasks of a corpus by their names, sorted.

    A task that cannot be imported is left out: `mserbench tasks` says which, and why.
    """
    titles = {}
    for name in registry.entries(TaskEntry):
        # One plugin that is broken must not hide the tasks of others.
        with contextlib.suppress(PluginError, MissingExtra):
            installed = task(name)
            if installed.corpus == corpus_name:
                titles[name] = installed.title

    return titles


def typed(name: str) -> str:
    """Return what a user types for a corpus: its name, or the file of one's own."""
    return _owned[name][0] if name in _owned else name


def _part_of(whole: Task, part: str) -> Task:
    """Return a part of a task; it takes the place of the part that the task may name itself."""
    from mserbench.data import divisions

    division, name, negated = divisions.split_part(corpus(whole.corpus).card, part)
    full = f"{division}.{'not-' if negated else ''}{name}"
    return dataclasses.replace(
        whole,
        name=f"{whole.name}:{part}",
        title=f"{whole.title}, part {full}",
        part=full,
        counts={},
    )


def _own(path: str) -> OwnTask:
    """Read a TOML file; its corpus is known by its name from then on, in this process."""
    from mserbench.data.own import definition

    described = definition.load(Path(path))
    name = described.corpus.card.name

    installed = name in registry.entries(CorpusEntry) or described.task.name in registry.entries(
        TaskEntry
    )
    if installed:
        raise UsageError(
            f"{path}: the name {described.task.name!r} is that of an installed corpus or task: "
            "give another 'name'"
        )

    # Two files with one name would share their runs and cached facts.
    owner = typed(name)
    if owner.endswith(OWN) and Path(owner).resolve() != Path(path).resolve():
        raise UsageError(
            f"{path}: the name {described.task.name!r} is that of {owner!r} too: give one of the "
            "two another 'name'"
        )

    _owned[name] = (path, described.corpus)
    return described
