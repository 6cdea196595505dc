"""Corpora and tasks by name: installed, of a TOML file of one's own, and parts of tasks."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mserbench.contracts import FEWER, FROZEN, Corpus, Task
from mserbench.errors import MissingExtra, PluginError, UsageError
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import CorpusEntry, TaskEntry

if TYPE_CHECKING:
    from mserbench.data.own.definition import OwnTask

OWN = ".toml"  # the name of a corpus of one's own is the path of such a file
SET = "corpus.toml"  # or of a folder that holds this one
# By name: the file as it was typed, and the corpus that it describes.
_owned: dict[str, tuple[str, Corpus]] = {}
# Names that a table has for corpora of one's own, wherever those lie on this machine: the file, if
# it was read from one, and what it describes.
_meant: dict[str, tuple[str, OwnTask]] = {}


def corpus(name: str) -> Corpus:
    """Return the corpus of that name, or that a TOML file describes.

    Raises UnknownName, DataError or PluginError.
    """
    # A table's word for a set stands over a folder that may lie here by that name.
    if name in _meant:
        return _meant[name][1].corpus

    # Then what was read already: another folder of that name may lie here by chance.
    if name in _owned:
        return _owned[name][1]
    if file := own_file(name):
        return _own(file).corpus

    installed: Corpus = registry.resolve(registry.entry(CorpusEntry, name))
    return installed


def own_file(name: str) -> str:
    """Return the TOML file that a name means: its path, or that of a folder with `corpus.toml`;
    empty where it means none. Of a folder, the name of an installed corpus or task comes first.
    """
    if name.endswith(OWN):
        return name

    # Most names are installed: no disk is asked for them.
    is_installed = name in registry.entries(TaskEntry) or name in registry.entries(CorpusEntry)
    file = os.path.join(name, SET)
    return file if name and not is_installed and os.path.isfile(file) else ""


def family(name: str) -> str:
    """Return the name that related releases share, however it is spelt; of a corpus not installed
    here, its own.
    """
    from mserbench.data import names

    meant = names.installed(name)
    return name if meant is None else corpus(meant).card.same_as


def task(name: str, data: Path | None = None) -> Task:
    """Return the task of that name, of a TOML file, `TASK:PART` of a division of its corpus, or
    `TASK:frozen`, the subset of any of them for comparisons, or `TASK:labels(happy+sad)`, with
    some of its labels.

    `data` is where a subset is drawn from that no list tells, else $MSERBENCH_DATA.

    Raises UnknownName, DataError or PluginError.
    """
    if name in _meant:
        return _meant[name][1].task

    if name.endswith(FROZEN):
        from mserbench.data import frozen

        return frozen.subset_of(task(name.removesuffix(FROZEN)), data)

    if FEWER in name:
        from mserbench.data import fewer_labels

        if parts := fewer_labels.split(name):
            return fewer_labels.asked(task(parts[0], data), parts[1])

    if file := own_file(name):
        return _own(file).task

    whole, colon, part = name.partition(":")
    if colon:
        return _part_of(task(whole), part)

    installed: Task = registry.resolve(registry.entry(TaskEntry, name))
    return installed


def let_mean(name: str, own: str | OwnTask) -> None:
    """Let a name mean a corpus of one's own and its task, in this process: by its TOML file, or as
    it was described.

    Raises UsageError for the name of an installed corpus or task, and as `task`.
    """
    if name in registry.entries(CorpusEntry) or name in registry.entries(TaskEntry):
        raise UsageError(
            f"{name!r} is the name of an installed corpus or task: give the set another name"
        )

    if not isinstance(own, str):
        _meant[name] = "", own
    # Each job of a worker says so again, and a set may have a million rows.
    elif name not in _meant or _meant[name][0] != own:
        _meant[name] = own, _own(own)


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
        frozen="",  # that list is of the whole task
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
