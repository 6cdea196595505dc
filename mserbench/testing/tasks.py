"""Checks of a task: its labels, its closed map, its frozen counts, and what its listing says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.cards import CorpusCard
from mserbench.contracts import Task, Utterance
from mserbench.data import corpus as reader
from mserbench.data import dataset, lookup
from mserbench.errors import DataError, MissingExtra
from mserbench.labels import DROP
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import TaskEntry
from mserbench.testing.findings import Finding, NotChecked, require, require_languages, run_checks

_LABEL = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True)
class TaskUnderTest:
    """A task, its registered entry if it has one, and the data folder if one is given."""

    task: Task
    entry: TaskEntry | None
    data: Path | None

    @property
    def card(self) -> CorpusCard:
        """The card of its corpus. Raises UnknownName."""
        return lookup.corpus(self.task.corpus).card


def check_task(task: str | Task, data: str | Path | None = None) -> list[Finding]:
    """Check a task, by name or object, against its corpus's card, and its utterances where these
    can be listed.

    Without `data` the ids of the corpus's inventory are taken. Opens no audio but that of files
    which claim to be the same utterance. Raises UnknownName for a task or its corpus.
    """
    entry = registry.entries(TaskEntry).get(task if isinstance(task, str) else task.name)
    tested = TaskUnderTest(
        lookup.task(task) if isinstance(task, str) else task,
        entry,
        None if data is None else Path(data),
    )

    return run_checks(CHECKS, tested)


def _labels(tested: TaskUnderTest) -> str:
    labels = tested.task.labels
    require(len(labels) > 1, f"labels are {labels}, but a question needs two or more")
    require(len(set(labels)) == len(labels), f"labels {labels} repeat one")
    odd = [label for label in labels if not _LABEL.fullmatch(label)]
    require(
        not odd,
        f"labels {odd} must be lower-case words, as they are columns of files and read from "
        "answers",
    )

    return ", ".join(labels)


def _map(tested: TaskUnderTest) -> str:
    counted = {raw for counts in tested.card.counts.values() for raw in counts}
    declared = set(tested.task.label_map)
    missing, strange = sorted(counted - declared), sorted(declared - counted)

    # Labels from a field are an edition of their own, which the card does not count.
    if tested.task.label_field:
        missing, strange = [], []

    # A label of another release is not unknown.
    if tested.card.releases_vary:
        strange = []

    require(
        not missing,
        f"raw labels {missing} of the corpus are not in the map: give each a label or DROP",
    )
    require(
        not strange,
        f"the map declares {strange}, which the corpus's card does not count: remove or correct "
        "them",
    )
    unused = sorted(set(tested.task.labels) - set(tested.task.label_map.values()))
    require(not unused, f"no raw label means {unused}: remove it from the labels")
    dropped = sum(label == DROP for label in tested.task.label_map.values())

    return f"{len(declared)} raw labels declared, {dropped} of them dropped"


def _counts(tested: TaskUnderTest) -> str:
    task = tested.task
    empty = [label for label, n in task.counts.items() if n < 1]
    require(not empty, f"labels {empty} have no clip: remove them, as their recall is not defined")
    if not task.counts:
        raise NotChecked("its counts are not frozen, as they cannot be known without the corpus")

    expected = dict(task.counts)
    # The card counts the whole corpus by its usual labels: what selects or relabels is counted on
    # the utterances.
    if not (task.select or task.part or task.label_field):
        mapped = {variant: _mapped(task, counts) for variant, counts in tested.card.counts.items()}
        matching = [variant for variant, counts in mapped.items() if counts == expected]
        require(
            bool(matching),
            f"counts are {expected}, but the corpus's card gives {mapped} under the map",
        )
        return f"{task.expected} clips, as in variant {matching[0]!r} of the corpus"

    labelled = _labelled(tested)
    return f"{len(labelled)} clips are selected, as many of each label as expected"


def _languages(tested: TaskUnderTest) -> str:
    task = tested.task
    require(bool(task.languages), "languages are empty, but the verdict rests on them")
    require_languages(task.languages, "task")
    strange = sorted(set(task.languages) - set(tested.card.languages))
    require(not strange, f"languages {strange} are not among the corpus's {tested.card.languages}")
    spoken = {utterance.language for utterance, _ in _labelled(tested)}
    require(
        spoken == set(task.languages),
        f"its clips are in {sorted(spoken)}, but it names {sorted(task.languages)}",
    )

    return f"{', '.join(task.languages)}, as spoken in its clips"


def _hash(tested: TaskUnderTest) -> str:
    task = tested.task
    turned = replace(
        task,
        label_map=dict(sorted(task.label_map.items(), reverse=True)),
        select=dict(sorted(task.select.items(), reverse=True)),
    )
    require(
        turned.hash == task.hash,
        "the hash changes with the order of the map, so equal tasks would differ",
    )

    return f"{task.hash[:12]}, version {task.version}"


def _listing(tested: TaskUnderTest) -> str:
    task, entry = tested.task, tested.entry
    if entry is None:
        raise NotChecked("it is not registered, so it has no entry in listings")

    agrees = entry.title in ("", task.title)
    require(
        agrees,
        f"its entry has the title {entry.title!r}, but the task has {task.title!r}: give both the "
        "same",
    )

    return "its entry has the same name and title"


def _mapped(task: Task, counts: Mapping[str, int]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for raw, n in counts.items():
        totals[task.label_map.get(raw, DROP)] += n
    return {label: totals[label] for label in task.labels}


def _labelled(tested: TaskUnderTest) -> list[tuple[Utterance, str]]:
    try:
        return dataset.truth(tested.task, tested.data)
    except MissingExtra as error:
        raise NotChecked(str(error)) from error
    except DataError as error:
        # A fault of a corpus that is here is a finding; an absent one proves nothing.
        if _is_here(tested):
            raise

        raise NotChecked(f"its clips cannot be listed: {error}") from error


def _is_here(tested: TaskUnderTest) -> bool:
    try:
        reader.find(lookup.corpus(tested.task.corpus), tested.data)
    except DataError:
        return False

    return True


CHECKS: Mapping[str, Callable[[TaskUnderTest], str]] = {
    "labels": _labels,
    "label map": _map,
    "counts": _counts,
    "languages": _languages,
    "hash": _hash,
    "listing": _listing,
}
