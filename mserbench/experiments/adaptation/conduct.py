"""Carries a curve out: every model is asked about every task, and the folder is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mserbench.data import corpus, dataset, lookup
from mserbench.data.dataset import Dataset
from mserbench.disk import folders
from mserbench.engine.base import Shard, Workers
from mserbench.engine.named import engine_named
from mserbench.errors import UsageError
from mserbench.experiments.adaptation import files, work
from mserbench.experiments.adaptation.curve import Curve
from mserbench.experiments.adaptation.work import Asked
from mserbench.experiments.conduct import Finished, Means, Tell
from mserbench.experiments.work import Workplace
from mserbench.results.record import task_hash


def conduct(curve: Curve, out: Path, means: Means, command: str, tell: Tell) -> Finished:
    """Ask whatever was not asked yet, and write README.md, curve.svg, answers and record.json.

    A model that fails on a task leaves that row without numbers. Raises DataError with the problems
    of every corpus before any model is made, UsageError where another process works in `out`.
    """
    data = corpus.data_folder(means.data)
    data = None if data is None else data.absolute()
    place = Workplace(out.absolute(), data, means.allow_partial)
    targets = {
        name: dataset.load(lookup.task(name), data, means.allow_partial) for name in curve.tasks
    }
    workers = Workers(
        means.jobs, devices=means.devices, threads=means.threads, log=place.out / "workers.log"
    )
    place.out.mkdir(parents=True, exist_ok=True)
    with engine_named(means.engine, workers) as engine:
        engine.require([place.out, *([data] if data else [])])
        try:
            with folders.held(place.out / ".lock"):
                curves = _asked(curve, place, engine, tell)
        except folders.Busy:
            raise UsageError(
                f"another process works in {str(out)!r}: wait for it, or give another --out"
            ) from None

    lines = {
        pair: work.read_lines(place.out / done.lines, len(targets[pair[1]].items))
        for pair, done in curves.items()
        if not done.failure
    }
    record = _record(curve, targets, curves, command)
    page = files.write(place.out, record, {name: _clips(t) for name, t in targets.items()}, lines)
    failures = tuple(
        f"{model} on {task}: {done.failure}"
        for (model, task), done in curves.items()
        if done.failure
    )

    return Finished(page, failures)


def _asked(curve: Curve, place: Workplace, engine: Any, tell: Tell) -> dict[tuple[str, str], Asked]:
    """Hand each model and task to the engine, and tell of each as it is done."""
    pairs = {f"{model} on {task}": (model, task) for task in curve.tasks for model in curve.models}
    shards = (
        Shard(key, work.do_curve, (place, replace(curve), *pair), on_device=True)
        for key, pair in pairs.items()
    )
    curves: dict[tuple[str, str], Asked] = {}
    for number, outcome in enumerate(engine.do(shards), start=1):
        done = outcome.value or Asked(failure=outcome.failure)
        curves[pairs[outcome.key]] = done
        state = f"failed: {done.failure}" if done.failure else "done"
        tell(f"curve {number}/{len(pairs)}: {outcome.key}: {state}")

    return {pair: curves[pair] for pair in pairs.values()}


def _clips(target: Dataset) -> list[tuple[str, str, int | None]]:
    """Return id, label and speaker number of each clip, in the order of the letters."""
    numbers = dataset.cluster_numbers(target.speakers) or [None] * len(target.items)
    return [
        (item.utterance.id, item.label, number)
        for item, number in zip(target.items, numbers, strict=True)
    ]


def _record(
    curve: Curve,
    targets: Mapping[str, Dataset],
    curves: Mapping[tuple[str, str], Asked],
    command: str,
) -> dict[str, Any]:
    return {
        "schema": files.SCHEMA,
        "kind": "adaptation",
        "title": curve.title,
        "text": curve.text,
        "command": command,
        "clips": list(curve.clips),
        "draws": curve.draws,
        "tasks": {
            name: {
                "title": target.task.title,
                "labels": list(target.task.labels),
                "hash": task_hash(target.task.hash, target.digest),
                "scored": len(target.items),
                "partial": target.partial,
                "synthetic": target.card.synthetic,
            }
            for name, target in targets.items()
        },
        "rows": [
            {"model": model, "task": task, **(done.told or {}), "failure": done.failure}
            for (model, task), done in curves.items()
        ],
    }
