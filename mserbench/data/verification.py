"""Everything that is wrong with a corpus folder, told at once: files, labels, speakers, divisions,
audio.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mserbench.cards import CorpusCard
from mserbench.contracts import Corpus, Task, Utterance
from mserbench.data import corpus, dataset, divisions, index, likeness, published, spans
from mserbench.engine.base import Engine


@dataclass(frozen=True)
class Verification:
    """What opening every file of a corpus has told; `problems` stop a run, `warnings` are to be
    known.
    """

    utterances: int  # with audio that was found
    hours: float
    variant: str | None
    digest: str
    edition: str | None
    speakers: int
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    # Clips of a task by label, those that would be scored; None where no task was asked for.
    scored: dict[str, int] | None = None


def verify(
    source: Corpus,
    root: Path,
    progress: index.Progress | None = None,
    task: Task | None = None,
    engine: Engine | None = None,
) -> Verification:
    """Decode every file of a corpus folder and compare all with its card; `progress` hears of the
    files, the clips of a `task` on it are counted, and the workers of an `engine` do the decoding.

    Raises DataError or PluginError only where the folder cannot be read at all.
    """
    reading = corpus.read(source, root)
    lost = {utterance.id for utterance in reading.without_audio}
    with_audio = [
        utterance for utterance in reading.utterances.values() if utterance.id not in lost
    ]
    facts = index.index(root, with_audio, progress, from_memory=False, engine=engine)
    facts = spans.checked(root, with_audio, facts)
    digest = index.digest(facts)
    compared = published.compare(source.card, facts)
    problems = [
        *reading.problems,
        *reading.told_links,
        *(
            f"utterance {utterance.id!r} has a label, but no audio file {utterance.audio!r}"
            for utterance in reading.without_audio
        ),
        *(clip.problem for clip in facts.values() if clip.problem),
        *compared.problems(source.card),
    ]
    odd = [*_speakers(source.card, reading), *_parts(source.card, reading)]
    whole = _is_whole(source.card, reading)

    return Verification(
        utterances=len(facts),
        hours=sum(clip.seconds for clip in facts.values()) / 3600,
        variant=reading.variant,
        digest=digest,
        edition=source.card.editions.get(digest[:8]),
        speakers=len(_speakers_of(reading)),
        problems=(*problems, *(odd if whole else ())),
        warnings=(
            *reading.notes,
            *(() if whole else odd),  # of a part of a corpus, they are what is to be expected
            *(
                f"{path!r} is an audio file, but no utterance of this corpus"
                for path in reading.extra
            ),
            *likeness.remarks(with_audio, facts, lambda clip: clip.raw_label),
            *(clip.warning for clip in facts.values() if clip.warning),
        ),
        scored=None if task is None else _scored(task, with_audio, facts),
    )


def _scored(
    task: Task, utterances: Sequence[Utterance], facts: Mapping[str, index.Facts]
) -> dict[str, int]:
    """Count the clips of a task by label: selected, of a declared label, and in order."""
    good = [
        utterance
        for utterance in utterances
        if not facts[utterance.id].problem and dataset.raw_label(task, utterance) in task.label_map
    ]
    counts = Counter(label for _, label in dataset.select(task, good))
    return {label: counts[label] for label in task.labels}


def _is_whole(card: CorpusCard, reading: corpus.Reading) -> bool:
    """Tell whether all of the corpus is here: its largest known variant, of which no other release
    exists.
    """
    sizes = {name: sum(counts.values()) for name, counts in card.counts.items()}
    return not card.releases_vary and sizes.get(reading.variant or "") == max(
        sizes.values(), default=0
    )


def _speakers_of(reading: corpus.Reading) -> set[str]:
    speakers = (utterance.speaker for utterance in reading.utterances.values())
    return {speaker for speaker in speakers if speaker is not None}


def _speakers(card: CorpusCard, reading: corpus.Reading) -> Iterator[str]:
    number = len(_speakers_of(reading))
    if card.speakers is not None and number != card.speakers:
        yield f"{card.name}: {number} speakers were found, {card.speakers} expected"


def _parts(card: CorpusCard, reading: corpus.Reading) -> Iterator[str]:
    """Tell, for each part of each division, which of the values that its table lists occur in no
    utterance.
    """
    for name in card.divisions:
        table = divisions.parts(card, name)
        occurring = {
            divisions.value_of(utterance, table.field) for utterance in reading.utterances.values()
        }
        # The value that stands for all others need not occur itself.
        absent = {
            value: part
            for value, part in table.by_value.items()
            if value not in {*occurring, divisions.OTHERS}
        }

        for part, count in sorted(Counter(absent.values()).items()):
            first = min(value for value, of in absent.items() if of == part)
            yield (
                f"division {name!r} of {card.name!r}: {count} value(s) of {table.field!r} "
                f"in part {part!r} occur in no utterance, such as {first!r}"
            )
