"""What a stranger's table calls things: columns, the labels it writes, and its names of clips."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mserbench.data.label_map import NONE, meaning
from mserbench.errors import DataError


@dataclass(frozen=True)
class Naming:
    """What a stranger's table calls things; empty where it calls them as we do.

    `identity` and `prediction` are columns, `scores` is what the names of columns of scores begin
    with, None for `score_`. `meanings`: what its labels mean, ours or `none`. `whole`: the labels
    of the task of which some alone are asked for, empty where all are, and `passed`: ids of its
    clips that are no part of the question.
    """

    identity: str = ""
    prediction: str = ""
    scores: str | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    passed: frozenset[str] = frozenset()


def nfc(text: str) -> str:
    """Return text with its accents composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def require_meanings(meanings: Mapping[str, str], labels: Sequence[str]) -> None:
    """Raise DataError for a meaning that is neither one of `labels`, nor `none`, nor an emotion."""
    words = Words(labels, Naming())
    for raw, label in meanings.items():
        if words.label_of(label) is None and meaning(label) is None:
            raise DataError(
                f"the label map says that {raw!r} means {label!r}, which is none of "
                f"{', '.join(labels)}, no other emotion and not {NONE!r}: correct it"
            )


class Words:
    """What the labels of a table mean to a task: by the user's map, then by the table of words."""

    def __init__(self, labels: Sequence[str], naming: Naming) -> None:
        # Read among all labels of the task: those that are not asked for are known all the same.
        whole = naming.whole or labels
        self._asked = frozenset(labels)
        self._labels = {nfc(label): label for label in whole}
        self._folded = unique((nfc(label).casefold(), label) for label in whole)
        self._meant = unique((_emotion(label) or label, label) for label in whole)
        self._own = {nfc(raw.strip()): label for raw, label in naming.meanings.items()}
        self._own_folded = unique((raw.casefold(), label) for raw, label in self._own.items())

    def label_of(self, raw: str) -> str | None:
        """Return the label of the task that a word names; NONE for one that stands for no label of
        it, as the user or the whole task says; None where nobody knows.
        """
        word = nfc(raw.strip())
        # The user's word is stronger, also about a word that is a label of the task.
        own = self._own.get(word) or self._own_folded.get(word.casefold())
        if own is not None:
            return NONE if own == NONE else self._of_task(own) or NONE

        return self._of_task(word)

    def _of_task(self, word: str) -> str | None:
        exact = self._labels.get(word) or self._folded.get(word.casefold())
        label = exact or self._meant.get(_emotion(word) or "")
        return NONE if label and label not in self._asked else label


def _emotion(word: str) -> str | None:
    # Words for no emotion are no name of one, also where a task calls a label by one of them.
    label = meaning(word)
    return None if label == NONE else label


def unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs whose first names one second only: what names two tells neither."""
    targets: dict[str, set[str]] = {}
    for name, target in pairs:
        targets.setdefault(name, set()).add(target)

    return {name: min(named) for name, named in targets.items() if len(named) == 1}


class Clips:
    """The clips of a task by id, or by the names of their files where these are unique."""

    def __init__(self, ids: Iterable[str], files: Mapping[str, str]) -> None:
        self._ids = unique((nfc(identity), identity) for identity in ids)
        names: list[tuple[str, str]] = []
        for identity, file in files.items():
            names += [(name, identity) for name in _names_of(nfc(file))]
            names += [(name, identity) for name in _names_of(nfc(identity))]

        self._names = unique(names)
        # Last, as some systems write names of files in capitals, or tell none apart by them.
        self._folded = unique((name.casefold(), identity) for name, identity in names)

    def id_of(self, text: str) -> str | None:
        """Return the id of a clip by its id, or by its file with or without folders and ending,
        at last in any case; None where that names none, or several.
        """
        # A cell that a spreadsheet would run has an apostrophe before it.
        word = nfc(text.strip())
        if word in self._ids:
            return self._ids[word]

        tries = [word, word[1:]] if word.startswith("'") else [word]
        names = [name for attempt in tries for name in _names_of(attempt)]
        exact = (self._names[name] for name in names if name in self._names)
        in_any_case = (self._folded.get(name.casefold()) for name in names)
        return next(exact, None) or next(filter(None, in_any_case), None)


def _names_of(path: str) -> list[str]:
    """Return what a file may be called, the most telling first: each end of its path, as it is and
    without what follows its last point.
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    names = []
    for start in range(len(parts)):
        *folders, file = parts[start:]
        # The folder tells more than the ending, which a copy in another format changes.
        names += ["/".join([*folders, name]) for name in (file, file.rpartition(".")[0]) if name]

    return names
