"""Corpora that a table wants and its user makes: by which command, where each lies, what stands for
one that is not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mserbench.cards import CorpusCard
from mserbench.contracts import Corpus, Task
from mserbench.data import lookup
from mserbench.errors import DataError, UsageError
from mserbench.experiments.shapes import Definition
from mserbench.labels import CANONICAL

Files = tuple[tuple[str, str], ...]  # names of sets, and their TOML files, absolute


def builds(experiment: Definition) -> dict[str, str]:
    """Return the commands that make the sets of a table, by the names that it has them by."""
    used = {
        name
        for setting in experiment.settings
        for name in (*setting.source, *setting.others, setting.target)
    }
    places = [experiment.corpora[name] for name in sorted(used) if name in experiment.corpora]
    return {
        task.partition(":")[0]: place.build
        for place in places
        if place.build
        for task in (*place.train, *place.validate, place.test)
        if task
    }


def find(experiment: Definition, folders: Mapping[str, str], data: Path | None) -> Files:
    """Return where the sets of a table lie, and let their names mean them in this process.

    A set is at the place that `folders` gives, else in the folder of its name here or in the data
    folder; one that is in neither is left out. Raises UsageError for a folder of no set of the
    table, DataError where a given one holds none.
    """
    commands = builds(experiment)
    for name in folders:
        if name not in commands:
            names = ", ".join(commands) or "none"
            raise UsageError(
                f"--source {name}={folders[name]} is for no set of this table, which has {names}: "
                f"leave it away"
            )

    files = []
    for name, command in commands.items():
        places = [Path(folders[name])] if name in folders else [Path(name)]
        places += [data / name] if data and name not in folders else []
        here = [file for file in map(_file, places) if file.is_file()]
        if name in folders and not here:
            raise DataError(
                f"--source {name}={folders[name]} holds no set, as there is no {lookup.SET!r}: "
                f"give the folder of one that is built, or build it: {command}"
            )

        files += [(name, str(file.absolute())) for file in here[:1]]

    announce(files)
    return tuple(files)


def announce(files: Iterable[tuple[str, str]]) -> None:
    """Let names of sets mean their files in this process, such as a worker's."""
    for name, file in files:
        lookup.let_mean(name, file)


def stand_in(experiment: Definition) -> None:
    """Let names of sets mean empty corpora, so that a table can be planned before they are made."""
    from mserbench.data.own.definition import OwnTask

    labels = experiment.labels or CANONICAL
    for name, command in builds(experiment).items():
        card = CorpusCard(
            name=name,
            title=name,
            languages=(),
            speakers=None,
            licence="those of its sources",
            access="open",
            source=command,
            how_to_get=command,
            unpack="give its folder by --source",
            citation="",
            counts={},
        )
        task = Task(name, name, name, (), labels, {label: label for label in labels})
        lookup.let_mean(name, OwnTask(Corpus(card, lambda tree: ()), task))


def told(missing: Iterable[str], commands: Mapping[str, str]) -> str:
    """Say how the missing sets are made, one clause each; empty where none is a set."""
    return "; ".join(
        f"{name} is made by '{commands[name]}' and looked for in this folder, in the data folder, "
        f"and where --source {name}=FOLDER says"
        for name in missing
        if name in commands
    )


def _file(place: Path) -> Path:
    return place if place.name.endswith(lookup.OWN) else place / lookup.SET
