"""A run on disk and in memory: its folder, its lock, its record, and the predictions beside it."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mserbench import predictions
from mserbench.errors import DataError, UsageError
from mserbench.files import write_atomic
from mserbench.predictions import Prediction

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
RECORD = "run.json"
PREDICTIONS = "predictions.csv"
JOURNAL = "journal.jsonl"
LOCK = ".lock"


@dataclass(frozen=True)
class Run:
    """One model on one task, finished: what it said, what that is worth, and how it came about."""

    folder: Path
    record: Mapping[str, Any]

    @property
    def metrics(self) -> dict[str, float]:
        """UA, WA, WF1, MF1, precision and unparsed, as fractions of 1."""
        return dict(self.record["metrics"])

    @property
    def intervals(self) -> dict[str, tuple[float, float] | None]:
        """The 95 % interval of each metric, as fractions of 1; None where there is only one cluster."""
        return {name: tuple(ends) if ends else None for name, ends in self.record["intervals"].items()}

    @property
    def verdict(self) -> str:
        """`zero-shot`, `cross-corpus`, `unknown`, `in-corpus` or `leaked`."""
        return str(self.record["verdict"]["verdict"])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is what it is."""
        return tuple(self.record["verdict"]["reasons"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set of the task, in its order."""
        return tuple(self.record["task"]["labels"])

    @cached_property
    def rows(self) -> list[Prediction]:
        """The predictions, sorted by id."""
        return predictions.read(self.folder / PREDICTIONS, self.labels)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The predictions as a table: `id`, `label`, `prediction`, `score_<label>` ..., `answer`."""
        import pandas as pd

        return pd.read_csv(self.folder / PREDICTIONS, dtype={"id": str}, keep_default_na=False, na_values={})

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints of this run."""
        return {
            "model": self.record["model"]["name"],
            "task": self.record["task"]["name"],
            "n": self.record["counts"]["scored"],
            "metrics": self.metrics,
            "intervals": {name: list(ends) if ends else None for name, ends in self.intervals.items()},
            "verdict": self.verdict,
            "run_dir": str(self.folder),
        }

    def __repr__(self) -> str:
        return f"<Run {self.record['model']['name']} on {self.record['task']['name']}: {self._line()}>"

    def _repr_html_(self) -> str:
        cells = {"model": self.record["model"]["name"], "task": self.record["task"]["name"], **self._cells()}
        head = "".join(f"<th>{html.escape(name)}</th>" for name in cells)
        body = "".join(f"<td>{html.escape(str(value))}</td>" for value in cells.values())
        return f"<table><tr>{head}</tr><tr>{body}</tr></table>"

    def _line(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self._cells().items())

    def _cells(self) -> dict[str, str]:
        return {
            "n": str(self.record["counts"]["scored"]),
            "UA": percent(self.metrics["UA"], self.intervals["UA"]),
            "WA": percent(self.metrics["WA"]),
            "verdict": self.verdict,
        }


def percent(value: float, interval: Sequence[float] | None = None) -> str:
    """Write a fraction as percent with one digit, with its interval where there is one: `45.3 [41.2, 49.0]`."""
    text = f"{100 * value:.1f}"
    return text if interval is None else f"{text} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def run_key(identity: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what decides the predictions: contents, never a path, a time or a device."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def run_folder(out: Path, task: str, model: str, key: str) -> Path:
    """Return the folder of a run: `out`/TASK/MODEL-KEY."""
    return out / _safe(task) / f"{_safe(model)}-{key[:12]}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the only writer's lock of a run folder. Raises UsageError where another process holds it."""
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UsageError(
            f"run folder {str(folder)!r} is being written by another process: wait for it, or give another --out"
        ) from error
    try:
        yield
    finally:
        lock.release()


def finish(folder: Path, record: Mapping[str, Any], rows: Sequence[Prediction]) -> Run:
    """Write predictions, then the record: the run is complete from that moment; then drop the journal."""
    text = predictions.write(rows, record["task"]["labels"])
    write_atomic(folder / PREDICTIONS, text)
    full = {
        "schema": SCHEMA,
        **record,
        "predictions": {"file": PREDICTIONS, "sha256": hashlib.sha256(text.encode()).hexdigest()},
    }
    write_atomic(folder / RECORD, json.dumps(full, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    (folder / JOURNAL).unlink(missing_ok=True)
    return Run(folder, full)


def read(folder: Path) -> Run:
    """Read a run folder, ours or a stranger's, as data. Raises DataError where it is not one or was changed."""
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
        check_record(record)
    except FileNotFoundError as error:
        raise DataError(f"{str(folder)!r} is no finished run: a file {RECORD} was expected in it") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"run record {str(path)!r} is damaged ({error}): run or score it again") from error
    try:
        data = (folder / PREDICTIONS).read_bytes()
    except OSError as error:
        raise DataError(f"run {str(folder)!r} has no readable {PREDICTIONS}: run or score it again") from error
    if hashlib.sha256(data).hexdigest() != record["predictions"]["sha256"]:
        raise DataError(f"{str(folder / PREDICTIONS)!r} is not the file that {RECORD} names: it was changed later")
    return Run(folder, record)


def check_record(record: Mapping[str, Any]) -> None:
    """Raise ValueError, KeyError or TypeError where a run record has not the documented form (docs/results.md)."""
    if record["schema"] != SCHEMA:
        raise ValueError(f"schema {record['schema']!r}, but {SCHEMA} was expected")
    for part, keys in _FORM.items():
        for key in keys:
            record[part][key]
    if record["predictions"]["file"] != PREDICTIONS:
        raise ValueError(f"predictions file {record['predictions']['file']!r} is not {PREDICTIONS!r}")
    if not all(isinstance(record[part]["name"], str) for part in ("model", "task")):
        raise TypeError("names of model and task must be text")
    for value in record["metrics"].values():
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"metric {value!r} is no fraction of 1")


_FORM: dict[str, tuple[str, ...]] = {
    "model": ("name", "title", "version", "options", "weights"),
    "task": ("name", "version", "hash", "corpus", "languages", "labels"),
    "corpus": ("name", "synthetic", "index_digest"),
    "counts": ("expected", "scored", "unparsed", "partial"),
    "metrics": ("UA", "WA", "WF1", "MF1", "precision", "unparsed"),
    "intervals": ("UA", "WA", "WF1", "MF1", "precision", "unparsed"),
    "bootstrap": ("resamples", "seed", "level", "cluster", "clusters"),
    "verdict": ("verdict", "reasons", "heard", "transductive"),
    "predictions": ("file", "sha256"),
}


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip(".") or "_"


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no valid number")
