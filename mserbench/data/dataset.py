"""A task joined with its corpus on disk: checked, labelled clips, or every problem at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mserbench.cards import CorpusCard
from mserbench.contracts import Clip, Corpus, Task, Utterance
from mserbench.data import audio, corpus, divisions, index, likeness, lookup, published, spans
from mserbench.data.trees import Inventory
from mserbench.errors import DataError
from mserbench.labels import DROP
from mserbench.report import alike

_LISTED = 20  # kinds of problems printed; `data verify --list` lists all
_MEND = "mend them: 'mserbench data verify' opens every file of a corpus"
_MEND_OR_PARTIAL = (
    "mend them, or give --allow-partial to score what is there (the run is then marked partial)"
)
_MEND_LABELS = "mend them first: --allow-partial does not guess what an undeclared label means"


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance of a task: its label, its corpus folder, and the facts of its audio."""

    utterance: Utterance
    label: str
    root: Path
    facts: index.Facts

    @property
    def path(self) -> Path:
        """Its file; made on demand, as a path weighs more than all else that is kept of a clip."""
        return self.root / self.utterance.audio

    def clip(self, corpus_name: str, group: int | None = None) -> Clip:
        """Return what a model may see of it: audio, without label, speaker or name."""
        # A digest, since names of utterances often tell the label.
        seed = hashlib.sha256(f"{corpus_name}/{self.utterance.id}".encode()).hexdigest()
        # With its key: what was changed since it was indexed is no part of this run.
        load = partial(
            audio.decode_known,
            self.path,
            self.utterance.start,
            self.utterance.end,
            self.facts.key,
        )
        return Clip(self.facts.key, seed, self.facts.seconds, load, group)


@dataclass(frozen=True)
class Dataset:
    """All clips of a task, sorted by id, with what is to be said about them."""

    task: Task
    card: CorpusCard
    items: tuple[Item, ...]
    digest: str
    expected: int  # clips of the complete task
    partial: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def as_recorded(self) -> Dataset:
        """The clips as their publisher gave them, whose verdict altered ones have too."""
        return self

    @property
    def names(self) -> Iterator[str]:
        """What a training may know the clips by: audio keys and CORPUS:ID."""
        for item in self.items:
            yield item.facts.key
            yield f"{self.card.name}:{item.utterance.id}"

    @property
    def made_from(self) -> Mapping[str, int]:
        """What a training may know the recordings by that clips are made from, as `names`, each
        with the number of its clips; empty for recordings of people.
        """
        origins = (corpus.DERIVED_FROM, corpus.DERIVED_AUDIO)
        extras = (item.utterance.extra for item in self.items)
        return Counter(extra[key] for extra in extras for key in origins if key in extra)

    @property
    def source_families(self) -> tuple[str, ...]:
        """The corpora that clips are made from, sorted, each by the name of its family."""
        names = {name.partition(":")[0] for name in self.made_from if ":" in name}
        return tuple(sorted({lookup.family(name) for name in names}))

    @property
    def speakers(self) -> list[str | None]:
        """The speaker of each item, in order."""
        return [item.utterance.speaker for item in self.items]

    def clips(self, positions: Iterable[int], grouped: bool = False) -> Iterator[Clip]:
        """Yield the clips at some positions; with opaque speaker groups if `grouped`.

        Clips are made anew in each pass, so that decoded audio is not kept longer than its batch.
        """
        groups = cluster_numbers(self.speakers) if grouped else None
        for i in positions:
            yield self.items[i].clip(self.card.name, groups[i] if groups else None)


def cluster_numbers(speakers: Sequence[str | None]) -> list[int | None] | None:
    """Number the speakers by first occurrence, None for a clip without one.

    Returns None where no clip has a speaker.
    """
    if not any(speaker is not None for speaker in speakers):
        return None

    numbers: dict[str, int] = {}
    return [
        None if speaker is None else numbers.setdefault(speaker, len(numbers))
        for speaker in speakers
    ]


