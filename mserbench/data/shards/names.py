"""How a recording inside a Parquet shard is called: `fr-00000.parquet#17` is its row 17."""

from __future__ import annotations

import re
from typing import NamedTuple

COLUMN = "audio"  # the column that is meant where a name says none
ENDING = ".parquet"
# Rows are counted from 0, as pandas and datasets do. A greedy path: only the last shard counts.
_ROW = re.compile(
    r"(?P<shard>.*\.parquet)#(?:(?P<column>[^/:#]+):)?(?P<row>\d{1,12})", re.DOTALL | re.IGNORECASE
)


class Row(NamedTuple):
    """One row of a shard: the shard's path, the column of its recording, its number from 0."""

    shard: str
    column: str
    number: int


def name_of(shard: str, number: int, column: str = COLUMN) -> str:
    """Return the name of a recording in a row of a shard.

    >>> name_of("fr-0.parquet", 17), name_of("fr-0.parquet", 17, "speech")
    ('fr-0.parquet#17', 'fr-0.parquet#speech:17')
    """
    return f"{shard}#{number}" if column == COLUMN else f"{shard}#{column}:{number}"


def row_of(name: str) -> Row | None:
    """Return the row that a name of a recording means, None where it is that of a file."""
    # Nearly all names are of files, and this is asked for every clip.
    if "#" not in name:
        return None

    match = _ROW.fullmatch(name)
    return match and Row(match["shard"], match["column"] or COLUMN, int(match["row"]))


def file_of(name: str) -> str:
    """Return the file that a recording lies in: itself, or its shard.

    >>> file_of("a.wav"), file_of("fr-0.parquet#17")
    ('a.wav', 'fr-0.parquet')
    """
    row = row_of(name)
    return name if row is None else row.shard


def can_name(column: str) -> bool:
    """Whether the name of a recording can tell this column."""
    return not re.search(r"[/:#]", column)
