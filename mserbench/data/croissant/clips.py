"""The utterances of a task as far as names, label files and the licence let a document tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mserbench.contracts import Corpus, Task, Utterance
from mserbench.data import corpus, dataset, index, licences
from mserbench.data.memory import Digests
from mserbench.data.shards.names import file_of
from mserbench.data.trees import Inventory

Record = dict[str, object]
_DIGITS = 3  # of seconds: a millisecond, as formats round to whole frames


@dataclass(frozen=True)
class Clips:
    """What a document may tell: counts by label, endings of files, and records or why there are
    none.

    `suffixes` are lower case without a dot, sorted; empty where no file is known. `as_published`
    is False of files that were converted: those are not what the publisher's archives hold.
    """

    counts: Mapping[str, int]
    suffixes: tuple[str, ...]
    records: Sequence[Record] = ()
    withheld: str = ""  # a clause; empty where there are records
    as_published: bool = True


def of_task(
    task: Task, source: Corpus, data: Path | None, progress: index.Progress | None
) -> Clips:
    """Look at a corpus as far as its licence allows and its files are here.

    Audio is opened only where records are written, for their lengths; `progress` hears of that.
    Raises DataError where the corpus in `data` is not complete.
    """
    is_here = data is not None or (source.provide is not None and source.card.access != "generated")
    if not licences.lets_labels_be_passed_on(source.card.licence):
        return _without_records(
            task, source, data if is_here else None, is_here, _forbidden(source)
        )

    if is_here:
        clips = dataset.load(task, data, progress=progress)
        utterances = [item.utterance for item in clips.items]
        suffixes = _suffixes(utterances)
        return Clips(
            _counted(task, utterances),
            suffixes,
            _heard(clips.items),
            as_published=_are_as_published(source, suffixes),
        )

    labelled = dataset.by_inventory(task, source)
    if not labelled:
        reason = (
            f"the labels of corpus {source.card.name!r} stand in its files: give its folder by "
            "--data"
        )
        return _without_records(task, source, None, is_here, reason)

    utterances = [utterance for utterance, _ in labelled]
    records = [_record(utterance, label) for utterance, label in labelled]
    return Clips(_counted(task, utterances), _suffixes(utterances), _with_equal_keys(records))


def _forbidden(source: Corpus) -> str:
    return (
        f"the licence of corpus {source.card.name!r} ({source.card.licence}) is none of those that "
        f"are known to let ids and labels be passed on ({licences.PASSABLE})"
    )


def _without_records(
    task: Task, source: Corpus, data: Path | None, is_here: bool, reason: str
) -> Clips:
    """Return counts and endings alone: from the files that are here, else from expected names."""
    if is_here:
        labelled = dataset.truth(task, data)
        reading = corpus.read(source, corpus.find(source, data))
        suffixes = _suffixes(list(reading.utterances.values()))
        counts = _counted(task, [clip for clip, _ in labelled])
        return Clips(
            counts,
            suffixes,
            withheld=reason,
            as_published=_are_as_published(source, suffixes),
        )

    labelled = [] if task.counts else dataset.by_inventory(task, source)
    counts = _counted(task, [clip for clip, _ in labelled])
    return Clips(counts, _published_suffixes(source), withheld=reason)


def _published_suffixes(source: Corpus) -> tuple[str, ...]:
    """Return the endings that names of the publisher have; empty where names are not known."""
    names = corpus.inventory(source.card)[:1]  # the type of all files is that of the first
    return _suffixes(corpus.parse(source, Inventory(names))[0]) if names else ()


def _are_as_published(source: Corpus, suffixes: Sequence[str]) -> bool:
    published = _published_suffixes(source)
    return not published or {*suffixes} <= {*published}


def _suffixes(utterances: Sequence[Utterance]) -> tuple[str, ...]:
    paths = {PurePosixPath(file_of(utterance.audio)) for utterance in utterances}
    return tuple(sorted({path.suffix.lower().lstrip(".") for path in paths}))


def _counted(task: Task, utterances: Sequence[Utterance]) -> Mapping[str, int]:
    """Return the task's frozen histogram, else that of its utterances; empty without any."""
    return task.counts or Counter(
        task.label_map[dataset.raw_label(task, utterance)] for utterance in utterances
    )


def _heard(items: Sequence[dataset.Item]) -> list[Record]:
    """Return the records of clips that are here, with their lengths and their files' digests."""
    digests = Digests()
    return _with_equal_keys(
        [
            _record(
                item.utterance,
                item.label,
                round(item.facts.seconds, _DIGITS),
                digests.of(item.root, item.utterance.audio) or None,
            )
            for item in items
        ]
    )


def _record(
    utterance: Utterance, label: str, seconds: float | None = None, sha256: str | None = None
) -> Record:
    # A folder may be called by bytes that are no text, which JSON has no sign for.
    path = utterance.audio.encode(errors="replace").decode()
    return {
        "id": utterance.id,
        "file": path,
        "start": utterance.start,
        "end": utterance.end,
        "seconds": seconds,
        "label": label,
        "raw_label": utterance.raw_label,
        "speaker": utterance.speaker,
        "sex": utterance.sex,
        "language": utterance.language,
        "session": utterance.session,
        "split": utterance.split,
        "text": utterance.text,
        "sha256": sha256,
    }


def _with_equal_keys(records: Sequence[Record]) -> list[Record]:
    """Leave out what no record has: the format wants the same fields in all, null where unknown."""
    names = {name for record in records for name, value in record.items() if value is not None}
    return [{name: record[name] for name in record if name in names} for record in records]