def load(
    task: Task,
    data: Path | None,
    allow_partial: bool = False,
    limit: int | None = None,
    progress: index.Progress | None = None,
) -> Dataset:
    """Find, parse, check and index the corpus of a task.

    `limit` keeps that many clips, chosen by a hash of their ids; `progress` hears of the clips that
    are indexed anew. Raises DataError with every problem of the corpus; with `allow_partial` the
    clips in order are kept and the problems become warnings, but an undeclared raw label still
    stops.
    """
    source = lookup.corpus(task.corpus)
    root = corpus.find(source, data)
    reading = corpus.read(source, root)
    utterances = list(reading.utterances.values())
    undeclared = undeclared_labels(task, utterances)
    labelled = select(
        task,
        [utterance for utterance in utterances if raw_label(task, utterance) in task.label_map],
    )
    problems = [*undeclared, *_problems_of(task, source, reading)]

    if not problems:  # with files missing, a wrong count is only an echo
        problems += _count_problems(task, labelled)

    # Only clips of the task are opened: others may be missing or damaged.
    opened = [utterance for utterance, _ in labelled]
    facts = spans.checked(root, opened, index.index(root, opened, progress))
    compared = published.compare(source.card, facts)
    problems += [facts[u.id].problem for u, _ in labelled if facts[u.id].problem]
    problems += compared.problems(source.card)
    if undeclared or (problems and not allow_partial):
        raise DataError(_summary(problems, task, _MEND_LABELS if undeclared else _MEND_OR_PARTIAL))

    items = [
        Item(utterance, label, root, facts[utterance.id])
        for utterance, label in labelled
        if not facts[utterance.id].problem and utterance.id not in compared.differing
    ]
    if not items:
        empty = f"task {task.name!r} selects no clip of corpus {task.corpus!r} that can be read"
        raise DataError(_summary([empty, *problems], task, _MEND))

    chosen = limited(items, limit)
    return Dataset(
        task=task,
        card=source.card,
        items=tuple(chosen),
        digest=index.digest({item.utterance.id: item.facts for item in chosen}),
        expected=len(labelled) if task.expected is None else task.expected,
        partial=bool(problems) or len(chosen) < len(items),
        notes=(*reading.notes, *reading.told_links, *reading.stray, *compared.notes(source.card)),
        warnings=(*alike.together(problems), *_remarks(chosen)),
    )


def load_all(
    tasks: Sequence[Task],
    data: Path | None,
    allow_partial: bool,
    limit: int | None,
    indexing: Callable[[str], AbstractContextManager[index.Progress | None]],
) -> list[Dataset]:
    """Load the clips of all tasks; `indexing` is given a title, and gives what hears of the clips.

    Raises DataError with the problems of every corpus, not only of the first.
    """
    targets, faults = [], {}
    for task in tasks:
        try:
            with indexing(f"indexing {task.corpus}") as report:
                targets.append(load(task, data, allow_partial, limit, report))
        except DataError as error:
            # Tasks of one corpus may say the same.
            faults[str(error)] = task.name

    if faults:
        raise DataError("\n".join(faults))

    return targets


def truth(task: Task, data: Path | None) -> list[tuple[Utterance, str]]:
    """Return the labelled utterances of a task, sorted by id, without opening any audio.

    A corpus with an inventory says everything by its names, so its audio need not be here. Raises
    DataError.
    """
    source = lookup.corpus(task.corpus)
    if listed := by_inventory(task, source):
        return listed

    reading = corpus.read(source, corpus.find(source, data))
    labelled = select(task, reading.utterances.values())
    problems = reading.problems or _count_problems(task, labelled)
    if problems:
        raise DataError(_summary(problems, task, _MEND))

    return labelled


def by_inventory(task: Task, source: Corpus) -> list[tuple[Utterance, str]]:
    """Return the labelled utterances that an inventory tells; empty where names do not."""
    names = corpus.inventory(source.card)
    try:
        listed = select(task, corpus.utterances(source, Inventory(names))) if names else []
    except DataError:  # the labels, or what selects, stand in files
        return []

    return [] if _count_problems(task, listed) else listed


def _problems_of(task: Task, source: Corpus, reading: corpus.Reading) -> list[str]:
    """Return the problems of a corpus, without missing utterances that the task does not use."""
    labelled = by_inventory(task, source) if reading.missing else []
    return (
        reading.problems_of_task(utterance.id for utterance, _ in labelled)
        if labelled
        else reading.problems
    )


