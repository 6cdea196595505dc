"""The plan of a table: what it trains and asks, what it needs, what it can show, and what it
takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mserbench.data import lookup
from mserbench.experiments import needs, options, plan, speakers, taking, validating
from mserbench.experiments.plan import Cell
from mserbench.experiments.shapes import Definition


def describe(
    experiment: Definition, data: Path | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """Return what the table would take: JSON-ready; nothing is computed, made or got, and no audio
    is opened.

    With `dry_run` models are built without memory for their numbers, and tell of parameters and
    memory. Raises UsageError for a mistake in the definition.
    """
    validating.check(experiment)
    cells = plan.cells(experiment)
    corpora, parts = needs.corpora(cells, data), needs.parts(cells)
    described = {
        "name": experiment.name,
        "title": experiment.title,
        "settings": [one.name for one in experiment.settings],
        "systems": [one.name for one in experiment.systems],
        "cells": len(cells),
        "tasks": plan.tasks(cells),
        "trainings": [
            {"model": one.model, "on": list(one.on), "validate": list(one.validate),
            "options": dict(one.options)}
            for one in plan.trainings(cells)
        ],
        "runs": [{"model": one.model, "task": one.task,
        "options": dict(one.options)} for one in plan.questions(cells)],
        "asked": {one.name: options.asked_with(experiment,
        one) for one in experiment.systems if one.asked},
        "targets": _targets(cells, data),
        "corpora": corpora,
        "parts": parts,
    }  # fmt: skip

    if dry_run:
        groups = taking.trained(cells)
        described |= {"takes": groups, "totals": taking.totals(groups, corpora, parts)}

    return described


def _targets(cells: Sequence[Cell], data: Path | None) -> list[dict[str, Any]]:
    """Return of each target its clips where they are known, its speakers, and what those do not
    allow to say.
    """
    names = sorted({cell.task for cell in cells})
    return [
        {
            "task": one.task,
            "clips": lookup.task(one.task).expected,
            "speakers": one.number,
            "speakers_from": one.source,
            "remark": one.remark,
        }
        for one in speakers.of_targets(names, data)
    ]
