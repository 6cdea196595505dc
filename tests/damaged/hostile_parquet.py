"""Parquet that claims, hides or leads astray: footers, row groups, types, links, bombs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from made_sets import SCHEMA, row, write_set
from pyarrow import parquet

from damaged.hostile import Place, hostile

COMMANDS = (
    ("data", "verify", "./set"),
    ("run", "--model", "prior", "--task", "./set:train", "--json"),
    ("init-task", "set", "--out", "new.toml", "--name", "new"),
)
SHARD = "fr-00000.parquet"
ROWS = 40


def made(place: Place, **changes: Any) -> Path:
    """Make a good set in `set`; return its one shard."""
    rows = [row(number, **changes) for number in range(ROWS)]
    return write_set(place.folder / "set", rows, name="set") / "data" / SHARD


def replaced(shard: Path, table: pa.Table, **options: Any) -> None:
    """Write another table in the place of a shard."""
    parquet.write_table(table, shard, **options)


@hostile("a parquet shard that is cut short", *COMMANDS, codes=(3,), says=SHARD)
def _cut(place: Place) -> None:
    shard = made(place)
    shard.write_bytes(shard.read_bytes()[:-200])


@hostile("a parquet shard that is no parquet", *COMMANDS, codes=(3,), says=SHARD)
def _text(place: Place) -> None:
    made(place).write_text("id,emotion\n1,sad\n")


@hostile("an empty parquet shard", *COMMANDS, codes=(3,), says=SHARD)
def _empty(place: Place) -> None:
    made(place).write_bytes(b"")


@hostile("a parquet shard that is a pointer of git-lfs", *COMMANDS, codes=(3,), says="git lfs pull")
def _pointer(place: Place) -> None:
    made(place).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


@hostile("a parquet shard whose footer claims 2 GB", *COMMANDS, codes=(3,), says=SHARD)
def _footer(place: Place) -> None:
    shard = made(place)
    shard.write_bytes(shard.read_bytes()[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1")


@hostile("parquet pages of 0xff", *COMMANDS[:2], codes=(1, 3), says="fr-00000")
def _pages(place: Place) -> None:
    shard = made(place)
    data = bytearray(shard.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4_000] = b"\xff" * 4_000
    shard.write_bytes(data)


@hostile("a parquet shard that is a pipe", *COMMANDS, codes=(3,), says=SHARD)
def _pipe(place: Place) -> None:
    import os

    shard = made(place)
    shard.unlink()
    os.mkfifo(shard)


@hostile("a parquet shard that is a link out of the set", *COMMANDS, codes=(3,), says="leads out")
def _link(place: Place) -> None:
    shard = made(place)
    elsewhere = place.folder / "elsewhere.parquet"
    shard.rename(elsewhere)
    shard.symlink_to(elsewhere)


@hostile("recordings of parquet that are only paths", *COMMANDS[:2], codes=(1, 3), says="no bytes")
def _paths(place: Place) -> None:
    shard = made(place)
    rows = parquet.read_table(shard).to_pylist()
    for entry in rows:
        entry["audio"] = {"bytes": None, "path": "/etc/passwd"}

    replaced(shard, pa.Table.from_pylist(rows, SCHEMA))


@hostile("a parquet shard of 5,000 columns", *COMMANDS, codes=(3,), says="5,0")
def _wide(place: Place) -> None:
    shard = made(place)
    table = parquet.read_table(shard)
    for number in range(5_000):
        table = table.append_column(f"c{number}", pa.array([""] * ROWS))

    replaced(shard, table)


@hostile("a text of a gigabyte in each row of parquet", *COMMANDS, codes=(3,), says="text of more")
def _long_text(place: Place) -> None:
    """The text is stored once, and unpacked it would be 40 GB."""
    shard = made(place)
    table = parquet.read_table(shard)
    long = pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), ["x" * 100_000_000])
    at = table.schema.get_field_index("speaker")
    replaced(
        shard,
        table.set_column(at, "speaker", long),
        use_dictionary=True,
        dictionary_pagesize_limit=1 << 30,
        compression="zstd",
    )


@hostile("a row group of parquet beyond all bounds", *COMMANDS[:2], codes=(1, 3), says="row group")
def _group(place: Place) -> None:
    """Each recording is stored once, 200 MB of silence that is packed to nothing."""
    shard = made(place)
    rows = parquet.read_table(shard).to_pylist()
    silence = bytes(200_000_000)
    for entry in rows[:6]:
        entry["audio"]["bytes"] = silence

    replaced(shard, pa.Table.from_pylist(rows, SCHEMA), compression="zstd", use_dictionary=False)


@hostile(
    "equal recordings of parquet that unpack to a gigabyte",
    *COMMANDS[:1],
    codes=(1,),
    says="row group",
)
def _equal(place: Place) -> None:
    """A dictionary holds 30 MB once, and all rows of a group mean it: 1.2 GB unpacked."""
    shard = made(place)
    table = parquet.read_table(shard)
    silence = pa.array([bytes(30_000_000)] * ROWS, pa.binary())
    audio = pa.StructArray.from_arrays([silence, pa.array(["x"] * ROWS)], ["bytes", "path"])
    at = table.schema.get_field_index("audio")
    replaced(
        shard,
        table.set_column(at, "audio", audio),
        compression="zstd",
        use_dictionary=["audio.bytes"],
        dictionary_pagesize_limit=1 << 30,
    )


@hostile("parquet with a schema nested 300 deep", *COMMANDS, codes=(0, 3))
def _deep(place: Place) -> None:
    shard = made(place)
    kind: pa.DataType = pa.int32()
    for _ in range(300):
        kind = pa.struct([("a", kind)])

    table = parquet.read_table(shard)
    replaced(shard, table.append_column("deep", pa.array([None] * ROWS, kind)))


@hostile("an extension type of parquet that asks for a pickle", *COMMANDS, codes=(0,))
def _pickle(place: Place) -> None:
    """Readers of old would load it, and run what it says."""
    shard = made(place)
    table = parquet.read_table(shard)
    payload = b"cos\nsystem\n(S'touch pickled'\ntR."
    metadata = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": payload,
    }
    field = pa.field("strange", pa.string(), metadata=metadata)
    replaced(shard, table.append_column(field, pa.array(["x"] * ROWS)))
