"""Runs as rows of one CSV table, for whoever draws or joins them elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TextIO

from mserbench.report import foreign
from mserbench.results.runs import Run
from mserbench.statistics.names import METRICS

_FACTS = (
    "model", "task", "corpus", "languages", "clips", "unparsed_clips", "speakers", "verdict",
    "heard", "marks", "weights", "trained_on", "created", "key",
)  # fmt: skip
COLUMNS = (*_FACTS, *(f"{name}{end}" for name in METRICS for end in ("", "_low", "_high")))
"""The columns. Metrics and the ends of their 95 % intervals are fractions of 1, empty where there
is no interval; names in one cell are separated by blanks.
"""


def table(runs: Sequence[Run], stream: TextIO | None = None) -> str:
    """Return the runs as CSV, one row a run in the order given, with a header.

    Texts are such as a spreadsheet and a terminal take for text (`mserbench.report.foreign`), in
    signs that `stream` can write.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for run in runs:
        writer.writerow(
            {
                column: foreign.cell(value, stream) if isinstance(value, str) else value
                for column, value in _row(run).items()
            }
        )

    return text.getvalue()


def _row(run: Run) -> dict[str, object]:
    record = run.record
    weights = record.model.weights
    numbers: dict[str, object] = {}
    for name in METRICS:
        low, high = run.intervals[name] or ("", "")
        numbers |= {name: run.metrics[name], f"{name}_low": low, f"{name}_high": high}

    return {
        "model": run.name,
        "task": record.task.name,
        "corpus": record.corpus.name,
        "languages": " ".join(record.task.languages),
        "clips": record.counts.scored,
        "unparsed_clips": record.counts.unparsed,
        # Where no speaker is known the clusters are clips.
        "speakers": "" if run.by_clip else record.statistics.clusters,
        "verdict": run.verdict,
        "heard": run.heard,
        "marks": ", ".join(run.marks),
        "weights": weights.name if weights else "",
        "trained_on": " ".join(_trained_on(run)),
        "created": record.created or "",
        "key": record.key or "",
        **numbers,
    }


def _trained_on(run: Run) -> list[str]:
    exposure = run.record.model.exposure or ()
    return sorted({part.corpus for part in exposure if part.kind == "emotion-labels"})
