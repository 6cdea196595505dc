"""One command over a generated Parquet set, as a process of its own: prints its peak memory.

Usage: python many_rows.py verify|train ROWS FOLDER. FOLDER gets the set, of a few sounds of noise.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import soundfile
from benchmarks.many_clips import peak_memory
from made_sets import SCHEMA, TOML, row
from pyarrow import parquet

LANGUAGES = ("fr", "de", "it", "es", "zh")
SOUNDS, SECONDS, GROUP = 50, 2.0, 100


def make_set(folder: Path, rows: int) -> Path:
    """Write a set of some rows, a shard a language, a row group at a time."""
    (folder / "data").mkdir(parents=True)
    generator = np.random.default_rng(0)
    sounds = []
    for _ in range(SOUNDS):
        file = io.BytesIO()
        noise = generator.uniform(-0.3, 0.3, int(16_000 * SECONDS)).astype(np.float32)
        soundfile.write(file, noise, 16_000, "PCM_16", format="FLAC")
        sounds.append(file.getvalue())

    for language in LANGUAGES:
        path = folder / "data" / f"{language}-00000.parquet"
        with parquet.ParquetWriter(path, SCHEMA, use_dictionary=False) as writer:
            for group in _groups(rows // len(LANGUAGES), language, sounds):
                writer.write_table(pa.Table.from_pylist(group, SCHEMA))

    text = TOML.format(name="many", shards="data", languages=list(LANGUAGES), more="", tables="")
    (folder / "corpus.toml").write_text(text.replace("'", '"'))
    return folder


def _groups(n: int, language: str, sounds: list[bytes]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, n, GROUP):
        numbers = range(start, min(start + GROUP, n))
        yield [row(i, language, sound=sounds[i % SOUNDS], seconds=SECONDS) for i in numbers]


def main(command: str, rows: int, folder: Path) -> None:
    """Make the set in a process of its own, use it, print clips and peak memory."""
    made = folder / "many"
    if not made.exists():
        make_set(made, rows)
        return

    if command == "verify":
        from mserbench.data import corpus, lookup, verification

        source = lookup.corpus(str(made))
        verified = verification.verify(source, corpus.find(source, None))
        assert not verified.problems
        print(verified.utterances, peak_memory())
    else:
        from mserbench import train

        train("logmel", [str(made)], folder / "weights")
        print(rows, peak_memory())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
