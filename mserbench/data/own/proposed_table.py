"""The table of a folder that lists its recordings, and why each other table does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mserbench.contracts import Fault
from mserbench.data.own import one_hot as own_one_hot
from mserbench.data.own import paths, proposed_columns, proposed_labels, proposed_paths
from mserbench.data.own import table as own_table
from mserbench.data.own.findings import Findings
from mserbench.data.own.table import OwnRow, Table, needed
from mserbench.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".json")
_MOST_TABLES = 40
_MOST_BYTES = 200_000_000


@dataclass
class Search:
    """The findings of the best table, if there is one, and why each other was not taken."""

    findings: Findings | None = None
    reasons: list[str] = field(default_factory=list)


def find(folder: Path, names: Sequence[str], audio: Sequence[str]) -> Search:
    """Look for the table below `folder` that lists most audio files and has labels."""
    by_tail, files = proposed_paths.tails(audio), paths.Names(audio)
    search = Search()
    most = 0
    usable = []

    for name in _candidates(folder, names, search.reasons):
        try:
            table = own_table.read(folder / name)
            candidate, listed = _examined(folder, name, table, by_tail, files)
        except DataError as error:
            reason = str(error)
            # Errors of reading name the file themselves.
            search.reasons.append(reason if name in reason else f"{name}: {reason}")
            continue

        usable.append(name)
        if listed > most:
            most, search.findings = listed, candidate

    if search.findings is not None:
        left_out = [name for name in usable if name != search.findings.source["table"]]
        if left_out:
            search.findings.doubts.append(
                f"other tables list recordings too and were left out: {', '.join(left_out[:5])}"
            )

        search.findings.doubts += [f"not taken: {reason}" for reason in search.reasons]

    return search


def _candidates(folder: Path, names: Sequence[str], reasons: list[str]) -> list[str]:
    """Return the tables worth reading, those high up first; `reasons` get what is not read."""
    fitting = [name for name in names if PurePosixPath(name).suffix.lower() in ENDINGS]
    fitting.sort(key=lambda name: (name.count("/"), name))
    readable = []
    for name in fitting:
        try:
            size = (folder / name).stat().st_size
        except OSError as error:  # a link to itself, a file that went away
            reasons.append(f"{name}: cannot be read ({error.strerror})")
            continue

        if size > _MOST_BYTES:
            reasons.append(
                f"{name}: has {size / 1e6:,.0f} MB, and only tables of up to "
                f"{_MOST_BYTES / 1e6:,.0f} MB are looked at: write the TOML file by hand"
            )
        else:
            readable.append(name)

    if len(readable) > _MOST_TABLES:
        reasons.append(
            f"{len(readable) - _MOST_TABLES} more tables were not looked at, such as "
            f"{readable[_MOST_TABLES]}"
        )

    return readable[:_MOST_TABLES]


def _examined(
    folder: Path, name: str, table: Table, by_tail: proposed_paths.Tails, files: paths.Names
) -> tuple[Findings, int]:
    """Return what a table says and how many files it lists. Raises DataError with the reason."""
    rows = [row for row in table.rows if isinstance(row, OwnRow)]
    if any(column in files.exact for column in table.columns):
        raise DataError(
            "has no header: its first line names a recording already; put a line such as "
            "file,emotion,speaker above it"
        )

    broken = [row for row in table.rows if isinstance(row, Fault) and not row.minor]
    if not rows:
        raise DataError(
            f"{len(broken)} lines could not be read, such as: {broken[0].sentence}"
            if broken
            else "has no rows"
        )

    path = proposed_paths.find(table, rows, by_tail, files)
    if not path.files:
        raise DataError(proposed_paths.reason(table, rows, len(files.exact)))

    used = needed(path.template)
    # A column inside a template, such as that of a folder, may hold the speaker or the label too.
    choice = proposed_labels.choose(table, rows, [path.template])
    if choice is None:
        raise DataError(
            f"{' and '.join(f'column {column!r}' for column in used)} names {len(path.files)} of "
            f"{len(files.exact)} files, but {proposed_labels.reasons(table, rows, used)}"
        )

    proposed = _described(name, table, path, choice, len(files.exact))
    proposed_columns.assign(proposed, table, rows, [path.template, *choice.columns])
    examples = [folder / file for file in sorted(path.files)[:20]]
    proposed_columns.assign_times(proposed, table, rows, examples)
    _doubt_repeats(proposed, name, path, rows, files)
    _doubt_lines(proposed, name, table, broken)
    return proposed, len(path.files)


def _described(
    name: str,
    table: Table,
    path: proposed_paths.PathColumn,
    choice: proposed_labels.Choice,
    files: int,
) -> Findings:
    """Return the findings for a table whose columns of path and label are known."""
    if isinstance(choice.column, list):
        table, column = own_one_hot.join(table, choice.column), own_one_hot.column(choice.column)
    else:
        column = choice.column

    rows = [row for row in table.rows if isinstance(row, OwnRow)]
    labels = Counter(paths.composed(row.values.get(column, "")) for row in rows)
    proposed = Findings(
        {"table": name},
        {"path": path.template, "label": choice.column},
        dict(sorted(labels.items())),
        meanings=choice.meanings,
        guessed=set(choice.meanings),
        strip=path.strip,
        doubts=list(choice.doubts),
    )
    listed = len(path.files)
    proposed.sentences.append(
        f"{name} lists {listed} of the {files} audio files, in {len(rows)} rows (path: "
        f"{path.template})"
    )
    if path.strip:
        proposed.doubts.append(
            f"its paths are of another machine: {path.strip!r} is stripped of each"
        )
    if listed < files:
        proposed.doubts.append(f"{files - listed} audio files have no row in {name}")

    return proposed


def _doubt_repeats(
    proposed: Findings,
    name: str,
    path: proposed_paths.PathColumn,
    rows: Sequence[OwnRow],
    files: paths.Names,
) -> None:
    columns = proposed.columns
    named = list(proposed_paths.listed(path.template, path.strip, rows, files))
    repeated = len(named) - len(set(named))
    if "id" in columns and not (repeated and "start" not in columns):
        del columns["id"]  # the path, and the time in it, are a better name
    elif repeated and "start" not in columns:
        proposed.doubts.append(
            f"{repeated} rows of {name} repeat a path, and no column says which part of the file "
            "they are"
        )


def _doubt_lines(proposed: Findings, name: str, table: Table, broken: Sequence[Fault]) -> None:
    if broken:
        proposed.doubts.append(
            f"{len(broken)} lines of {name} could not be read, such as: {broken[0].sentence}; "
            "'mserbench data verify' lists them"
        )

    proposed.doubts += [row.sentence for row in table.rows if isinstance(row, Fault) and row.minor][
        :5
    ]
