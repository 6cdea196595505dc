"""Parquet sets: memory that does not grow with the recordings, and time against loose files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.many_rows import make_set
from pyarrow import parquet

from mserbench.contracts import Utterance
from mserbench.data import index
from mserbench.data.shards import recordings

FEW, MANY = 500, 10_000
# Bytes that may be kept of a row: names, labels, facts; and what is learnt from, 120 features in some
# copies and a fingerprint (measured: 7,000 to 11,000 up to 40,000 rows). Its recording has 55,000.
A_ROW = {"verify": 8_000, "train": 12_000}
TIMED, ROUNDS = 1_000, 3
SCRIPT = Path(__file__).with_name("many_rows.py")


def peak(command: str, rows: int, folder: Path) -> int:
    """Return the peak memory in bytes of a command on a set that another process made."""
    folder.mkdir(exist_ok=True)
    path = os.pathsep.join([str(SCRIPT.parents[1]), *sys.path])
    environment = {**os.environ, "MSERBENCH_CACHE": str(folder / "cache"), "PYTHONPATH": path}
    arguments = [sys.executable, str(SCRIPT), command, str(rows), str(folder)]
    if not (folder / "many").exists():
        subprocess.run(arguments, env=environment, check=True)

    done = subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True)
    clips, peak_bytes = done.stdout.split()[-2:]
    assert int(clips) == rows
    return int(peak_bytes)


@pytest.mark.parametrize("command", ["verify", "train"])
def bench_memory_holds_a_few_row_groups_however_many_there_are(
    command: str, tmp_path: Path
) -> None:
    """Twenty times the rows: the kept row groups and what is known of each row, no more audio."""
    few, many = (peak(command, rows, tmp_path / str(rows)) for rows in (FEW, MANY))
    print(f"{command}: {few / 1e6:.0f} MB with {FEW} rows, {many / 1e6:.0f} MB with {MANY}")
    assert many - few < recordings.BUDGET + A_ROW[command] * (MANY - FEW)


def bench_a_set_is_indexed_nearly_as_fast_as_loose_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes as files, in the same run: packing may cost a fifth."""
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "cache"))
    data = make_set(tmp_path / "many", TIMED) / "data"
    rows, files = [], []
    for shard in sorted(data.glob("*.parquet")):
        for number, entry in enumerate(parquet.read_table(shard).to_pylist()):
            name = f"{shard.stem}-{number}.flac"
            (data / name).write_bytes(entry["audio"]["bytes"])
            files.append(Utterance(name, name, "sad", None, "fr"))
            rows.append(Utterance(name, f"{shard.name}#{number}", "sad", None, "fr"))

    seconds: dict[str, list[float]] = {"rows": [], "files": []}
    for _ in range(ROUNDS):
        for kind, clips in (("files", files), ("rows", rows)):
            recordings._kept.forget()
            start = time.perf_counter()
            facts = index.index(data, clips, from_memory=False)
            seconds[kind].append(time.perf_counter() - start)
            assert not any(clip.problem for clip in facts.values())

    ratio = min(seconds["rows"]) / min(seconds["files"])
    print(f"rows {min(seconds['rows']):.2f} s, files {min(seconds['files']):.2f} s: {ratio:.2f}")
    assert ratio < 1.2
