"""Published results, read from `reported.csv`; they stand beside our runs and are never ranked
among them.

How the rows were chosen: of the numbers collected from papers and model pages, those that were read
again at their source (verified), on a corpus and a number of classes that one of our tasks has, and
in a metric that is certainly one of ours (macro F1 is MF1; an F1 whose averaging is not stated was
left out). `exposure` is in the words of our verdicts: trained on the target corpus is `in-corpus`;
an unseen corpus in a language that was seen with emotion labels is `cross-corpus`, whatever the
paper calls it. Of a system in the registry of public checkpoints it is computed from what that says
(`judged`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.disk import outside
from mserbench.errors import DataError, why
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import TaskEntry
from mserbench.results import public, public_page
from mserbench.results.exposure import VERDICTS

FILE = "reported.csv"
COLUMNS = ("task", "system", "metric", "value", "exposure", "paper", "table", "source", "note")
_SHARED = tuple(name for name in COLUMNS if name not in ("metric", "value"))
METRICS = ("UA", "WA", "WF1", "MF1")


@dataclass(frozen=True, slots=True)
class Published:
    """One system on one task; `values` are percent, as printed, by metric."""

    task: str
    system: str
    exposure: str
    paper: str
    table: str
    source: str
    note: str
    values: Mapping[str, str]


def read(path: Path) -> list[Published]:
    """Return published results, in the order of the file; none where there is no file.

    Raises DataError with the line that is not understood.
    """
    if not path.exists():
        return []

    try:
        reader = csv.DictReader(
            io.StringIO(outside.read(path, outside.TABLE).decode("utf-8-sig"), newline=""),
            strict=True,
        )
        values_of: dict[tuple[str, ...], dict[str, str]] = {}
        for record in reader:
            _check(record)

            # A line holds one metric; those of one system on one task make one row.
            values = values_of.setdefault(tuple(record[name] for name in _SHARED), {})
            if values.setdefault(record["metric"], record["value"]) != record["value"]:
                raise ValueError(f"a second {record['metric']} of {record['system']!r}")
    except (OSError, ValueError, csv.Error) as error:
        # Reading the file itself may have failed, before there was a line.
        at = reader.line_num if "reader" in locals() else 1
        raise DataError(
            f"published results {str(path)!r}, line {at}: {why(error)}: correct the line"
        ) from error

    return [
        Published(**dict(zip(_SHARED, key, strict=True)), values=values)
        for key, values in values_of.items()
    ]


def judged(rows: Iterable[Published]) -> list[Published]:
    """Return published results with the verdict that the registry of public checkpoints leads to,
    where it has the system; a task that is not installed keeps what the file says.
    """
    entries = public.registry()
    by_system = {name: model for model in entries.models.values() for name in model.reported_as}
    tasks = registry.entries(TaskEntry)
    return [
        replace(row, exposure=public_page.verdict_of(entries, model, row.task).verdict)
        if (model := by_system.get(row.system)) and row.task in tasks
        else row
        for row in rows
    ]


def _check(record: Mapping[str, str]) -> None:
    if tuple(record) != COLUMNS or not all(isinstance(record[name], str) for name in COLUMNS):
        raise ValueError(f"the columns {', '.join(COLUMNS)} were expected")
    if record["metric"] not in METRICS or not 0 <= float(record["value"]) <= 100:
        raise ValueError(
            f"{record['metric']!r} {record['value']!r} is none of {', '.join(METRICS)} in percent"
        )
    if record["exposure"] not in VERDICTS:
        raise ValueError(f"exposure {record['exposure']!r} is none of {', '.join(VERDICTS)}")
