"""What the trainings of a table take: numbers of parameters, memory, disk and hours, as their
models tell.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from mserbench.experiments.learning import Pairs, Training
from mserbench.experiments.needs import made_options
from mserbench.experiments.plan import Cell, trainings
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
        # The seed changes neither memory nor time.
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
    prints = [(group["footprint"], group["trainings"]) for group in groups if group["footprint"]]
    measured = [each["seconds"] * n for each, n in prints if each["seconds"] is not None]
    # A cache is shared by all trainings that read it, so each counts once.
    rates = {name: rate for each, _ in prints for name, rate in each["cache"].items()}
    audio = sum(corpus["hours"] or 0.0 for corpus in corpora)

    return {
        "memory_gb": max(
            (each["memory_gb"] for each, _ in prints if each["memory_gb"]), default=None
        ),
        "parts_mb": sum(part["megabytes"] for part in parts if not part["here"]),
        "weights_gb": round(sum(each["weights"] * n for each, n in prints) / _GB, 1),
        "cache_gb": round(sum(rates.values()) * 3600 * audio / _GB, 1),
        "without_hours": [corpus["name"] for corpus in corpora if corpus["hours"] is None],
        "hours": round(sum(measured) / 3600, 2) if measured else None,
        "unmeasured": _unmeasured(groups),
        "basis": sorted({sentence for each, _ in prints for sentence in each["basis"]}),
    }


def _unmeasured(groups: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return how many trainings of each model nobody has measured the time of."""
    counts: dict[str, int] = {}
    for group in groups:
        if not group["footprint"] or group["footprint"]["seconds"] is None:
            counts[group["model"]] = counts.get(group["model"], 0) + group["trainings"]

    return counts
