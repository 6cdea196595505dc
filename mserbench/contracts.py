"""The data that corpora, tasks, models and the harness hand to one another; no behaviour."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from weakref import WeakKeyDictionary

from mserbench.cards import CorpusCard
from mserbench.labels import DROP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The version of these contracts; a plugin module states the one it was written for as
# `MSERBENCH_API`.
API_VERSION = 1
FROZEN = ":frozen"  # ends the name of a task's subset for comparisons
FEWER = ":labels("  # stands in the name of a task that is asked with some of its labels alone
SAMPLE_RATE = 16_000  # Hz, of every clip
# Whose unlabelled clips a model may hear before it is scored (docs/adaptation.md).
SAME_SPEAKERS, OTHER_SPEAKERS = "same speakers", "other speakers"
ADAPT_WAYS = (SAME_SPEAKERS, OTHER_SPEAKERS)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One labelled recording of a corpus, as its publisher names it.

    `id` is stable and unique in its corpus; `audio` is a POSIX path below the corpus folder;
    `start` and `end` are seconds inside that file; `language` is an ISO 639 code; unknown facts are
    None, never guessed.
    """

    id: str
    audio: str
    raw_label: str
    speaker: str | None
    language: str
    start: float | None = None
    end: float | None = None
    split: str | None = None
    session: str | None = None
    sex: Literal["f", "m"] | None = None
    text: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What a parser cannot read, where, and what was expected.

    A `minor` one costs no utterance and no label.
    """

    sentence: str
    minor: bool = False


class Tree(Protocol):
    """A corpus folder as its parser sees it: names, and the bytes of label files; never audio."""

    @property
    def names(self) -> Sequence[str]:
        """All file paths below the corpus folder: POSIX, sorted, without publishers' junk files."""

    def audio(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield (path, stem) of the files with one of `suffixes` (no dot) or `flac`, in order."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a label file."""


@dataclass(frozen=True)
class Corpus:
    """A card, and the pure function that turns a folder's names and label files into utterances.

    `parse` yields a `Fault` for what it cannot read, and goes on. `provide` returns the folder of a
    corpus that ships with a package or is made on the spot. `remarks` gives sentences that every
    run must record.
    """

    card: CorpusCard
    parse: Callable[[Tree], Iterable[Utterance | Fault]]
    provide: Callable[[], Path] | None = None
    remarks: Callable[[Sequence[Utterance]], Iterable[str]] | None = None


@dataclass(frozen=True)
class Task:
    """One question put to one corpus: which utterances, which labels, which raw label means what.

    `label_map` is closed: every raw label of the corpus has a label or DROP; an undeclared one
    stops the run. `select` maps a field of `Utterance` (or a key of its `extra`) to the values that
    belong to the task; `part` is `DIVISION.PART` of the corpus, or `DIVISION.not-PART` for its
    others. `counts` is the frozen histogram of labels, empty where it cannot be known beforehand; a
    corpus that gives another one is not complete.
    """

    name: str
    title: str
    corpus: str
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    label_map: Mapping[str, str]
    counts: Mapping[str, int] = field(default_factory=dict)
    select: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    version: int = 1
    part: str = ""
    label_field: str = ""  # a key of `extra` with the raw label of another edition
    origin: str = ""  # digest of the contents that a task of one's own came from
    ids: tuple[str, ...] = ()  # the utterances alone that a frozen subset consists of, sorted
    # `"package:file"` with the ids and labels of its frozen subset; no part of the question.
    frozen: str = field(default="", compare=False)
    # The one of `ADAPT_WAYS` that `--adapt` has here, "" for both; no part of the question either.
    adapt: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        strange = sorted(set(self.label_map.values()) - set(self.labels) - {DROP})
        if strange or (self.counts and set(self.counts) != set(self.labels)):
            raise ValueError(
                f"task {self.name!r}: label_map and counts must use exactly the labels "
                f"{self.labels}, but map to {strange} and count {sorted(self.counts)}"
            )
        if self.adapt not in ("", *ADAPT_WAYS):
            raise ValueError(
                f"task {self.name!r}: adapt is {self.adapt!r}, but {' or '.join(ADAPT_WAYS)} was "
                f"expected"
            )

    @property
    def expected(self) -> int | None:
        """How many utterances the complete task holds; None where no count is known."""
        return sum(self.counts.values()) or None

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of what decides which clips are asked which question, their audio aside."""
        record: dict[str, object] = {
            "name": self.name, "corpus": self.corpus, "labels": self.labels,
            "map": dict(self.label_map),
            "select": dict(self.select), "version": self.version,
        }  # fmt: skip
        # Fields that came later enter only where they are set: tasks without them keep their
        # hashes.
        later = {
            "part": self.part, "label_field": self.label_field, "origin": self.origin,
            "ids": self.ids,
        }  # fmt: skip
        record |= {name: value for name, value in later.items() if value}

        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


class _Sound:
    """Gives the samples of a clip when it is called, and holds nothing that tells whose they are.

    What a decoder needs, such as a file whose name may tell the label, lies in `_DECODERS`, so that
    neither an attribute nor the garbage collector's referents lead from a clip to it.
    """

    __slots__ = ("__weakref__",)

    def __call__(self) -> NDArray[np.float32]:
        return _DECODERS[self]()

    def __reduce__(self) -> str:
        raise TypeError("the sound of a clip cannot be pickled or copied: send its waveform")


_DECODERS: WeakKeyDictionary[_Sound, Callable[[], NDArray[np.float32]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Clip:
    """Audio of one utterance as a model gets it: without label, without speaker, without its name.

    `key` is the SHA-256 (hex) of the decoded audio: stable, equal for equal recordings, a key for
    caches. `load()` decodes the audio anew. `group` is an opaque number of the speaker, given only
    to a model that declares itself transductive.
    """

    key: str
    # Opaque digest of corpus and utterance id: unlike `key`, distinct for copies of a recording.
    seed: str
    seconds: float
    load: Callable[[], NDArray[np.float32]] = field(repr=False)
    group: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.load, _Sound):  # of a clip that this one replaces
            return

        sound = _Sound()
        _DECODERS[sound] = self.load
        object.__setattr__(self, "load", sound)

    @cached_property
    def waveform(self) -> NDArray[np.float32]:
        """float32, shape (n_samples,), 16 kHz mono, in [-1, 1]; decoded on first use."""
        return self.load()