def select(task: Task, utterances: Iterable[Utterance]) -> list[tuple[Utterance, str]]:
    """Return the utterances of a task with their labels, sorted by id.

    Raises DataError for a raw label that the task's map does not declare, with its count and an
    example.
    """
    utterances = sorted(utterances, key=lambda utterance: utterance.id)
    for problem in undeclared_labels(task, utterances):
        raise DataError(problem)

    chosen: Iterable[Utterance] = utterances
    if task.select:
        chosen = (utterance for utterance in chosen if _is_selected(task, utterance))

    if task.part:
        chosen = divisions.belonging(lookup.corpus(task.corpus).card, task.part, chosen)

    if task.ids:
        ids = frozenset(task.ids)
        chosen = (utterance for utterance in chosen if utterance.id in ids)

    pairs = ((utterance, task.label_map[raw_label(task, utterance)]) for utterance in chosen)
    return [(utterance, label) for utterance, label in pairs if label != DROP]


def raw_label(task: Task, utterance: Utterance) -> str:
    """Return the raw label in the edition that a task asks for; empty where that lacks it."""
    return utterance.extra.get(task.label_field, "") if task.label_field else utterance.raw_label


def undeclared_labels(task: Task, utterances: Sequence[Utterance]) -> list[str]:
    """Return one sentence on all raw labels that the task's map does not declare, or none."""
    strange = [
        utterance for utterance in utterances if raw_label(task, utterance) not in task.label_map
    ]
    if not strange:
        return []
    if task.label_field and not raw_label(task, strange[0]):
        return [
            f"task {task.name!r} reads its labels from {task.label_field!r}, which {len(strange)} "
            f"utterances lack (first {strange[0].id!r}): 'mserbench data show "
            f"{lookup.typed(task.corpus)}' says which file has them"
        ]

    counts = dict(sorted(Counter(raw_label(task, utterance) for utterance in strange).items()))
    return [
        f"task {task.name!r} does not declare the raw labels {counts} of corpus {task.corpus!r} "
        f"(first in {strange[0].audio!r}), but its map is closed: add them to the map, with a "
        "label or DROP"
    ]


def _remarks(items: Sequence[Item]) -> list[str]:
    """Return what is odd about the clips that are scored, each kind with its count."""
    labels = {item.utterance.id: item.label for item in items}
    equal = likeness.remarks(
        [item.utterance for item in items],
        {item.utterance.id: item.facts for item in items},
        lambda clip: labels[clip.id],
    )
    return [*equal, *alike.together(item.facts.warning for item in items if item.facts.warning)]


def _is_selected(task: Task, utterance: Utterance) -> bool:
    return all(
        divisions.value_of(utterance, name) in values for name, values in task.select.items()
    )


def _count_problems(task: Task, labelled: Sequence[tuple[Utterance, str]]) -> list[str]:
    counts = Counter(label for _, label in labelled)
    return [
        f"task {task.name!r}: {counts[label]} clips of {label!r} were found, {expected} expected"
        for label, expected in task.counts.items()
        if counts[label] != expected
    ]


def limited(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """Return at most `limit` items (None: all), chosen by a hash of their ids, sorted by id."""
    if limit is None or limit >= len(items):
        return items

    # By a hash, not the first ones: files in order are of one speaker or one emotion.
    ranked = sorted(items, key=lambda item: hashlib.sha256(item.utterance.id.encode()).digest())
    return sorted(ranked[:limit], key=lambda item: item.utterance.id)


def _summary(problems: Sequence[str], task: Task, remedy: str) -> str:
    sentences = alike.together(problems)
    listed = [f"  - {sentence}" for sentence in sentences[:_LISTED]]
    more = f"and {len(sentences) - _LISTED} more: " if len(sentences) > _LISTED else ""
    if more or len(sentences) < len(problems):
        listed.append(
            f"  - {more}'mserbench data verify {lookup.typed(task.corpus)} --list' names all"
        )

    head = f"corpus {task.corpus!r} is not complete, {len(problems)} problem(s):"
    return "\n".join([head, *listed, remedy])
