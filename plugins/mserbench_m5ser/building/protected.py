"""What must never enter a set: clips that systems are tested on, their translations, languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mserbench import languages
from mserbench.data.labelled import labelled_clips
from mserbench.errors import DataError, UsageError

LANGUAGES: Mapping[str, str] = {"fa": "shemo", "ru": "resd", "el": "aesdd"}
"""The languages of the paper's zero-shot test, each with its corpus: a model that trained on
synthetic speech in one of them would have heard the language it is tested on.
"""


@dataclass(frozen=True)
class TestPart:
    """A part of a corpus that is tested on: whose `ids` match, whole, and the tasks on it.

    `tasks` give the audio keys of its clips, where the corpus is here; `instead` is what to give
    as a source, "" where nothing of the corpus may be one.
    """

    corpus: str
    part: str
    ids: re.Pattern[str]
    tasks: tuple[str, ...]
    instead: str = ""

    __test__ = False  # no class of tests, whatever pytest takes its name for

    @property
    def name(self) -> str:
        """The part as a sentence names it."""
        return f"{self.corpus}, {self.part}" if self.part else self.corpus


def _whole(corpus: str, *tasks: str) -> TestPart:
    return TestPart(corpus, "", re.compile(r".*", re.DOTALL), tasks)


# By ids too, as most who get a set have not the corpora that it was made from. The paper tests on
# IEMOCAP without naming a part; session 5 is what `mser-table1` leaves out of training.
PARTS: tuple[TestPart, ...] = (
    TestPart("meld", "test split", re.compile(r"test/.*"), ("meld",), "meld:train"),
    TestPart(
        "iemocap",
        "session 5",
        re.compile(r"Ses05.*"),
        ("iemocap-7:sessions.5", "iemocap-6:sessions.5"),
        "iemocap:train",
    ),
    _whole("shemo", "shemo"),
    _whole("resd", "resd"),
    _whole("aesdd", "aesdd"),
    # The demo corpora are made on demand: their names alone tell.
    _whole("demo-fa"),
    _whole("demo-ru"),
    _whole("demo-el"),
)


@dataclass(frozen=True)
class Protected:
    """The parts, with the part of each audio key; `by_id_only` names parts that are not here."""

    keys: Mapping[str, TestPart] = field(default_factory=dict)
    by_id_only: tuple[str, ...] = ()

    def part_of(self, name: str) -> TestPart | None:
        """Return the part that an utterance `CORPUS:ID` belongs to, None for none."""
        corpus, _, identity = name.partition(":")
        for part in PARTS:
            if corpus == part.corpus and part.ids.fullmatch(identity):
                return part

        return None

    def leak(self, names: Iterable[str], keys: Iterable[str]) -> TestPart | None:
        """Return the part that a clip is of by one of its names or audio keys: its own, and those
        of what it was made from.
        """
        by_name = filter(None, map(self.part_of, names))
        return next(by_name, None) or next(filter(None, map(self.keys.get, keys)), None)


def protected(data: Path | None) -> Protected:
    """Return the protected parts, with the audio keys of those corpora that are in `data`."""
    keys: dict[str, TestPart] = {}
    absent = []
    for part in PARTS:
        readable = dict.fromkeys(_keys_of(part, data), part)
        keys.update(readable)
        absent += [] if readable else [part.name]

    return Protected(keys, tuple(absent))


def _keys_of(part: TestPart, data: Path | None) -> Iterator[str]:
    for task in part.tasks:
        try:
            clips = labelled_clips(task, data, allow_partial=True).items
        except DataError:  # it is not here, or nothing of it can be read: its ids are known
            continue

        yield from (item.facts.key for item in clips)


def check_targets(
    targets: Sequence[str], spoken: Sequence[str], sources: Iterable[str], more: Sequence[str]
) -> None:
    """Raise UsageError for a target language that may not be spoken.

    Args:
        targets: the languages asked for.
        spoken: those of the translator.
        sources: those of the source clips.
        more: further protected languages, of --protect.
    """
    if fault := languages.fault([*targets, *more]):
        raise UsageError(f"--languages or --protect: {fault}")

    evaluated = {languages.group(tag): corpus for tag, corpus in LANGUAGES.items()}
    chosen = {languages.group(tag) for tag in more}
    own = {languages.group(tag) for tag in sources}
    can_speak = {languages.group(tag) for tag in spoken}

    for tag in targets:
        group = languages.group(tag)
        if group in evaluated:
            raise UsageError(
                f"language {tag!r} is one that systems are tested on ({evaluated[group]}), so no "
                f"training speech is made in it: leave it out of --languages"
            )
        if group in chosen:
            raise UsageError(f"language {tag!r} is in --protect and in --languages: leave it out")
        if group in own:
            raise UsageError(
                f"language {tag!r} is that of the sources, so there is nothing to translate: leave "
                f"it out of --languages"
            )
        if group not in can_speak:
            raise UsageError(
                f"language {tag!r} is none that the translator speaks ({', '.join(spoken)}): "
                f"'mserbench translators' lists those of each"
            )


def as_spoken(targets: Sequence[str], spoken: Sequence[str]) -> tuple[str, ...]:
    """Return languages that a translator speaks by the tags that it has for them: `zh` for `cmn`.

    Raises UsageError where two are one language.
    """
    by_group = {languages.group(tag): tag for tag in reversed(spoken)}
    tags = [tag if tag in spoken else by_group[languages.group(tag)] for tag in targets]
    if len(set(tags)) < len(tags):
        raise UsageError(
            f"--languages {','.join(targets)} names a language twice, for the translator "
            f"({', '.join(tags)}): leave one out"
        )

    return tuple(tags)
