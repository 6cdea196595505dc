"""Sets of synthetic speech as `m5ser build` writes them, from a few rows: folder, shards, TOML."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import soundfile
from pyarrow import parquet

from mserbench_m5ser.layout import COLUMNS, CORPUS_FILE, SHARDS

EMOTIONS = ("angry", "happy", "neutral", "sad")
TOML = """\
name = "{name}"
title = "A set of a test"
parquet = "{shards}"
language = {languages}
synthetic = true
{more}
[columns]
id = "id"
label = "emotion"
language = "language"
speaker = "speaker"
split = "split"
text = "text"
derived_from = "derived_from"
derived_audio = "derived_audio"

[labels]
angry = "angry"
happy = "happy"
neutral = "neutral"
sad = "sad"
{tables}"""
_TYPES = {
    "string": pa.string(),
    "double": pa.float64(),
    "int64": pa.int64(),
    "struct<bytes: binary, path: string>": pa.struct(
        [("bytes", pa.binary()), ("path", pa.string())]
    ),
}
SCHEMA = pa.schema([(name, _TYPES[kind]) for name, kind in COLUMNS.items()])


def tone(number: int, seconds: float = 0.5, kind: str = "FLAC") -> bytes:
    """Return an audio file of a tone that no other number has: 16 kHz, mono, 16 bit."""
    time = np.arange(int(16_000 * seconds)) / 16_000
    pitch = 120.0 + 7.0 * number
    samples = 0.3 * np.sin(2 * np.pi * pitch * time) + 0.05 * np.sin(6 * np.pi * pitch * time)
    file = io.BytesIO()
    soundfile.write(file, samples.astype(np.float32), 16_000, "PCM_16", format=kind)
    return file.getvalue()


def row(number: int, language: str = "fr", **changes: Any) -> dict[str, Any]:
    """Return a row of a set: the clip `number` of eight speakers and four emotions."""
    source = f"clip-{number:04d}"
    sound = changes.pop("sound", None)
    values: dict[str, Any] = dict.fromkeys(COLUMNS)
    values |= {
        "id": f"demo-en/{source}/{language}",
        "audio": {
            "bytes": tone(number + 100 * (ord(language[0]) % 7), 0.4) if sound is None else sound,
            "path": f"{source}.{language}.flac",
        },
        "emotion": EMOTIONS[number % len(EMOTIONS)],
        "language": language,
        "speaker": f"s{number % 8}",
        "split": "train",
        "text": f"phrase {number}",
        "seconds": 0.4,
        "translator": "espeak",
        "translator_version": "1",
    }
    return values | changes


def write_set(
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    name: str = "set",
    more: str = "",
    tables: str = "",
    group: int = 8,
    columns: Sequence[str] = tuple(COLUMNS),
) -> Path:
    """Write a set of some rows, a shard a language; return its folder."""
    (folder / SHARDS).mkdir(parents=True)
    languages = sorted({str(entry["language"]) for entry in rows})
    for language in languages:
        own = [dict(entry) for entry in rows if entry["language"] == language]
        table = pa.Table.from_pylist(own, SCHEMA).select(list(columns))
        parquet.write_table(
            table, folder / SHARDS / f"{language}-00000.parquet", row_group_size=group
        )

    named = "[" + ", ".join(f'"{language}"' for language in languages) + "]"
    text = TOML.format(name=name, shards=SHARDS, languages=named, more=more, tables=tables)
    (folder / CORPUS_FILE).write_text(text, encoding="utf-8")
    return folder
