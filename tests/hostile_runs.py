"""Runs whose every text is an attack on whoever opens a page of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from mserbench.results import runs
from mserbench.results.runs import Run
from tests.browser import BREAKING, HOSTILE, LONG, TURNED
from tests.leaderboard.conftest import rewrite_record, rows_of, toy_items, toy_task, write_run


def hostile_run(folder: Path) -> Run:
    """Return a run whose every text is an attack."""
    task = toy_task(labels=(HOSTILE, BREAKING, TURNED))
    items = toy_items(task)
    ids = tuple(sorted(f"{attack}{at}" for at in range(12) for attack in task.labels))
    items = replace(items, ids=ids)
    rows = rows_of(items, task.labels, 0.3, 0)
    run = write_run(folder, task, items=items, rows=rows, options={HOSTILE: BREAKING, "x": LONG})

    def attack(record: dict[str, Any]) -> None:
        record["model"] |= {"title": BREAKING, "licence": HOSTILE, "version": TURNED}
        record["model"]["weights"] = {"name": BREAKING, "hash": HOSTILE, "recipe": BREAKING}
        record["verdict"] |= {"reasons": [HOSTILE, BREAKING, LONG], "note": TURNED}
        record["environment"] = {HOSTILE: BREAKING}

    rewrite_record(run.folder, attack)
    return runs.read(run.folder)
