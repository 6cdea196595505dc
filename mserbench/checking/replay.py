"""Whether the numbers of baselines follow from their predictions, as those of a board must."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mserbench.checking import decoding
from mserbench.checking.baselines import FILES, Baseline, Store
from mserbench.data import corpus, dataset, lookup
from mserbench.errors import DataError, MserbenchError
from mserbench.results import runs
from mserbench.results.runs import Run

_DEPTH = 4  # DEVICE-KEY/TASK/MODEL/FILE
DIGITS = 9  # of a number: what another processor's order of summation changes lies behind them


def findings(folder: Path) -> tuple[int, list[str]]:
    """Return how many baselines a store holds, and a sentence for each thing that is not so.

    Each record must be what its predictions give when they are scored again, with the labels and
    speakers of its task, in the folder of its device, task and model; nothing else may lie there.
    Recordings of other rates must be decoded as they were.
    """
    sentences = [
        f"{str(path)!r} belongs to no baseline: remove it"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _belongs(path.relative_to(folder))
    ]
    sentences += decoding.findings(folder)
    try:
        baselines = Store(folder).all()
    except DataError as error:
        return 0, [*sentences, str(error)]

    for baseline in baselines:
        sentences += _of(baseline)

    return len(baselines), sentences


def _belongs(path: Path) -> bool:
    return (path.name in FILES and len(path.parts) == _DEPTH) or path == Path(decoding.FILE)


def _of(baseline: Baseline) -> list[str]:
    place, told, record = str(baseline.folder), baseline.told, baseline.record
    run = Run(baseline.folder, record)
    try:
        remade = _rounded(runs.rescored(run).record.to_json())
    except DataError as error:
        return [str(error)]

    stated = _rounded(record.to_json())
    differing = [name for name in remade if stated.get(name) != remade[name]]
    faults = [
        f"baseline {place!r}: its {name} are others when they are computed again from its "
        "predictions: add it again"
        for name in differing
    ]
    if baseline.folder.parts[-3] != told.device_key:
        faults.append(f"baseline {place!r} is of device {told.device_key!r}: move it there")
    if (told.task, told.run_key) != (record.task.name, record.key):
        faults.append(f"baseline {place!r} has the record of another run: add it again")

    return [*faults, *_truth(baseline)]


def _truth(baseline: Baseline) -> list[str]:
    """Compare question, labels and speakers with what the task says here, where names say it."""
    place, record = str(baseline.folder), baseline.record
    try:
        task = lookup.task(record.task.name)
        if task.hash != record.task.question:
            return [
                f"baseline {place!r} is of another question than task {task.name!r} asks here, its "
                "labels, map or clips are others: if that is meant, add it again"
            ]
        if record.counts.partial or not corpus.inventory(lookup.corpus(task.corpus).card):
            return []

        labelled = dataset.truth(task, None)
    except MserbenchError:  # no such task here, or its corpus alone knows
        return []

    faults = []
    if [(row.id, row.label) for row in baseline.predictions] != [
        (utterance.id, label) for utterance, label in labelled
    ]:
        faults.append(f"baseline {place!r} has other clips or labels than its task: add it again")

    speakers = dataset.cluster_numbers([utterance.speaker for utterance, _ in labelled])
    if list(record.clusters or ()) != list(speakers or ()):
        faults.append(
            f"baseline {place!r} has other speakers than its task, so that its intervals are "
            "others: look at how speakers are told apart"
        )

    return faults


def _rounded(value: Any) -> Any:
    """Return a JSON value with all its numbers rounded."""
    text = json.dumps(value)
    return json.loads(text, parse_float=lambda number: round(float(number), DIGITS))


def listed(sentences: Sequence[str]) -> str:
    """Return findings as lines for people."""
    return "\n".join(f"  - {sentence}" for sentence in sentences)
