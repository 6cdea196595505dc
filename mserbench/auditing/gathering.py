"""The clips of a task as an audit sees them: what the names, the label files and, where it is here,
the audio tell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mserbench.auditing.audit import Audit, audit
from mserbench.auditing.overlaps import AUDIO, AuditedClip
from mserbench.contracts import Clip, Corpus, Task, Utterance
from mserbench.data import corpus, dataset, divisions, index, lookup
from mserbench.data.trees import Inventory
from mserbench.errors import DataError

_NO_WORD = re.compile(r"[^\w\s]|_")


class NotHere(DataError):
    """Neither a corpus nor a list of its names is here (exit 3)."""


@dataclass(frozen=True)
class Material:
    """The clips of a task, all utterances of its corpus, and what is to be said about both."""

    task: Task
    source: Corpus
    entries: tuple[AuditedClip, ...]
    utterances: Mapping[str, Utterance]
    root: Path | None  # where the audio was looked at
    notes: tuple[str, ...]


def load(
    task: Task, data: Path | None, audio: bool = True, progress: index.Progress | None = None
) -> Material:
    """Read what is known of a task's clips; with `audio`, of the recordings too, where the corpus
    is here.

    A corpus with an inventory says the rest by its names. Raises NotHere (a DataError) where
    neither is here.
    """
    source = lookup.corpus(task.corpus)
    utterances, root, notes = known_utterances(source, data)
    labelled = dataset.select(task, utterances)
    several = len(source.card.languages) > 1
    entries = [
        AuditedClip(utterance.id, label, facts_of(utterance, several))
        for utterance, label in labelled
    ]

    if not audio:
        notes.append("the audio was not looked at, as was asked for")
    elif root is not None:
        entries, faults = hear(
            source, root, [utterance for utterance, _ in labelled], entries, progress
        )
        notes += faults

    by_id = {utterance.id: utterance for utterance in utterances}
    return Material(task, source, tuple(entries), by_id, root if audio else None, tuple(notes))


def known_utterances(
    source: Corpus, data: Path | None
) -> tuple[list[Utterance], Path | None, list[str]]:
    """Return the utterances of a corpus, the folder they were read from (None: from its inventory),
    and notes.

    Raises NotHere, and DataError where the folder holds none.
    """
    try:
        root = corpus.find(source, data)
    except DataError as error:
        # Names alone still tell of speakers and sentences.
        names = corpus.inventory(source.card)
        if not names:
            raise NotHere(str(error)) from error
        return (
            corpus.utterances(source, Inventory(names)),
            None,
            [f"the audio was not looked at: {error}"],
        )

    reading = corpus.read(source, root)
    utterances = list(reading.utterances.values())
    if not utterances:
        raise DataError(reading.problems[-1])

    notes = list(reading.notes)
    if reading.problems:
        notes.append(
            f"corpus {source.card.name!r} has {len(reading.problems)} problem(s), such as: "
            f"{reading.problems[0]}; 'mserbench data verify {source.card.name}' lists all"
        )

    return utterances, root, notes


def facts_of(utterance: Utterance, several_languages: bool = False) -> dict[str, str]:
    """Return what is known of an utterance by kind; a sentence is its number, else its words
    without punctuation.
    """
    extra = utterance.extra
    words = " ".join(_NO_WORD.sub(" ", utterance.text or "").casefold().split())
    sentence = extra.get("sentence") or words

    # Sentence 1 of one language is not that of another.
    if sentence and several_languages:
        sentence = f"{utterance.language}: {sentence}"

    facts = {
        "speaker": utterance.speaker, "role": extra.get("role"), "session": utterance.session,
        "dialogue": extra.get("dialogue"), "sentence": sentence,
    }  # fmt: skip

    return {kind: value for kind, value in facts.items() if value}


def hear(
    source: Corpus,
    root: Path,
    utterances: Sequence[Utterance],
    entries: Sequence[AuditedClip],
    progress: index.Progress | None = None,
) -> tuple[list[AuditedClip], list[str]]:
    """Add the audio keys and near-duplicates of some clips; return them and a sentence a clip that
    has no audio.
    """
    facts = index.index(root, list(utterances), progress)
    problems = [facts[utterance.id].problem for utterance in utterances]

    # Equal recordings have one fingerprint, so each is looked at once.
    by_key = {
        facts[utterance.id].key: utterance
        for utterance, problem in zip(utterances, problems, strict=True)
        if not problem
    }
    items = [
        dataset.Item(utterance, "", root, facts[utterance.id]) for utterance in by_key.values()
    ]
    near = _near([item.clip(source.card.name) for item in items], progress)

    heard = []
    for entry in entries:
        key = facts[entry.id].key
        if key in near:
            heard.append(replace(entry, facts={**entry.facts, AUDIO: key}, near=near[key]))
        else:
            heard.append(entry)

    return heard, [problem for problem in problems if problem]


def _near(
    clips: Sequence[Clip], progress: index.Progress | None
) -> dict[str, frozenset[str] | None]:
    """Return the keys of the near-duplicates of each clip by its key; None for one that is too
    short to compare.
    """
    from mserbench.fingerprints import search
    from mserbench.fingerprints import words as fingerprints

    words = fingerprints.of_clips(clips, progress)
    like: dict[str, set[str]] = defaultdict(set)
    for pair in search.near_duplicates(words):
        first, second = clips[pair.first].key, clips[pair.second].key
        like[first].add(second)
        like[second].add(first)

    long = fingerprints.comparable(words)
    return {
        clip.key: frozenset(like[clip.key]) if long[i] else None for i, clip in enumerate(clips)
    }


def divided(material: Material, name: str) -> Audit:
    """Audit a published division of the corpus, on the clips of the task. Raises UnknownName."""
    table = divisions.parts(material.source.card, name)
    division = material.source.card.divisions[name]
    part_of = {entry.id: table.of(material.utterances[entry.id]) for entry in material.entries}
    parts = by_part(material.entries, part_of)
    nowhere = len(material.entries) - sum(map(len, parts.values()))

    return audit(name, division.kind, parts, division.source, nowhere)


def by_part(
    entries: Sequence[AuditedClip], part_of: Mapping[str, str | None]
) -> dict[str, list[AuditedClip]]:
    """Sort clips by their part; those in none are left out."""
    parts: dict[str, list[AuditedClip]] = {
        part: [] for part in sorted(filter(None, set(part_of.values())))
    }
    for entry in entries:
        part = part_of.get(entry.id)
        if part is not None:
            parts[part].append(entry)

    return parts


def divided_by_file(material: Material, path: Path) -> Audit:
    """Audit a split file on the clips of the task. Raises UsageError and DataError with all that is
    wrong with it.
    """
    from mserbench.auditing import split_file

    split = split_file.read(path, material.utterances.values())
    parts = by_part(material.entries, split.part_of)
    nowhere = len(material.entries) - sum(map(len, parts.values()))

    return audit(path.stem, split.kind, parts, "", nowhere)
