"""A stranger's folder, before anything in it is believed: its files, and what its card says."""

from __future__ import annotations

import difflib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mserbench.disk import outside
from mserbench.errors import DataError, MserbenchError, escaped, why
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results import own_cards
from mserbench.results.exposure import VERDICTS
from mserbench_leaderboard import store

CARD, README = "card.json", "README.md"
TABLES = (".csv", ".tsv", ".jsonl")
MOST = {CARD: 1_000_000, README: 100_000}  # bytes
LARGEST = 64_000_000  # bytes of a predictions file; those of the largest task need a tenth
FILES = 50  # there are not so many tasks

KEYS = (
    "title", "version", "licence", "citation", "exposure", "exposure_complete", "development",
    "recipe", "tasks", "verdict",
)  # fmt: skip

_CLAIM = re.compile(r"zero[\s-]?shot", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|no|never|non|isn't|nor)\b", re.IGNORECASE)


@dataclass
class Offered:
    """What a folder holds: `tables` by the task that each is named after; what is wrong so far.

    `claims` are (where, verdict) for what card and README say themselves; `versions` the version or
    hash of each task that the card names.
    """

    folder: Path
    tables: dict[str, Path] = field(default_factory=dict)
    card: Path | None = None
    claims: list[tuple[str, str]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the model is called: as its folder."""
        return self.folder.absolute().name


def read(folder: Path) -> Offered:
    """Look at a folder and its card; predictions are not opened yet.

    Raises DataError where it is no folder, cannot be listed, or holds no predictions.
    """
    if not folder.is_dir():
        raise DataError(
            f"submission {str(folder)!r} is no folder: give one with {CARD} and TASK.csv"
        )

    offered = Offered(folder.resolve() if folder.name in ("", "..") else folder)
    _look_at_name(offered)
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"submission {str(folder)!r} cannot be read: {error.strerror}") from error

    for entry in entries[:FILES]:
        if fault := _fault(entry):
            offered.findings.append(f"{entry.path!r} {fault}")
        elif entry.name == CARD:
            offered.card = Path(entry.path)
        elif entry.name != README:
            _take_table(offered, Path(entry.path))

    if len(entries) > FILES:
        offered.findings.append(
            f"submission {str(folder)!r} holds {len(entries):,} files, but {FILES} at most were "
            f"expected: keep {CARD}, {README} and one predictions file a task"
        )
    if not offered.tables and not offered.findings:
        raise DataError(
            f"submission {str(folder)!r} holds no predictions: name a file after each task, such "
            f"as ravdess.csv"
        )

    _look_at_card(offered)
    _look_at_readme(offered)
    return offered


def _look_at_name(offered: Offered) -> None:
    if not store.NAME.fullmatch(offered.name):
        offered.findings.append(
            f"folder {offered.name!r} is what the model would be called: give it letters, digits, "
            f"'-', '_' and '.'"
        )
    elif offered.name in registry.entries(ModelEntry):
        # The board would take it for ours, and a floor of that name is not looked at.
        offered.findings.append(
            f"folder {offered.name!r} has the name of a model that is installed here: give another"
        )


def _fault(entry: os.DirEntry[str]) -> str:
    """Return what is wrong with a file of the folder, without opening it; "" for nothing."""
    name = entry.name
    is_known = name in MOST or Path(name).suffix in TABLES
    if entry.is_symlink():
        return "is a link, and may lead to any file: put the file there itself"
    if not is_known or name.startswith("."):
        return (
            f"does not belong there: a submission holds {CARD}, {README} and predictions named "
            f"after their task ({', '.join(f'TASK{suffix}' for suffix in TABLES)})"
        )

    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        return "is no plain file: put one there"

    most = MOST.get(name, LARGEST)
    if status.st_size > most:
        return f"has {status.st_size:,} bytes, but {most:,} at most were expected"
    return ""


def _take_table(offered: Offered, path: Path) -> None:
    if path.stem in offered.tables:
        offered.findings.append(
            f"task {path.stem!r} has two files, {offered.tables[path.stem].name!r} and "
            f"{path.name!r}: keep one"
        )
    else:
        offered.tables[path.stem] = path


def _look_at_card(offered: Offered) -> None:
    """Read what the card says beyond what a verdict is computed from; that it is one at all."""
    if offered.card is None:
        offered.findings.append(
            f"submission {str(offered.folder)!r} holds no {CARD} that can be read: say there what "
            f"the model was trained on (docs/your-predictions.md), else the verdict is 'unknown'"
        )
        return

    try:
        # A name that none can have is a finding of its own.
        own_cards.read_card(offered.card, "card")
        record = json.loads(outside.read(offered.card, MOST[CARD]).decode("utf-8-sig"))
    except (MserbenchError, OSError, ValueError) as error:
        offered.findings.append(why(error))
        offered.card = None
        return

    name = f"model card {str(offered.card)!r}"
    offered.findings += _unknown_keys(name, record)
    offered.findings += _unfit_texts(name, record)
    claim = record.get("verdict")
    if claim is not None and claim not in VERDICTS:
        offered.findings.append(
            f"{name}: 'verdict' is {str(claim)[:60]!r}, but must be one of {', '.join(VERDICTS)}"
        )
    elif claim is not None:
        offered.claims.append((name, claim))

    versions = record.get("tasks", {})
    if isinstance(versions, dict):
        offered.versions = {task: str(version) for task, version in versions.items()}
    else:
        offered.findings.append(
            f"{name}: 'tasks' must be an object of tasks with the version or hash that was answered"
        )


def _unknown_keys(name: str, record: dict[str, Any]) -> Iterator[str]:
    # A misspelt list of exposures would be an empty one.
    for key in record:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f": did you mean {near[0]!r}?" if near else f": leave it, or use {README}"
            yield f"{name} has the key {key[:60]!r}, which none reads{hint}"


def _unfit_texts(name: str, record: Any) -> list[str]:
    """Return a sentence where a text holds signs that a terminal or a page obeys."""
    if isinstance(record, dict):
        return [fault for pair in record.items() for part in pair for fault in
                _unfit_texts(name, part)]  # fmt: skip
    if isinstance(record, list):
        return [fault for part in record for fault in _unfit_texts(name, part)]

    if isinstance(record, str) and escaped(record) != record:
        return [
            f"{name} holds {escaped(record)[:60]!r} with signs that cannot be seen, such as those "
            f"that turn the direction of text: remove them"
        ]
    return []


def _look_at_readme(offered: Offered) -> None:
    path = offered.folder / README
    if not path.is_file() or path.is_symlink():
        return

    try:
        text = outside.read(path, MOST[README]).decode("utf-8")
    except (OSError, ValueError) as error:
        offered.findings.append(
            f"{str(path)!r} is no text in UTF-8 ({why(error)}): save it as such"
        )
        return

    offered.findings += _unfit_texts(repr(str(path)), text)
    # "It is not zero-shot" claims nothing.
    sentences = re.split(r"[.!?\n]", text)
    if any(_CLAIM.search(part) and not _DENIED.search(part) for part in sentences):
        offered.claims.append((repr(str(path)), "zero-shot"))
