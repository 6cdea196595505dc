"""The column of a table that names the recordings, or a template of several columns."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mserbench.data.audio import is_audio
from mserbench.data.own import paths
from mserbench.data.own.table import OwnRow, Table, filled
from mserbench.data.own.wording import shown

_SAMPLE = 400  # rows by which a column of paths is recognised
_MOST_COLUMNS = 200  # columns that are tried
Tails = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class PathColumn:
    """A column or template, what is stripped of its values, and the files that it names."""

    template: str = ""
    strip: str = ""
    files: frozenset[str] = frozenset()


def tails(audio: Sequence[str]) -> Tails:
    """Return the audio files by every end of their paths, with and without the file's ending."""
    by_tail = defaultdict(list)
    for path in audio:
        parts = path.split("/")
        for n in range(len(parts)):
            tail = "/".join(parts[n:])
            by_tail[paths.key(tail)].append(path)
            by_tail[paths.key(str(PurePosixPath(tail).with_suffix("")))].append(path)

    return by_tail


def find(table: Table, rows: Sequence[OwnRow], by_tail: Tails, names: paths.Names) -> PathColumn:
    """Return the column or template that names most files; an empty one where none names any."""
    # Rows from all over the table: its begin may be of one speaker or one folder.
    step = max(1, len(rows) // _SAMPLE)
    templates = Counter(
        template
        for row in rows[::step]
        for column in table.columns[:_MOST_COLUMNS]
        for template in set(_templates(row, column, by_tail))
    )
    best = PathColumn()
    # Ties go to the simplest template, so that the same folder gives the same proposal.
    ranked = sorted(templates.items(), key=lambda pair: (-pair[1], pair[0][0].count("{"), pair[0]))

    for (template, strip), _ in ranked[:10]:
        files = frozenset(listed(template, strip, rows, names))
        if len(files) > len(best.files):
            best = PathColumn(template, strip, files)

    return best


def listed(template: str, strip: str, rows: Sequence[OwnRow], names: paths.Names) -> Iterator[str]:
    """Yield the file that each row names, of those that name one."""
    for row in rows:
        path = paths.plain(filled(template, row.values, strip), strip)
        match = names.match(path) if path else None
        if match is not None:
            yield match


def _templates(row: OwnRow, column: str, by_tail: Tails) -> Iterator[tuple[str, str]]:
    """Yield the templates by which a value names a file, such as `wav/{file}.wav`, and what must
    be stripped of it.
    """
    value = row.values.get(column, "")
    if not value or "{" in column or "}" in column:
        return

    value = paths.plain(value)
    tail = _tail(value, by_tail) if paths.leads_out(value) else value
    strip = value[: len(value) - len(tail)]
    parts = tail.count("/") + 1
    # Bounded, as a value such as `1` may end the names of all files, and many columns may hold
    # what a folder is called.
    for path in by_tail.get(paths.key(tail), ())[:20]:
        ending = "" if paths.key(path).endswith(paths.key(tail)) else PurePosixPath(path).suffix
        head = path.split("/")[:-parts]
        if not (head or ending):
            yield column, strip
            continue

        folders = [_names_of(part, row, column) for part in head]
        for heads in itertools.islice(itertools.product(*folders), 27):
            yield "".join(f"{part}/" for part in heads) + f"{{{column}}}{ending}", strip


def _tail(path: str, by_tail: Tails) -> str:
    """Return the longest end of a path of another machine that names a file here."""
    parts = path.split("/")
    ends = ("/".join(parts[n:]) for n in range(1, len(parts)))
    return next((end for end in ends if paths.key(end) in by_tail), "")


def _names_of(folder: str, row: OwnRow, column: str) -> list[str]:
    """Return what may stand for a folder in a template: its name, or another column of the row."""
    same = (name for name, cell in row.values.items() if cell == folder and name != column)
    return [folder, *(f"{{{name}}}" for name in same)][:3]


def reason(table: Table, rows: Sequence[OwnRow], files: int) -> str:
    """Say why no column names the recordings: what those hold that look like paths."""
    for column in table.columns[:_MOST_COLUMNS]:
        values = [row.values[column] for row in rows if row.values.get(column)]
        if values and any(map(is_audio, values[:20])):
            return (
                f"column {column!r} looks like paths, but names none of the {files} audio files, "
                f"such as {shown(values[0])}"
            )

    return f"no column names the {files} audio files; its columns are {_columns(table)}"


def _columns(table: Table) -> str:
    return ", ".join(shown(column) for column in table.columns[:12])
