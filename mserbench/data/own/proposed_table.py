"""The table of a folder that lists its recordings, and which of its columns holds what."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mserbench.data.own import table as own_table
from mserbench.data.own import words as own_words
from mserbench.data.own.keys import is_language
from mserbench.data.own.rows import SEXES
from mserbench.data.own.table import OwnRow, Table, filled
from mserbench.errors import DataError

_ENDINGS = (".csv", ".tsv", ".jsonl")
_MOST_TABLES = 40
_MOST_BYTES = 200_000_000
_SAMPLE = 400  # rows by which a column of paths is recognised
_MOST_LABELS = 60

Tails = Mapping[str, Sequence[str]]


@dataclass
class Findings:
    """A source of labels: `sentences` say what was seen, `doubts` what to look at."""

    source: dict[str, str]
    columns: dict[str, str]
    labels: dict[str, int]
    # What a raw label stands for, where the source says it.
    meanings: dict[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    licence: str = "unknown"
    sentences: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def find(folder: Path, names: Sequence[str], audio: Sequence[str]) -> Findings | None:
    """Return the table below `folder` that lists most audio files and has labels, or None."""
    tails = _tails(audio)
    best: tuple[int, Findings] | None = None
    usable, unread = [], []

    for name in _candidates(folder, names):
        try:
            table = own_table.read(folder / name)
        except DataError as error:
            unread.append(f"{name} was not read: {error}")
            continue

        rows = [row for row in table.rows if isinstance(row, OwnRow)]
        path, listed = _path_column(table, rows, tails, frozenset(audio))
        label = _label_column(table, rows, path) if path else None
        if label is None or not listed:
            continue

        usable.append(name)
        if best is None or listed > best[0]:
            best = listed, _described(name, table, rows, path, label, listed, len(audio))

    if best is None:
        return None

    chosen = best[1]
    left_out = [name for name in usable if name != chosen.source["table"]]
    if left_out:
        chosen.doubts.append(
            f"other tables list recordings too and were left out: {', '.join(left_out[:5])}"
        )

    chosen.doubts += unread
    return chosen


def _candidates(folder: Path, names: Sequence[str]) -> list[str]:
    """Return the tables worth reading: small ones, those high up first."""
    fitting = [name for name in names if PurePosixPath(name).suffix.lower() in _ENDINGS]
    small = [name for name in fitting if (folder / name).stat().st_size <= _MOST_BYTES]
    return sorted(small, key=lambda name: (name.count("/"), name))[:_MOST_TABLES]


def _tails(audio: Sequence[str]) -> Tails:
    """Return the audio files by every end of their paths, with and without the file's ending."""
    by_tail = defaultdict(list)
    for path in audio:
        parts = path.split("/")
        for n in range(len(parts)):
            tail = "/".join(parts[n:])
            by_tail[tail].append(path)
            by_tail[str(PurePosixPath(tail).with_suffix(""))].append(path)

    return by_tail


