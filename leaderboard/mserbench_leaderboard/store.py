"""The folder of accepted runs, `results/TASK/RUN/{run.json,predictions.csv}`, read as strangers'
data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mserbench.disk import folders, outside
from mserbench.disk.files import clear_leftovers, is_temporary, write_atomic
from mserbench.errors import DataError, UsageError, why
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
            f"run {str(folder)!r} cannot be accepted ({why(error)}): run or score it again"
        ) from error


def copy(entry: BoardRun, results: Path) -> Path:
    """Copy record and predictions of a run into the results, and nothing else of its folder.

    The run appears there whole, in the place of one of the same name.
    """
    target = results / entry.place
    with folders.whole(target) as work:
        for name in FILES:
            write_atomic(work / name, outside.read(entry.run.folder / name, LARGEST[name]))

    return target


@contextmanager
def tidied(results: Path) -> Iterator[None]:
    """Claim the results for this process, and remove what killed ones left half copied.

    Raises UsageError where another process is at work there.
    """
    results.mkdir(parents=True, exist_ok=True)
    try:
        with folders.alone_in(results):
            for task, _ in _folders(results):
                folders.clear_leftovers(task)
                for folder, fault in _folders(task):
                    _tidy([] if fault else [folder])

            yield
    except folders.Busy as error:
        raise UsageError(
            f"results {str(results)!r} are being written by another process: wait for it"
        ) from error


def _tidy(run_folders: list[Path]) -> None:
    for folder in run_folders:
        for name in FILES:
            clear_leftovers(folder / name)

        # Only a killed copy makes an empty one.
        if not os.listdir(folder):
            folder.rmdir()


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
            extra = [] if fault else sorted(filter(_is_strange, os.listdir(folder)))
            if extra:
                fault = (
                    f"run {str(folder)!r} holds {extra[0]!r}, but only "
                    f"{' and '.join(FILES)} belong there: remove it"
                )

            yield folder, fault


def _is_strange(name: str) -> bool:
    """Say whether a file belongs in no run: neither one of its own, nor one half written."""
    return name not in FILES and not any(is_temporary(name, Path(file)) for file in FILES)


def _folders(parent: Path) -> Iterator[tuple[Path, str]]:
    # Sorted, as the order of a folder is another on every machine.
    with os.scandir(parent) as listed:
        files = sorted(listed, key=lambda file: file.name)

    for file in files:
        # A link may lead out of the board, to bytes that nobody committed.
        if file.is_dir(follow_symlinks=False):
            # A copy that is being made, or that was killed, is no run yet.
            if not folders.is_half_made(file.name):
                yield Path(file.path), ""
        elif file.is_symlink() or not file.name.startswith("."):
            yield (
                Path(file.path),
                f"{file.path!r} is no folder, but results hold TASK/RUN folders only: remove it",
            )
