"""The Parquet shards of a set: equal rows, equal bytes; written and read a few rows at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mserbench.contracts import SAMPLE_RATE
from mserbench.disk.files import sync_folder
from mserbench_m5ser.layout import COLUMNS

_GROUP = 100  # rows: what a reader holds at once, as the hub advises for audio
_BLOCK = 1 << 20
_AUDIO = "audio"
# How `datasets` names a type of Arrow.
_FEATURES = {"string": "string", "double": "float64", "int64": "int64"}


def write(path: Path, chunks: Iterable[Sequence[tuple[Mapping[str, Any], bytes]]]) -> int:
    """Write rows with their FLAC files as a shard that is whole or not there; return how many.

    Without any row no file is written.
    """
    import pyarrow
    import pyarrow.parquet

    schema = _schema()
    temporary, n_rows = path.with_suffix(".half"), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with pyarrow.parquet.ParquetWriter(temporary, schema, compression="NONE") as writer:
        # Groups of a fixed size: their borders are part of the bytes.
        for rows in _groups(chunks):
            # From columns, as pyarrow takes rows much slower.
            columns = {name: [row[name] for row in rows] for name in COLUMNS}
            writer.write_table(pyarrow.table(columns, schema=schema), row_group_size=_GROUP)
            n_rows += len(rows)

    if not n_rows:
        temporary.unlink()
        return 0

    with temporary.open("rb") as file:
        os.fsync(file.fileno())

    os.replace(temporary, path)
    sync_folder(path.parent)
    return n_rows


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a shard. Raises OSError or ValueError where it is damaged."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        for group in file.iter_batches(batch_size=_GROUP):
            yield from group.to_pylist()


def columns_of(path: Path) -> list[str]:
    """Return the names of the columns of a shard. Raises as `rows`."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        return list(file.schema_arrow.names)


def digest(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha.update(block)

    return sha.hexdigest()


def _groups(
    chunks: Iterable[Sequence[tuple[Mapping[str, Any], bytes]]],
) -> Iterator[list[dict[str, Any]]]:
    """Yield rows with their audio, as many together as a row group has: the same groups however
    the rows came.
    """
    group: list[dict[str, Any]] = []
    for chunk in chunks:
        for row, data in chunk:
            group.append({**row, _AUDIO: {"bytes": data, "path": f"{row['id']}.flac"}})
            if len(group) == _GROUP:
                yield group
                group = []

    if group:
        yield group


def _schema() -> Any:
    """Return the Arrow schema, which also tells `datasets` what its columns are."""
    import pyarrow

    audio = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    types = {"string": pyarrow.string(), "double": pyarrow.float64(), "int64": pyarrow.int64()}
    features = {
        name: {"sampling_rate": SAMPLE_RATE, "_type": "Audio"}
        if name == _AUDIO
        else {"dtype": _FEATURES[kind], "_type": "Value"}
        for name, kind in COLUMNS.items()
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}

    return pyarrow.schema(
        [(name, audio if name == _AUDIO else types[kind]) for name, kind in COLUMNS.items()],
        metadata=metadata,
    )
