"""What the trainings of a table take: numbers of parameters, memory, disk and hours, as their
models tell.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from mserbench.experiments.needs import made_options
from mserbench.experiments.plan import Cell, Pairs, Training, trainings
from mserbench.footprint import Footprint
from mserbench.model import TrainableModel

_GB = 1e9


def trained(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return one record for the trainings that differ in seed and corpora alone: how many, and what
    each takes.

    `footprint` is None where a model does not say. Models are built without memory for their
    numbers.
    """
    alike: dict[tuple[str, Pairs], list[Training]] = {}
    for training in trainings(list(cells)):
        options = tuple((key, value) for key, value in training.options if key != "seed")
        alike.setdefault((training.model, options), []).append(training)

    prints = {key: _footprint(*key) for key in alike}
    return [
        {
            "model": model,
            "options": dict(options),
            "trainings": len(same),
            "footprint": prints[model, options],
        }
        for (model, options), same in alike.items()
    ]


def _footprint(model: str, options: Pairs) -> dict[str, Any] | None:
    kind, settings = made_options(model, options)
    footprint = kind.footprint(settings) if issubclass(kind, TrainableModel) else None
    return None if footprint is None else _record(footprint)


def _record(footprint: Footprint) -> dict[str, Any]:
    """Return a footprint as JSON has it, with the sums that people ask for."""
    return {
        **dataclasses.asdict(footprint),
        "basis": list(footprint.basis),
        "n_trainable": sum(footprint.trainable.values()),
        "n_frozen": sum(footprint.frozen.values()),
        "memory_gb": round(sum(footprint.memory.values()) / _GB, 1) if footprint.memory else None,
    }


def totals(
    groups: Sequence[dict[str, Any]],
    corpora: Sequence[dict[str, Any]],
    parts: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Return what all trainings take together.

    `memory_gb`: of the largest one. `parts_mb`: pretrained parts that are still to be got.
    `weights_gb`: weights of all trainings. `cache_gb`: cached features of all corpora, whole, but
    for those `without_hours`. `hours`: of the trainings whose models tell a measured time, one
    after another; `unmeasured`: how many of which models do not.
    """
    prints = [(one["footprint"], one["trainings"]) for one in groups if one["footprint"]]
    measured = [one["seconds"] * n for one, n in prints if one["seconds"] is not None]
    rates = {name: rate for one, _ in prints for name, rate in one["cache"].items()}
    audio = sum(one["hours"] or 0.0 for one in corpora)

    return {
        "memory_gb": max((one["memory_gb"] for one, _ in prints if one["memory_gb"]), default=None),
        "parts_mb": sum(one["megabytes"] for one in parts if not one["here"]),
        "weights_gb": round(sum(one["weights"] * n for one, n in prints) / _GB, 1),
        "cache_gb": round(sum(rates.values()) * 3600 * audio / _GB, 1),
        "without_hours": [one["name"] for one in corpora if one["hours"] is None],
        "hours": round(sum(measured) / 3600, 2) if measured else None,
        "unmeasured": _unmeasured(groups),
        "basis": sorted({sentence for one, _ in prints for sentence in one["basis"]}),
    }


def _unmeasured(groups: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return how many trainings of each model nobody has measured the time of."""
    counts: dict[str, int] = {}
    for group in groups:
        if not group["footprint"] or group["footprint"]["seconds"] is None:
            counts[group["model"]] = counts.get(group["model"], 0) + group["trainings"]

    return counts
