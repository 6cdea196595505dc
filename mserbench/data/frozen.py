"""Frozen subsets of tasks, `TASK:frozen`: 64 clips, the same on every machine, for comparisons.

Where a task names a list of its subset, that list is the subset: it is committed, and holds
whatever a parser or an inventory becomes, and however little of the corpus is here. Of any other
task the subset is computed from its whole truth by the rule of `chosen`, which made the lists too.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mserbench.contracts import FROZEN, Task, Utterance
from mserbench.errors import DataError, PluginError, UsageError
from mserbench.plugins.packages import package_file

SIZE = 64
SEED = "frozen-1"  # another one draws other subsets: it is raised, never reused
_HEAD = ["id", "label"]


def subset_of(task: Task, data: Path | None = None) -> Task:
    """Return the frozen subset of a task: its name ends in `:frozen`, and its hash is its own, of
    the ids too. `data` is where a subset without a list is drawn from, else $MSERBENCH_DATA.

    Raises UsageError for a subset of a subset, DataError where the rule needs a corpus that is not
    here, PluginError for a list that is not one.
    """
    if task.ids:
        raise UsageError(f"task {task.name!r} is a frozen subset already: leave one ':frozen' away")

    labels = _listed(task) if task.frozen else _by_rule(task, data)
    counts = Counter(labels.values())
    return dataclasses.replace(
        task,
        name=f"{task.name}{FROZEN}",
        title=f"{task.title}, frozen subset of {len(labels)}",
        counts={label: counts[label] for label in task.labels},
        ids=tuple(sorted(labels)),
        frozen="",
    )


def chosen(labelled: Sequence[tuple[Utterance, str]], size: int = SIZE) -> dict[str, str]:
    """Choose a subset of labelled utterances: the labels of at most `size` ids, sorted by id.

    Labels take turns in the order of their names, as long as they have clips, so that they are as
    even as can be. Each takes a clip of the speaker who has fewest, of that label first and then of
    all; among these the clip whose hash is lowest. Nothing but ids, labels and speakers decides.
    """
    by_label: dict[str, list[Utterance]] = {}
    for utterance, label in labelled:
        by_label.setdefault(label, []).append(utterance)

    labels: dict[str, str] = {}
    taken: Counter[tuple[str, str | None]] = Counter()
    while len(labels) < min(size, len(labelled)):
        for label in sorted(by_label):
            left = [utterance for utterance in by_label[label] if utterance.id not in labels]
            if not left or len(labels) == size:
                continue

            utterance = min(left, key=lambda one: _turn(one, label, taken))
            labels[utterance.id] = label
            taken[label, utterance.speaker] += 1
            taken["", utterance.speaker] += 1

    return dict(sorted(labels.items()))


def _turn(
    utterance: Utterance, label: str, taken: Mapping[tuple[str, str | None], int]
) -> tuple[int, int, bytes]:
    """Return what a clip's turn goes by: lowest first."""
    speaker = utterance.speaker
    drawn = hashlib.sha256(f"{SEED} {utterance.id}".encode()).digest()
    return taken.get((label, speaker), 0), taken.get(("", speaker), 0), drawn


def text_of(labels: Mapping[str, str]) -> str:
    """Return the list of a subset as it is committed: csv, UTF-8, LF, sorted by id."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_HEAD, *sorted(labels.items())])
    return out.getvalue()


def _listed(task: Task) -> dict[str, str]:
    lines = package_file(task.frozen).read_text(encoding="utf-8").splitlines()
    head, *rows = csv.reader(lines)
    labels = _pairs(rows)
    if head != _HEAD or not labels or not set(labels.values()) <= set(task.labels):
        raise PluginError(
            f"the list {task.frozen!r} of the frozen subset of task {task.name!r} is not one: "
            f"columns {','.join(_HEAD)} and labels of the task were expected"
        )

    return labels


def _pairs(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    return {row[0]: row[1] for row in rows if len(row) == len(_HEAD)}


def _by_rule(task: Task, data: Path | None) -> dict[str, str]:
    from mserbench.data import corpus, dataset

    try:
        return chosen(dataset.truth(task, corpus.data_folder(data)))
    except DataError as error:
        raise DataError(
            f"the frozen subset of task {task.name!r} is drawn from its whole corpus, as no list "
            f"of it ships: give --data or set MSERBENCH_DATA; {error}"
        ) from error
