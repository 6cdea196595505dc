"""Finished run folders made by code, of small tasks that no plugin registers and of real ones."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mserbench.cards import CorpusCard, Exposure, ModelCard
from mserbench.contracts import Task
from mserbench.results import exposure, recording, runs, scoring
from mserbench.results.predictions import Prediction, best_label
from mserbench.results.record import SCHEMA, RunRecord, WeightsPart
from mserbench.results.runs import Run
from mserbench_leaderboard.entries import Items

LABELS = ("happy", "sad", "angry")
MakeRun = Callable[..., Run]


def toy_task(name: str = "toy-a", labels: tuple[str, ...] = LABELS, version: int = 1) -> Task:
    """Return a task that no plugin registers."""
    counts = dict.fromkeys(labels, 12)
    label_map = {label: label for label in labels}
    return Task(
        name,
        f"Toy task {name}",
        f"{name}-corpus",
        ("eo",),
        labels,
        label_map,
        counts,
        version=version,
    )


def toy_card(task: Task, synthetic: bool = False) -> CorpusCard:
    """Return the card of the corpus of a toy task."""
    return CorpusCard(
        name=task.corpus, title=f"Corpus of {task.name}", languages=task.languages, speakers=4,
            licence="CC0-1.0",
        access="open", source="", how_to_get="", unpack="", citation="", counts={},
            synthetic=synthetic,
    )  # fmt: skip


def toy_items(task: Task) -> Items:
    """Return 12 clips of each label by 4 speakers in turn."""
    ids = [f"clip{number:03}" for number in range(task.expected)]
    truth = [task.labels[number % len(task.labels)] for number in range(len(ids))]
    return Items(tuple(ids), tuple(truth), tuple(number // 3 % 4 for number in range(len(ids))))


def rows_of(items: Items, labels: tuple[str, ...], right: float, seed: int) -> list[Prediction]:
    """Return predictions with scores, a share `right` of which is correct."""
    generator = np.random.default_rng(seed)
    rows = []
    for identity, label in zip(items.ids, items.truth, strict=True):
        scores = generator.random(len(labels)).round(4)
        if generator.random() < right:
            scores[labels.index(label)] += 1

        values = tuple(float(f"{score:.6g}") for score in scores)
        rows.append(Prediction(identity, label, best_label(values, labels), values))

    return rows


def write_run(
    folder: Path,
    task: Task | None = None,
    model: str = "good",
    right: float = 0.8,
    seed: int = 0,
    *,
    items: Items | None = None,
    card: CorpusCard | None = None,
    exposures: tuple[Exposure, ...] = (),
    complete: bool = True,
    weights: dict[str, Any] | None = None,
    development: tuple[str, ...] = (),
    options: dict[str, Any] | None = None,
    rows: list[Prediction] | None = None,
    transductive: bool = False,
    partial: bool = False,
    verdict: str | None = None,
    recipe: str = "",
) -> Run:
    """Finish a run of a made-up model below `folder`, in the folder that `mserbench run` would give
    it.
    """
    task = task or toy_task()
    items = items or toy_items(task)
    card = card or toy_card(task)
    rows = rows or rows_of(items, task.labels, right, seed)
    clusters = None if items.clusters is None else list(items.clusters)
    model_card = ModelCard(
        model, f"The model {model}", "1", "MIT", "", exposures, complete, development,
        recipe=recipe,
    )  # fmt: skip
    judged = exposure.judge(model_card, task, card, (), transductive)
    judged = dataclasses.replace(judged, verdict=verdict or judged.verdict)
    record = RunRecord(
        schema=SCHEMA,
        model=recording.model_part(
            model_card, "1", options or {}, weights and WeightsPart.from_json(weights, "weights")
        ),
        task=recording.task_part(task, "0" * 64),
        corpus=recording.corpus_part(card, "0" * 64),
        **recording.numbers(
            scoring.score(rows, task.labels, clusters), task.expected, partial, clusters
        ),
        verdict=recording.verdict_part(judged),
        created=f"2026-01-01T00:00:{seed % 60:02}+00:00",
        predictions=recording.UNWRITTEN,
    )

    return runs.finish(runs.run_folder(folder, task.name, model, f"{seed:012x}"), record, rows)


def trained(
    seed: int | None, name: str = "", shipped: bool = False, **options: Any
) -> dict[str, Any]:
    """Return what a record tells of weights that were trained with a seed; without one where
    nothing is random.
    """
    settings = options if seed is None else {**options, "seed": seed}
    name = name or f"w{seed}"
    recipe = f"mserbench train --model good --on x --option seed={seed} --out {name}"

    return {
        "name": name, "hash": f"{seed or 0:x}" * 64, "shipped": shipped, "recipe": recipe,
        "trained": [{"on": ["x"], "options": settings}],
    }  # fmt: skip


def rewrite_record(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the record of a run folder, as somebody with an editor would."""
    path = folder / runs.RECORD
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """Return the folder of an empty leaderboard."""
    (tmp_path / "board" / "results").mkdir(parents=True)
    return tmp_path / "board"


@pytest.fixture
def make_run(board: Path) -> MakeRun:
    """Return a function that finishes a run in the results of `board`; arguments as `write_run`."""

    def make(task: Task | None = None, model: str = "good", **more: Any) -> Run:
        return write_run(board / "results", task, model, **more)

    return make
