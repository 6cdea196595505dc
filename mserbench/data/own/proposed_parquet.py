"""The columns of Parquet shards that hold recordings, emotions and facts about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mserbench.data.corpus import DERIVED_AUDIO, DERIVED_FROM
from mserbench.data.own import parquet as own_parquet
from mserbench.data.own import paths, proposed_columns, proposed_labels
from mserbench.data.own.findings import Findings
from mserbench.data.own.keys import AUDIO
from mserbench.data.own.table import OwnRow, Table
from mserbench.data.own.wording import listed
from mserbench.data.shards import names
from mserbench.data.shards.shard import Shard, open_shard
from mserbench.errors import DataError


def find(folder: Path) -> tuple[Findings, int]:
    """Return what the shards in a folder say, and how many rows they have.

    Raises DataError with the reason where they hold no recordings or no emotions, MissingExtra
    without pyarrow.
    """
    own_parquet.require_pyarrow(f"the Parquet set {str(folder)!r}")
    root, files = own_parquet.shards_of(folder)
    first = open_shard(root / files[0])
    audio = _recordings(first, files[0])
    columns = own_parquet.columns_of(first)
    table = own_parquet.table_of(root, files, columns, audio)
    rows = [row for row in table.rows if isinstance(row, OwnRow)]
    choice = proposed_labels.choose(table, rows, own_parquet.PLACES)

    if choice is None or isinstance(choice.column, list):
        raise DataError(
            f"parquet shards of {str(folder)!r}: "
            f"{proposed_labels.reasons(table, rows, own_parquet.PLACES)}"
        )

    label = choice.column
    counts = Counter(paths.composed(row.values.get(label, "")) for row in rows)
    columns_by_role: dict[str, str | list[str]] = {"label": label}
    # These names are our own, and without them the verdict would be too good.
    columns_by_role |= {key: key for key in (DERIVED_FROM, DERIVED_AUDIO) if key in columns}
    if audio != names.COLUMN:
        columns_by_role[AUDIO] = audio

    proposed = Findings(
        {"parquet": "."},
        columns_by_role,
        dict(sorted(counts.items())),
        meanings=choice.meanings,
        guessed=set(choice.meanings),
        doubts=list(choice.doubts),
    )
    proposed.sentences.append(
        f"{len(files)} Parquet file(s), {len(rows)} rows, recordings in column {audio!r}"
    )
    plain = Table(table.what, columns, rows)
    proposed_columns.assign(proposed, plain, rows, [label, *first.paths])
    _name_by_path(proposed, first, rows)
    return proposed, len(rows)


def _recordings(shard: Shard, file: str) -> str:
    """Return the column of recordings. Raises DataError where there is none, or several."""
    columns = [name for name in shard.recordings if names.can_name(name)]
    if names.COLUMN in columns:
        return names.COLUMN
    if len(columns) != 1:
        said = f"the columns {listed(columns)} do" if columns else "no column does"
        raise DataError(
            f"parquet shard {file!r}: one column was expected to hold recordings, as "
            f"'datasets.Audio' stores them, but {said}"
        )

    return columns[0]


def _name_by_path(proposed: Findings, shard: Shard, rows: Sequence[OwnRow]) -> None:
    """Call recordings by the paths that they had, where no column has ids: numbers of rows change
    when a set is written anew.
    """
    for column in shard.paths if "id" not in proposed.columns else ():
        paths_of_rows = {row.values.get(column, "") for row in rows}
        if len(paths_of_rows) == len(rows) and "" not in paths_of_rows:
            proposed.columns["id"] = column
            proposed.sentences.append(f"id: {column!r}, the path that each recording had")
            return
