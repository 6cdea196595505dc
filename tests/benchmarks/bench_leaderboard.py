"""`mserbench leaderboard` over 2,000 runs: under 5 s, and linear in the number of runs.

Times are those of the processor: the command computes in one thread, so idle cores take as long by
the clock.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mserbench.labels import CANONICAL
from mserbench.results import recording, runs
from mserbench.results.record import SCHEMA
from mserbench.statistics import metrics
from mserbench_leaderboard.command import rewrite

TASKS, CLIPS, SPEAKERS = 20, 600, 24
BOUND = 5.0  # seconds
UNEVEN = 1.3  # what noise may add to twice the time


def make_board(folder: Path, n_runs: int) -> Path:
    """Write `n_runs` finished runs over 20 tasks of 600 clips and 7 labels."""
    for task in range(TASKS):
        generator = np.random.default_rng(task)
        truth = generator.integers(len(CANONICAL), size=CLIPS)
        for number in range(n_runs // TASKS):
            _write_run(
                folder / "results", f"task-{task:02}", f"model-{number:03}", truth, generator
            )

    return folder


def _write_run(
    results: Path, task: str, model: str, truth: Any, generator: np.random.Generator
) -> None:
    # Models that differ: equal ones would all be tied, which is one path of the command alone.
    scores = generator.random((CLIPS, len(CANONICAL)))
    scores[np.arange(CLIPS), truth] += generator.random() * 0.5
    answers = [CANONICAL[best] for best in scores.argmax(1)]
    labels = [CANONICAL[label] for label in truth]
    lines = [f"id,label,prediction,{','.join(f'score_{label}' for label in CANONICAL)},answer"]

    for at in range(CLIPS):
        numbers = ",".join(f"{score:.6g}" for score in scores[at])
        lines.append(f"03-01-05-01-02-{at:06},{labels[at]},{answers[at]},{numbers},")

    text = "\n".join(lines) + "\n"

    # The command takes intervals from the record, so their width is nothing to its time.
    point = metrics.metrics(metrics.confusion(labels, answers, CANONICAL))
    record = {
        "schema": SCHEMA,
        "model": {"name": model, "title": model, "version": "1", "options": {}, "weights": None},
        "task": {
            "name": task, "title": task, "version": 1, "hash": task, "question": task,
            "corpus": task,
            "languages": ["eo"], "labels": list(CANONICAL),
        },
        "corpus": {"name": task, "title": task, "synthetic": False, "index_digest": None},
        "counts": {"expected": CLIPS, "scored": CLIPS, "unparsed": 0, "partial": False},
        "metrics": point,
        "intervals": {name: [max(value - 0.03, 0), min(value + 0.03, 1)] for name,
        value in point.items()},
        "statistics": {
            "method": recording.METHOD, "level": 0.95, "cluster": "speaker", "clusters": SPEAKERS,
            "unattributed": 0,
            "freedom": SPEAKERS - 1,
        },
        "canonical": None,
        "clusters": [at % SPEAKERS for at in range(CLIPS)],
        "verdict": {"verdict": "zero-shot", "reasons": [], "heard": "no", "transductive": False},
        "predictions": {"file": runs.PREDICTIONS,
        "sha256": hashlib.sha256(text.encode()).hexdigest()},
    }  # fmt: skip
    folder = results / task / f"{model}-0000"
    folder.mkdir(parents=True)
    (folder / runs.PREDICTIONS).write_text(text)
    (folder / runs.RECORD).write_text(json.dumps(record, indent=1))


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Return boards by their number of runs."""
    root = tmp_path_factory.mktemp("boards")
    return {n_runs: make_board(root / str(n_runs), n_runs) for n_runs in (1000, 2000)}


@pytest.mark.benchmark(timer=time.process_time)
def bench_two_thousand_runs(benchmark: Any, boards: dict[int, Path]) -> None:
    """A board that takes minutes would not be rewritten with each run."""
    count, _ = benchmark.pedantic(rewrite, args=(boards[2000], False), rounds=3, warmup_rounds=1)
    assert count == 2000
    assert benchmark.stats.stats.min < BOUND


def bench_time_is_in_proportion(boards: dict[int, Path]) -> None:
    """Comparing all pairs instead of the best with each would show here."""
    took = {n_runs: min(_seconds(folder) for _ in range(3)) for n_runs, folder in boards.items()}
    print(f"seconds: {took}")
    assert took[2000] < 2 * UNEVEN * took[1000]


def _seconds(folder: Path) -> float:
    start = time.process_time()
    rewrite(folder, False)
    return time.process_time() - start
