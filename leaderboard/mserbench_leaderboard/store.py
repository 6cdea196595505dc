"""The folder of accepted runs, `results/TASK/RUN/{run.json,predictions.csv}`, read as strangers'
data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mserbench.disk import outside
from mserbench.disk.files import write_atomic
from mserbench.errors import DataError
from mserbench.results import runs
from mserbench_leaderboard.entries import BoardRun, Items, entry_of

RESULTS = "results"

# In the order in which they are written: a folder with a record is complete.
FILES = (runs.PREDICTIONS, runs.RECORD)

# Bytes; the largest known corpora need a tenth.
LARGEST = {runs.RECORD: 8_000_000, runs.PREDICTIONS: 64_000_000}
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,149}")


def collect(results: Path) -> tuple[list[BoardRun], list[str]]:
    """Read every run below `results`, sorted by place; return entries, and a sentence for each
    fault.

    Runs over the same clips share one `Items`. Nothing is followed that is a link, and nothing is
    skipped but hidden files.
    """
    entries, problems = [], []
    shared: dict[Items, Items] = {}
    for folder, problem in _run_folders(results):
        if problem:
            problems.append(problem)
            continue

        try:
            entry = load(folder, folder.parent.name)
        except DataError as error:
            problems.append(str(error))
        else:
            entries.append(replace(entry, items=shared.setdefault(entry.items, entry.items)))

    return entries, problems


def load(folder: Path, task: str | None = None) -> BoardRun:
    """Read one run folder, which must hold a run of `task`, if given. Raises DataError with one
    sentence.
    """
    try:
        _check_sizes(folder)
        run = runs.read(folder)
        name = run.record.task.name
        if not NAME.fullmatch(name) or not NAME.fullmatch(folder.name) or task not in (None, name):
            raise ValueError(
                f"its task is {name[:60]!r}, "
                f"but a run lies in {RESULTS}/TASK/RUN, each a plain name"
            )

        return entry_of(
            run,
            f"{name}/{folder.name}",
            outside.read(folder / runs.PREDICTIONS, LARGEST[runs.PREDICTIONS]),
        )
    except (ValueError, OSError) as error:
        raise DataError(
            f"run {str(folder)!r} cannot be accepted ({error}): run or score it again"
        ) from error


def copy(entry: BoardRun, results: Path) -> Path:
    """Copy record and predictions of a run into the results, and nothing else of its folder."""
    target = results / entry.place
    for name in FILES:
        write_atomic(target / name, (entry.run.folder / name).read_bytes())

    return target


def _check_sizes(folder: Path) -> None:
    for name, largest in LARGEST.items():
        path = folder / name
        if path.is_file() and path.stat().st_size > largest:
            raise ValueError(f"{name} has more than {largest:,} bytes")


def _run_folders(results: Path) -> Iterator[tuple[Path, str]]:
    for task, problem in _folders(results):
        if problem:
            yield task, problem
            continue

        for folder, fault in _folders(task):
            extra = [] if fault else sorted(set(os.listdir(folder)) - set(FILES))
            if extra:
                fault = (
                    f"run {str(folder)!r} holds {extra[0]!r}, but only "
                    f"{' and '.join(FILES)} belong there: remove it"
                )

            yield folder, fault


def _folders(parent: Path) -> Iterator[tuple[Path, str]]:
    # Sorted, as the order of a folder is another on every machine.
    with os.scandir(parent) as listed:
        files = sorted(listed, key=lambda file: file.name)

    for file in files:
        # A link may lead out of the board, to bytes that nobody committed.
        if file.is_dir(follow_symlinks=False):
            yield Path(file.path), ""
        elif file.is_symlink() or not file.name.startswith("."):
            yield (
                Path(file.path),
                f"{file.path!r} is no folder, but results hold TASK/RUN folders only: remove it",
            )
