"""From the TOML file of a corpus of one's own to a corpus and a task like any other."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Literal

from mserbench.cards import CorpusCard, Division
from mserbench.contracts import Corpus, Fault, Task, Tree, Utterance
from mserbench.data import corpus, divisions
from mserbench.data.own import origins, sources, speakers
from mserbench.data.own import rows as own_rows
from mserbench.data.own import settings as own_settings
from mserbench.data.own import table as own_table
from mserbench.data.own import words as own_words
from mserbench.data.own.keys import FIELDS
from mserbench.data.own.paths import Names, composed
from mserbench.data.own.rows import PARTS
from mserbench.data.own.settings import Settings
from mserbench.data.own.table import OwnRow, Table
from mserbench.data.own.wording import nearest, shown
from mserbench.data.trees import Folder
from mserbench.labels import DROP

_HASHED = attrgetter(
    "id", "raw_label", "speaker", "language", "start", "end", "split", "session", "sex"
)


@dataclass(frozen=True)
class OwnTask:
    """What a TOML file describes: a corpus whose folder is known, and the one task on it."""

    corpus: Corpus
    task: Task


def load(path: Path) -> OwnTask:
    """Read a TOML file and the table that it names.

    Raises DataError with file, line and key of what is wrong.

    Faults of single rows do not raise here: the corpus's parser yields them, as for any other
    corpus.
    """
    return build(own_settings.read(path))


def build(settings: Settings) -> OwnTask:
    """Make corpus and task of checked settings. Raises as `load`."""
    settings, table = sources.read(settings)
    _check_columns(settings, table)
    # Read once here, as a table names clips whether or not their files are there.
    entries = list(own_rows.utterances(settings, table.rows, unique=not settings.pattern))
    # A pattern may fit two files of one id, the same recording in two formats: they count once.
    clips = list({entry.id: entry for entry in entries if isinstance(entry, Utterance)}.values())
    _check_labels(settings, table)
    card = _card(settings, clips)
    task = _task(settings, clips)

    def parse(tree: Tree) -> Iterable[Utterance | Fault]:
        if not settings.pattern:  # the table as it was read says all but how files are spelled
            return _on_disk(entries, tree)
        return own_rows.utterances(
            settings, own_table.from_names(settings.pattern, tree.names).rows, unique=False
        )

    def remarks(utterances: Sequence[Utterance]) -> list[str]:
        return [*_label_doubts(settings, utterances), *speakers.doubts(utterances)]

    owned = OwnTask(Corpus(card, parse, lambda: settings.audio, remarks), task)
    _check_selection(settings, owned, clips)
    own_settings.raise_all(settings.path, list(origins.faults(settings, clips)))
    return owned


def _on_disk(entries: Iterable[Utterance | Fault], tree: Tree) -> Iterable[Utterance | Fault]:
    """Give each utterance the file that its path means, where the disk spells it otherwise."""
    names = Names(tree.names)
    for entry in entries:
        if isinstance(entry, Utterance) and entry.audio not in names.exact:
            yield replace(entry, audio=names.match(entry.audio) or entry.audio)
        else:
            yield entry


def doubts(owned: OwnTask) -> list[str]:
    """Return what is doubtful about labels and speakers of a corpus of one's own.

    Raises DataError where its folder cannot be read.
    """
    source = owned.corpus
    parsed, _ = corpus.parse(source, Folder(corpus.find(source, None)))
    return list(source.remarks(parsed)) if source.remarks is not None else []


def _label_doubts(settings: Settings, utterances: Sequence[Utterance]) -> Iterable[str]:
    """Tell of words for a missing label that the file takes for a label."""
    counts = Counter(utterance.raw_label for utterance in utterances)
    for raw, label in settings.labels.items():
        if counts[raw] and label != DROP and own_words.is_missing(raw):
            yield (
                f"the raw label {raw!r} of {counts[raw]} clips is scored as {label!r}, but is what "
                'programs write where there is none: "DROP" leaves those clips out'
            )


def _check_columns(settings: Settings, table: Table) -> None:
    """Raise DataError with each column that the file asks for but the table lacks."""
    problems = sources.lacking(settings, table, own_table.lacking(table, settings.columns))
    problems += [
        settings.error(
            ("select", key), f"{table.what} has no column {key!r}; {nearest(key, table.columns)}"
        )
        for key in settings.select
        if key not in (*FIELDS, *table.columns)
    ]
    own_settings.raise_all(settings.path, problems)


def _check_labels(settings: Settings, table: Table) -> None:
    """Raise DataError with each raw label that the map lacks; blank ones are faults of rows."""
    column = settings.columns["label"]
    declared = {*settings.labels, ""}
    strange = [
        (raw, row.where)
        for row in table.rows
        if isinstance(row, OwnRow) and (raw := composed(row.values.get(column, ""))) not in declared
    ]
    counts, first = Counter(raw for raw, _ in strange), dict(reversed(strange))
    own_settings.raise_all(
        settings.path,
        [
            settings.error(
                ("labels",),
                f"the raw label {shown(raw)} ({counts[raw]} in all, first in {first[raw]}) is "
                f"not declared: "
                f'add it, with a label or "DROP"',
            )
            for raw in sorted(counts)
        ],
    )


def _check_selection(settings: Settings, owned: OwnTask, clips: Sequence[Utterance]) -> None:
    """Raise DataError where a selection has a value that no clip has."""
    problems = []
    for key, values in owned.task.select.items():
        # Of these at most 50 are compared with a wrong value, as a table may hold thousands.
        occurring = sorted({divisions.value_of(clip, key) or "" for clip in clips})
        problems += [
            settings.error(
                ("select", key), f"no clip has {value!r}; {nearest(value, occurring[:50])}"
            )
            for value in values
            if value not in occurring
        ]

    own_settings.raise_all(settings.path, problems)


def _card(settings: Settings, clips: Sequence[Utterance]) -> CorpusCard:
    speakers = {clip.speaker for clip in clips}
    return CorpusCard(
        name=settings.name,
        title=settings.title or settings.name,
        languages=_languages(settings, clips),
        speakers=None if None in speakers else len(speakers),
        licence=settings.licence,
        access="request",
        source=settings.path.name,
        how_to_get=f"ask whoever wrote {settings.path.name}",
        unpack=f"{settings.path.name} must name the folder of recordings, and the table or pattern "
        "that fits it",
        citation=settings.citation,
        counts={"files" if settings.pattern else "table": corpus.histogram(clips)},
        family=settings.family,
        divisions=_divisions(clips),
        synthetic=settings.synthetic,
        exposure=settings.exposure,
        exposure_complete=settings.exposure_complete,
    )


def _task(settings: Settings, clips: Sequence[Utterance]) -> Task:
    # Speakers carry the name of their corpus, as in any other; the file names them without it.
    speaker = f"{settings.family or settings.name}:"
    select = {
        key: tuple(f"{speaker}{value}" for value in values) if key == "speaker" else values
        for key, values in settings.select.items()
    }
    task = Task(
        name=settings.name,
        title=settings.title or settings.name,
        corpus=settings.name,
        languages=_languages(settings, clips),
        labels=settings.task_labels,
        label_map=settings.labels,
        select=select,
        version=settings.version,
        origin=_origin(settings, clips),
        adapt=settings.adapt,
    )

    return task if settings.pattern else replace(task, counts=_counts(task, clips))


def _counts(task: Task, clips: Sequence[Utterance]) -> dict[str, int]:
    """Count the clips of the task by label."""
    chosen = [
        clip
        for clip in clips
        if all(divisions.value_of(clip, key) in allowed for key, allowed in task.select.items())
    ]
    counts = Counter(task.label_map[clip.raw_label] for clip in chosen)
    return {label: counts[label] for label in task.labels}


def _languages(settings: Settings, clips: Sequence[Utterance]) -> tuple[str, ...]:
    return tuple(sorted({clip.language for clip in clips} or {*settings.languages}))


def _origin(settings: Settings, clips: Sequence[Utterance]) -> str:
    """SHA-256 (hex) of what table or pattern say of the clips: not of line ends or titles.

    Of a pattern the files are not known beforehand: they come into the task's hash with their
    audio.
    """
    content: object = [settings.pattern, settings.languages]
    if not settings.pattern:
        content = [
            (*_HASHED(clip), dict(clip.extra)) for clip in sorted(clips, key=attrgetter("id"))
        ]

    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _divisions(clips: Sequence[Utterance]) -> Mapping[str, Division]:
    """Return the division by split and that by session, where the rows name any."""
    by_name = {}
    for name, field in (("split", "split"), ("sessions", "session")):
        values = sorted({getattr(clip, field) for clip in clips} - {None})
        if not values:
            continue

        rows = tuple(
            (value, PARTS.get(value.casefold(), value) if field == "split" else value)
            for value in values
        )
        parts = {part for _, part in rows}
        kind: Literal["split", "folds"] = "split" if {"train", "test"} <= parts else "folds"
        by_name[name] = Division(f"by {field}", field, "", kind, "the corpus's own table", rows)

    return by_name
