"""The plan of a table: what it trains and asks, what it needs, what it can show, and what it
takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mserbench.data import corpus, lookup
from mserbench.experiments import needs, options, plan, sets, speakers, taking, validating
from mserbench.experiments.plan import Cell
from mserbench.experiments.shapes import Definition


def describe(
    experiment: Definition,
    data: Path | None = None,
    dry_run: bool = False,
    folders: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what the table would take: JSON-ready; nothing is computed, made or got, and no audio
    is opened.

    With `dry_run` models are built without memory for their numbers, and tell of parameters and
    memory. `folders` are those of sets that the user made, by their names in the table. Raises
    UsageError for a mistake in the definition.
    """
    sets.find(experiment, folders or {}, corpus.data_folder(data))
    validating.check(experiment)
    cells = plan.cells(experiment)
    corpora, parts = needs.corpora(cells, data), needs.parts(cells)
    described = {
        "name": experiment.name,
        "title": experiment.title,
        "settings": [setting.name for setting in experiment.settings],
        "systems": [system.name for system in experiment.systems],
        "cells": len(cells),
        "tasks": plan.tasks(cells),
        "trainings": _trainings(cells),
        "runs": [
            {"model": run.model, "task": run.task, "options": dict(run.options)}
            for run in plan.questions(cells)
        ],
        "asked": {
            system.name: options.asked_with(experiment, system)
            for system in experiment.systems
            if system.asked
        },
        "targets": _targets(cells, data),
        "corpora": corpora,
        "builds": sets.builds(experiment),
        "parts": parts,
    }

    # Building models wants their packages and takes seconds, and the rest of the plan does not.
    if dry_run:
        groups = taking.trained(cells)
        described |= {"takes": groups, "totals": taking.totals(groups, corpora, parts)}

    return described


def _trainings(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return the trainings in order; `after` is the number, from 1, of the one that one goes on
    from, or None.
    """
    in_order = plan.trainings(list(cells))
    numbers = {training: number for number, training in enumerate(in_order, start=1)}
    return [
        {
            "model": training.model,
            "on": list(training.on),
            "validate": list(training.validate),
            "options": dict(training.options),
            "after": numbers[training.after] if training.after else None,
        }
        for training in in_order
    ]


def _targets(cells: Sequence[Cell], data: Path | None) -> list[dict[str, Any]]:
    """Return of each target its clips where they are known, its speakers, and what those do not
    allow to say.
    """
    names = sorted({cell.task for cell in cells})
    return [
        {
            "task": target.task,
            "clips": lookup.task(target.task).expected,
            "speakers": target.number,
            "speakers_from": target.source,
            "remark": target.remark,
        }
        for target in speakers.of_targets(names, data)
    ]
