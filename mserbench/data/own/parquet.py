"""Parquet shards as rows: labels and facts by column, the recordings themselves left alone."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.contracts import Fault
from mserbench.data import trees
from mserbench.data.own.keys import AUDIO, FIELDS
from mserbench.data.own.rows import PARTS
from mserbench.data.own.settings import Settings
from mserbench.data.own.table import PATH, OwnRow, Table
from mserbench.data.own.wording import listed, nearest, shown
from mserbench.data.shards import names
from mserbench.data.shards.shard import Shard, open_shard
from mserbench.data.trees import Folder
from mserbench.disk import outside
from mserbench.errors import DataError, MissingExtra

ROW = "row of the shard"  # columns that rows get from where they stand
ID, SPLIT = "id by the shard", "split by the shard"
PLACES = (ROW, ID, SPLIT)
# `train-00000-of-00004.parquet`, as `datasets` names the shards of a split.
_OF_SPLIT = re.compile(rf"({'|'.join(PARTS)})(-\d+-of-\d+)?\.parquet", re.IGNORECASE)


@dataclass(frozen=True)
class _Rows(Iterable[OwnRow | Fault]):
    """The rows of shards, read anew each time, so that no more than a batch of them is held."""

    root: Path
    files: tuple[str, ...]
    columns: tuple[str, ...]
    audio: str

    def __iter__(self) -> Iterator[OwnRow]:
        for file in self.files:
            shard, stem = open_shard(self.root / file), file[: -len(names.ENDING)]
            split = split_of(file)
            columns = [column for column in self.columns if column in columns_of(shard)]
            for number, values in enumerate(shard.texts(columns)):
                place = {
                    ROW: names.name_of(file, number, self.audio),
                    ID: f"{stem}#{number}",
                    SPLIT: split,
                }
                yield OwnRow(f"parquet shard {file!r}, row {number}", {**values, **place})

            shard.file.close()


def read(settings: Settings) -> tuple[Settings, Table]:
    """Read the columns of shards; return their rows with settings in which all columns are named.

    Raises DataError where there is no shard, or one is damaged, out of bounds, or lacks a column;
    MissingExtra without pyarrow.
    """
    require_pyarrow(f"the Parquet set {settings.parquet!r}")
    root, files = shards_of(settings.path.parent / settings.parquet)
    audio = settings.columns.get(AUDIO, names.COLUMN)
    named = {key: column for key, column in settings.columns.items() if key != AUDIO}
    places = {"id": ID, PATH: ROW}
    # The split of a set of `datasets` is the name of its files, where no column tells it.
    if all(map(split_of, files)):
        places["split"] = SPLIT

    columns = {**places, **named}
    selected = (key for key in settings.select if key not in FIELDS)
    asked_columns = tuple(dict.fromkeys((*named.values(), *selected)))
    shared = _checked(settings, root, files, asked_columns, audio)
    table = table_of(root, files, asked_columns, audio)

    return replace(settings, columns=columns), replace(table, columns=(*shared, *PLACES))


def table_of(root: Path, files: tuple[str, ...], columns: tuple[str, ...], audio: str) -> Table:
    """Return some columns of shards below a folder, and where each row stands, as a table whose
    rows are read as they are asked for; `audio` is the column of the recordings.
    """
    rows = _Rows(root, files, columns, audio)
    return Table(f"the Parquet set {str(root)!r}", (*columns, *PLACES), rows)


def require_pyarrow(subject: str) -> None:
    """Raise MissingExtra where the package that reads Parquet is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtra(subject, "pyarrow", "audformat")


def shards_of(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the folder of a set and the paths of its shards below it, sorted.

    Raises DataError where there is none, or one is a link that leads out of the folder.
    """
    if path.is_file():
        return path.parent, (path.name,)

    folder = Folder(path)
    files = tuple(name for name in folder.names if name.lower().endswith(names.ENDING))
    if not files:
        raise DataError(
            f"folder {str(path)!r} holds no Parquet file among {len(folder.names)} files: a file "
            "or a folder of '*.parquet' was expected"
        )

    for name in files:
        if outside.leads_out(path / name, path):
            raise DataError(
                f"parquet shard {str(path / name)!r} is a link that leads out of {str(path)!r}: "
                "copy the shard there"
            )

    return path, files


def columns_of(shard: Shard) -> tuple[str, ...]:
    """Return the columns that can be read as texts; of a recording its path as `COLUMN.path`."""
    return (*shard.simple, *shard.paths)


def split_of(file: str) -> str:
    """Return the part of a split that the name of a shard tells, empty where it tells none."""
    match = _OF_SPLIT.fullmatch(file.rpartition("/")[2])
    return match[1].lower() if match else ""


def _checked(
    settings: Settings,
    root: Path,
    files: tuple[str, ...],
    asked_columns: tuple[str, ...],
    audio: str,
) -> tuple[str, ...]:
    """Return the columns that all shards have. Raises DataError where one lacks its recordings, or
    what another has of the columns that are asked for.
    """
    first: tuple[str, ...] = ()
    n_rows = 0
    for file in files:
        shard = open_shard(root / file)
        shard.file.close()
        n_rows += shard.rows
        columns = columns_of(shard)
        _check_recordings(settings, shard, file, audio)
        first = first or columns
        lost = next((name for name in asked_columns if name in first and name not in columns), None)
        if lost is not None:
            raise DataError(
                settings.error(
                    ("parquet",),
                    f"the shard {file!r} has no column {shown(lost)}, which {files[0]!r} has: "
                    "write all shards with the same columns",
                )
            )

    if n_rows > trees.MOST:
        raise DataError(
            settings.error(
                ("parquet",),
                f"the shards tell of {n_rows:,} rows, but at most {trees.MOST:,} were expected",
            )
        )

    return first


def _check_recordings(settings: Settings, shard: Shard, file: str, audio: str) -> None:
    if audio in shard.recordings and names.can_name(audio):
        return

    key = ("columns", AUDIO) if AUDIO in settings.columns else ("parquet",)
    other_columns = [name for name in shard.recordings if names.can_name(name)]
    advice = (
        f"its columns of bytes are {listed(other_columns)}: give one as 'audio' of [columns]"
        if other_columns
        else f"no column holds bytes, as 'datasets.Audio' stores them; "
        f"{nearest(audio, shard.schema.names)}"
    )
    raise DataError(
        settings.error(key, f"the shard {file!r} has no recordings in column {audio!r}; {advice}")
    )
