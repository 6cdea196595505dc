"""The TOML file of a corpus of one's own, its keys checked all at once, faults by line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mserbench.cards import Exposure
from mserbench.data.own import heard, one_hot
from mserbench.data.own.keys import NAME, TEXTS, Fault, faults, is_text
from mserbench.data.own.paths import composed
from mserbench.data.own.wording import shown
from mserbench.disk import outside
from mserbench.errors import DataError, why
from mserbench.labels import DROP

SET = "corpus.toml"  # in a folder that is given in place of a file
_ASSIGNED = re.compile(r"\s*(?P<key>[^=#]+?)\s*=")
_MOST_PARTS = 200
_NESTED = re.compile(rf"(?<![\w-])(?:[\w-]+[\"']?[ \t]*\.[ \t]*[\"']?){{{_MOST_PARTS}}}")
_DEEPEST = 4  # parts of a key whose line is kept; ours have two
_LISTED = 50  # problems that an error shows
_LONGEST = 1_000  # characters of a key that is looked at for its line
_HEADER = re.compile(r"\s*\[{1,2}(?P<key>[^\[\]]+)\]{1,2}\s*(?:#.*)?")


@dataclass(frozen=True)
class Settings:
    """The file as read and checked; `audio` is an existing folder, other paths are as written."""

    path: Path
    name: str
    audio: Path
    labels: Mapping[str, str]
    title: str = ""
    languages: tuple[str, ...] = ()  # empty where a column or an audformat header names them
    licence: str = "unknown"
    tables: tuple[str, ...] = ()
    pattern: str = ""
    audformat: str = ""
    parquet: str = ""
    citation: str = ""
    family: str = ""
    version: int = 1
    synthetic: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    one_hot: tuple[str, ...] = ()  # columns that hold 1 for their label, where each has its own
    strip: str = ""  # what paths of the table begin with on another machine
    units_per_second: float = 1.0  # of the times in the table: 1000 where they are milliseconds
    select: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    adapt: str = ""  # whose clips a model may hear before, as in `Task`
    derived_corpora: tuple[str, ...] = ()  # not installed, that speech is made from
    # Of what made the speech; complete is None where the file says nothing of it.
    exposure: tuple[Exposure, ...] = ()
    exposure_complete: bool | None = None
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict, repr=False)

    @property
    def task_labels(self) -> tuple[str, ...]:
        """The labels of the task, in the order of the map."""
        return tuple(dict.fromkeys(label for label in self.labels.values() if label != DROP))

    def error(self, key: Sequence[str], sentence: str) -> str:
        """Return a sentence that begins with file, line and key."""
        return _place(self.path, self.lines, key) + sentence


def read(path: Path) -> Settings:
    """Read a file. Raises DataError with every fault of its keys."""
    try:
        data = outside.read(path, outside.SETTINGS)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}): 'mserbench init-task FOLDER' writes one"
        ) from error

    return parse(data, path)


def parse(data: bytes, path: Path) -> Settings:
    """Check the bytes of a file, whose paths are relative to `path`.

    Raises DataError with every fault.
    """
    try:
        text = data.decode("utf-8-sig")
        if _NESTED.search(text):  # reading it takes minutes: the time grows with the square
            raise DataError(f"{path}: has a key of {_MOST_PARTS} parts or more: ours have two")

        record = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: is not UTF-8 text (byte {error.start}): save it as UTF-8"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not valid TOML: {why(error)}") from error

    lines = _lines(text)
    problems = [
        _place(path, lines, key) + sentence
        for key, sentence in (*faults(record), *_path_faults(record, path))
    ]
    raise_all(path, problems)
    simple = (*TEXTS, "version", "synthetic", "units_per_second", "adapt")
    plain = {key: record[key] for key in simple if key in record}
    columns = dict(record.get("columns", {}))
    apart = columns.get("label")
    if isinstance(apart, list):
        columns["label"] = one_hot.column(apart)

    return Settings(
        **{
            "name": _default_name(path),
            **plain,
            "path": path,
            "audio": _audio(record, path),
            "columns": columns,
            "one_hot": tuple(apart) if isinstance(apart, list) else (),
            "labels": {
                composed(raw): DROP if label == "DROP" else label
                for raw, label in record["labels"].items()
            },
            "languages": _tuple(record.get("language", ())),
            "tables": _tuple(record.get("table", ())),
            "derived_corpora": _tuple(record.get("derived_corpora", ())),
            "exposure": heard.read(record),
            "exposure_complete": heard.is_complete(record),
            "select": {key: _tuple(values) for key, values in record.get("select", {}).items()},
            "lines": lines,
        }
    )


def _tuple(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def raise_all(path: Path, problems: Sequence[str]) -> None:
    """Raise DataError with the problems of a file, one a line; do nothing without any."""
    if len(problems) == 1:
        raise DataError(problems[0])
    if problems:
        more = f"\n  - and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
        raise DataError(
            f"{path} has {len(problems)} problems:"
            + "".join(f"\n  - {problem}" for problem in problems[:_LISTED])
            + more
        )


def _path_faults(record: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    """Yield faults that a look at the disk shows: the name of the file, the folder."""
    name = record.get("name", _default_name(path))
    if is_text(name) and not NAME.fullmatch(name):
        yield (
            ("name",),
            f"is {shown(name)}, but up to 60 small letters, digits, '-' and '_' were expected",
        )

    # Unlike Path.is_dir, false for a name that no system allows.
    if not os.path.isdir(_audio(record, path)):
        yield (
            ("audio",),
            f"there is no folder {str(_audio(record, path))[:500]!r}; the path is relative to this "
            "file",
        )


def _audio(record: Mapping[str, Any], path: Path) -> Path:
    """Return the folder of recordings: `audio`, else the database or the set, else the file's."""
    own = record.get("audformat", record.get("parquet", "."))
    folder = record.get("audio", own)
    whole = path.parent / (folder if is_text(folder) and "\0" not in folder else ".")
    # One shard may be the whole set.
    return whole.parent if "parquet" in record and os.path.isfile(whole) else whole


def _default_name(path: Path) -> str:
    # The file of a set that is a folder is called as in all others: the folder tells it.
    stem = path.resolve().parent.name if path.name == SET else path.stem
    return re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_") or stem


def _place(path: Path, lines: Mapping[tuple[str, ...], int], key: Sequence[str]) -> str:
    """Return `file, line 3, key 'columns.path': `; a key that is absent has its table's line."""
    line = next(
        (lines[tuple(key[:n])] for n in range(len(key), 0, -1) if tuple(key[:n]) in lines), None
    )
    return f"{path}, {f'line {line}, ' if line else ''}key {shown('.'.join(key))}: "


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the line of each key and table, counted from 1: tomllib tells none."""
    by_key: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        header = _HEADER.fullmatch(line)
        assigned = None if header else _ASSIGNED.match(line)
        key = _key(header["key"]) if header else _key(assigned["key"]) if assigned else ()
        if header and key:
            section = key

        full = (key if header else (*section, *key))[:_DEEPEST]
        for n in range(1, len(full) + 1):
            by_key.setdefault(full[:n], number)

    return by_key


def _key(text: str) -> tuple[str, ...]:
    """Return the parts of a key as TOML reads it: `a."b c"` has two; nothing where this is none."""
    if len(text) > _LONGEST:
        return ()

    try:
        value: Any = tomllib.loads(f"{text} = 0")
    except (ValueError, RecursionError):
        return ()

    parts = []
    while isinstance(value, dict):
        ((part, value),) = value.items()
        parts.append(part)

    return tuple(parts)
