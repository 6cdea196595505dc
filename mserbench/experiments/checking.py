"""Whether the corpora of an experiment are here and complete: names and counts only, no audio is
decoded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from mserbench.contracts import Task
from mserbench.data import corpus, dataset, lookup
from mserbench.errors import DataError
from mserbench.experiments import sets


def check(
    names: Sequence[str],
    data: Path | None,
    allow_partial: bool = False,
    builds: Mapping[str, str] | None = None,
) -> None:
    """Raise DataError with all corpora of some tasks that are absent, or else with what is wrong
    with their files.

    `builds` are the commands that make those which no publisher has.
    """
    tasks = [lookup.task(name) for name in names]
    # All that is absent at once: who has to ask for corpora should not hear of them one by one.
    roots: dict[str, Path] = {}
    absent = []

    for name in sorted({task.corpus for task in tasks}):
        try:
            roots[name] = corpus.find(lookup.corpus(name), data)
        except DataError:
            absent.append(name)

    if absent:
        place = (
            f"are not in {str(data)!r}"
            if data
            else "need a data folder: give --data or set MSERBENCH_DATA"
        )
        remedies = [
            f"'mserbench data show {name}' says where to get one and how to unpack it"
            for name in absent
            if name not in (builds or {})
        ]
        made = sets.told(absent, builds or {})
        raise DataError(
            f"{len(absent)} of {len(absent) + len(roots)} corpora, {', '.join(absent)}, {place}; "
            f"{'; '.join(filter(None, [*remedies[:1], made]))}"
        )

    faults = [
        fault
        for name, root in roots.items()
        for fault in _faults(name, root, tasks, data, allow_partial)
    ]
    if faults:
        listed = "".join(f"\n  - {fault}" for fault in faults[:20])
        more = f"\n  - and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise DataError(
            f"the corpora are not complete, {len(faults)} problem(s):{listed}{more}\n"
            f"mend them first"
        )


def _faults(
    name: str, root: Path, tasks: Sequence[Task], data: Path | None, allow_partial: bool
) -> list[str]:
    reading = corpus.read(lookup.corpus(name), root)
    utterances = list(reading.utterances.values())
    faults: list[str] = []

    for task in (task for task in tasks if task.corpus == name):
        # Which clips are asked cannot be said while a label means nothing.
        undeclared = dataset.undeclared_labels(task, utterances)
        faults += undeclared
        if undeclared:
            continue

        labels = [label for _, label in dataset.select(task, utterances)]
        if not labels:
            faults.append(f"task {task.name!r} selects no clip")
        elif (
            not allow_partial
            and task.counts
            and dict(Counter(labels)) != {k: n for k, n in task.counts.items() if n}
        ):
            faults.append(
                f"task {task.name!r} has the clips {dict(Counter(labels))}, expected "
                f"{dict(task.counts)}"
            )

    if not allow_partial:
        # What is wrong with clips that no task of the table asks stops nobody here.
        needed = {
            utterance.id
            for task in tasks
            if task.corpus == name
            for utterance, _ in dataset.truth(task, data)
        }
        faults += reading.problems_of_task(sorted(needed))

    return list(dict.fromkeys(faults))
