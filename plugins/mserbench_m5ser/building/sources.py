"""The clips that a set is made from: sources by name, guarded, with what was left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mserbench.data.labelled import Dataset, Item, dropped_utterances, labelled_clips
from mserbench.errors import DataError, UsageError
from mserbench.labels import CANONICAL
from mserbench.report import progress
from mserbench_m5ser.building.protected import Protected, TestPart

SPELLINGS = {
    # A corpus that several tasks ask is meant with the seven labels of the paper.
    "iemocap": "iemocap-7",
    "iemocap:train": "iemocap-7:sessions.not-5",
    "demo-en": "demo-train:en",
}
"""Names of sources that are no names of tasks, each with the task that is meant."""

_ORIGIN = "derived_from"  # in `extra`, CORPUS:ID of what an utterance was made from
_ORIGIN_KEY = "derived_audio"  # and that one's audio key


@dataclass(frozen=True, slots=True)
class Piece:
    """A clip to translate: the item of its corpus, and where it stands among all clips."""

    number: int
    item: Item
    corpus: str

    @property
    def name(self) -> str:
        """`CORPUS:ID`."""
        return f"{self.corpus}:{self.item.utterance.id}"

    @property
    def origin(self) -> tuple[str, str]:
        """Name and audio key of the recording behind it: its own, or of what it was made from."""
        extra = self.item.utterance.extra
        # Of a translation of a translation the first recording is what a test may hold.
        if _ORIGIN in extra:
            return extra[_ORIGIN], extra.get(_ORIGIN_KEY, self.item.facts.key)
        return self.name, self.item.facts.key


@dataclass(frozen=True)
class Material:
    """All clips in the order of the plan, and what a manifest tells of each source."""

    pieces: tuple[Piece, ...]
    records: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]

    @property
    def languages(self) -> list[str]:
        """The languages that are spoken, sorted."""
        return sorted({piece.item.utterance.language for piece in self.pieces})

    @property
    def corpora(self) -> list[str]:
        """The corpora, and those that their clips were made from, sorted."""
        origins = (piece.origin[0].partition(":")[0] for piece in self.pieces)
        return sorted({*origins, *(piece.corpus for piece in self.pieces)})

    @property
    def roots(self) -> list[Path]:
        """The folders that workers read, sorted."""
        return sorted({piece.item.root for piece in self.pieces})


def gathered(
    names: Sequence[str], data: Path | None, allow_partial: bool, guard: Protected
) -> Material:
    """Load sources by name, as `train --on` takes them, and return what may be translated.

    Raises UsageError for a source, or a clip, given twice; DataError for clips that systems are
    tested on and translations of them, and for all that is wrong with a corpus.
    """
    pieces: list[Piece] = []
    records, notes = [], []
    for name in names:
        task = SPELLINGS.get(name, name)
        with progress.counting(f"indexing {name}") as report:
            clips = labelled_clips(task, data, allow_partial, report)

        own = [Piece(0, item, clips.card.name) for item in clips.items]
        _refuse_leaks(name, own, guard)
        usable, dropped = _usable(own, guard)
        records.append(_record(clips, usable, dropped, dropped_utterances(task, data)))
        notes += [f"{name}: {note}" for note in (*clips.notes, *clips.warnings)]
        pieces += usable

    _refuse_doubles(pieces)
    if not pieces:
        raise DataError(f"--sources {','.join(names)}: no clip of them can be translated")

    # Numbered after all are known, as the number says where a row stands in the set.
    numbered = (Piece(i, piece.item, piece.corpus) for i, piece in enumerate(pieces))
    return Material(tuple(numbered), tuple(records), tuple(notes))


def _refuse_leaks(source: str, pieces: Iterable[Piece], guard: Protected) -> None:
    """Raise DataError for clips of protected parts, by their names or by their audio."""
    leaks: list[tuple[Piece, TestPart]] = []
    for piece in pieces:
        part = _leak(piece, guard)
        # The publisher's own doubles across parts are no fault of the user: they are left out.
        if part is not None and not _is_double(piece, part, guard):
            leaks.append((piece, part))

    if not leaks:
        return

    counts = Counter(part for _, part in leaks)
    part, count = counts.most_common(1)[0]
    first = next(piece for piece, of in leaks if of is part)
    origin = "" if first.origin[0] == first.name else f", made from {first.origin[0]!r}"
    remedy = f"give {part.instead!r}, or leave them out" if part.instead else "leave them out"
    raise DataError(
        f"source {source!r} holds {count} clip(s) of {part.name}, which systems are tested on, or "
        f"speech made from them (first {first.name!r}{origin}): {remedy}"
    )


def _leak(piece: Piece, guard: Protected) -> TestPart | None:
    name, key = piece.origin
    return guard.leak((piece.name, name), (piece.item.facts.key, key))


def _is_double(piece: Piece, part: TestPart, guard: Protected) -> bool:
    """Whether a clip only sounds like a protected one, and is another of the same corpus."""
    return piece.corpus == part.corpus and guard.part_of(piece.name) is None


def _usable(pieces: Iterable[Piece], guard: Protected) -> tuple[list[Piece], Counter[str]]:
    """Return the clips that can be translated, and how many cannot, by reason."""
    usable, dropped = [], Counter[str]()
    for piece in pieces:
        part = _leak(piece, guard)
        if part is not None:
            dropped[f"the same recording as a clip of {part.name}"] += 1
        elif piece.item.label not in CANONICAL:
            dropped[f"label {piece.item.label!r} is none of the seven"] += 1
        else:
            usable.append(piece)

    return usable, dropped


def _refuse_doubles(pieces: Iterable[Piece]) -> None:
    counts = Counter(piece.name for piece in pieces)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise UsageError(
            f"{len(twice)} clip(s) are in two of --sources, such as {twice[0]!r}: give each clip "
            f"once"
        )


def _record(
    clips: Dataset, usable: Sequence[Piece], dropped: Counter[str], by_map: dict[str, int]
) -> dict[str, Any]:
    """Return what the manifest tells of a source."""
    return {
        "task": clips.task.name,
        "task_hash": clips.task.hash,
        "corpus": clips.card.name,
        "family": clips.card.same_as,
        "licence": clips.card.licence,
        "languages": sorted({piece.item.utterance.language for piece in usable}),
        "synthetic": clips.card.synthetic,
        "partial": clips.partial,
        "index_digest": clips.digest,
        "clips": len(usable),
        "hours": round(sum(piece.item.facts.seconds for piece in usable) / 3600, 4),
        "dropped_by_label_map": by_map,
        "dropped": dict(sorted(dropped.items())),
    }


def families(material: Material) -> Iterator[str]:
    """Yield the families of the sources, each once, sorted."""
    yield from sorted({record["family"] for record in material.records})