def _path_column(
    table: Table, rows: Sequence[OwnRow], tails: Tails, audio: frozenset[str]
) -> tuple[str, int]:
    """Return the column, or template of columns, that names most files, and how many it names."""
    # Rows from all over the table: its begin may be of one speaker or one folder.
    step = max(1, len(rows) // _SAMPLE)
    templates = Counter(
        template
        for row in rows[::step]
        for column in table.columns
        for template in set(_templates(row, column, tails))
    )
    best, most = "", 0
    # Ties go to the simplest template, so that the same folder gives the same proposal.
    ranked = sorted(templates.items(), key=lambda pair: (-pair[1], pair[0].count("{"), pair[0]))

    for template, _ in ranked[:10]:
        listed = len({filled(template, row.values) for row in rows} & audio)
        if listed > most:
            best, most = template, listed

    return best, most


def _templates(row: OwnRow, column: str, tails: Tails) -> Iterator[str]:
    """Yield the templates by which a value names a file, such as `wav/{file}.wav`."""
    value = row.values.get(column, "").replace("\\", "/").removeprefix("./")
    if not value or "{" in column or "}" in column:
        return

    # Bounded, as a value such as `1` may end the names of all files, and many columns may hold
    # what a folder is called.
    for path in tails.get(value, ())[:20]:
        ending = "" if path.endswith(value) else PurePosixPath(path).suffix
        head = path[: len(path) - len(value) - len(ending)]
        if not (head or ending) and row.values[column] == path:
            yield column
            continue

        folders = [_names_of(part, row, column) for part in head.split("/")[:-1]]
        for parts in itertools.islice(itertools.product(*folders), 27):
            yield "".join(f"{part}/" for part in parts) + f"{{{column}}}{ending}"


def _names_of(folder: str, row: OwnRow, column: str) -> list[str]:
    """Return what may stand for a folder in a template: its name, or another column of the row."""
    same = (name for name, cell in row.values.items() if cell == folder and name != column)
    return [folder, *(f"{{{name}}}" for name in same)][:3]


def _label_column(table: Table, rows: Sequence[OwnRow], path: str) -> str | None:
    """Return the column of labels: the one with most emotion words, or one that is called so."""
    scores = {}
    for column in table.columns:
        values = Counter(row.values.get(column, "") for row in rows)
        values.pop("", None)
        if column == path or not 2 <= len(values) <= _MOST_LABELS:
            continue

        share = sum(n for value, n in values.items() if own_words.emotion(value)) / values.total()
        named = own_words.column(column) == "label"
        if share >= 0.5 or named:
            # A telling name counts like half of the values, but does not beat a column full of
            # emotions.
            scores[column] = share + 0.5 * named

    return max(scores, key=lambda column: scores[column]) if scores else None


def _described(
    name: str, table: Table, rows: Sequence[OwnRow], path: str, label: str, listed: int, files: int
) -> Findings:
    """Return the findings for a table whose columns of path and label are known."""
    columns = {"path": path, "label": label}
    labels = Counter(row.values.get(label, "") for row in rows)
    proposed = Findings({"table": name}, columns, dict(sorted(labels.items())))
    proposed.sentences.append(
        f"{name} lists {listed} of the {files} audio files, in {len(rows)} rows (path: {path})"
    )

    if listed < files:
        proposed.doubts.append(f"{files - listed} audio files have no row in {name}")

    wrong = len(table.rows) - len(rows)
    if wrong:
        proposed.doubts.append(
            f"{wrong} lines of {name} could not be read: 'mserbench data verify' lists them"
        )

    for column in table.columns:
        _assign(proposed, column, rows)

    repeated = len(rows) - len({filled(path, row.values) for row in rows})
    if "id" in columns and not (repeated and "start" not in columns):
        del columns["id"]  # the path, and the time in it, are a better name
    elif repeated and "start" not in columns:
        proposed.doubts.append(
            f"{repeated} rows of {name} repeat a path, and no column says which part of the file "
            "they are"
        )

    for lone, partner in (("start", "end"), ("end", "start")):
        if lone in columns and partner not in columns:
            proposed.doubts.append(f"there is a column for {lone}, but none for {partner}")

    return proposed


def _assign(proposed: Findings, column: str, rows: Sequence[OwnRow]) -> None:
    """Give a column its role, if its name tells one and its values fit."""
    role = own_words.column(column)
    if role is None or column in (proposed.columns["path"], proposed.columns["label"]):
        return

    values = {row.values.get(column, "") for row in rows}
    if role == "label" or role in proposed.columns:
        holder = proposed.columns[role]
        proposed.doubts.append(f"column {column!r} may hold the {role} too; {holder!r} was taken")
        return
    if not _fits(role, values, len(rows)):
        proposed.doubts.append(
            f"column {column!r} is called like one of the {role}, but its values are not: it was "
            "left out"
        )
        return

    proposed.columns[role] = column
    if role not in ("text", "start", "end", "id"):
        proposed.sentences.append(f"{role}: column {column!r}, {len(values - {''})} different")


def _fits(role: str, values: set[str], rows: int) -> bool:
    """Whether the values of a column can be what its name says."""
    if role in ("start", "end"):
        return all(map(_is_number, values - {""})) and values != {""}
    if role == "language":
        return all(map(is_language, values))
    if role == "sex":
        return {value.casefold() for value in values} <= set(SEXES)
    if role == "id":
        return len(values) == rows and "" not in values

    return values != {""} and (role != "split" or len(values) <= 20)


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False
