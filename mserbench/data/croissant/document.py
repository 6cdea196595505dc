"""A task as a document of the Croissant format: card, files, labels, and utterances where the
licence of the corpus lets them be passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mserbench.cards import CorpusCard
from mserbench.contracts import Task
from mserbench.data import index, licences, lookup
from mserbench.data.croissant import citation, clips, files, records
from mserbench.data.croissant.vocabulary import CONFORMS_TO, CONTEXT, Json
from mserbench.labels import DROP

_OF_PEOPLE = ["Voice", "Gender", "Language"]  # what recordings and records tell of a speaker


@dataclass(frozen=True)
class Description:
    """A document as a JSON object, and why it holds no utterances: a clause, else empty."""

    document: Json
    withheld: str


def describe(
    task: Task, data: Path | None = None, progress: index.Progress | None = None
) -> Description:
    """Describe a task by the Croissant format, version 1.1.

    With a data folder, or where the corpus is here anyway, files, counts and lengths are those of
    its files, whose audio `progress` hears of. Raises DataError where the corpus in `data` is not
    complete.
    """
    source = lookup.corpus(task.corpus)
    card = source.card
    content = clips.of_task(task, source, data, progress)
    distribution = files.distribution(card, content.suffixes, content.as_published)
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": task.name,
        "description": _description(task, card),
        "url": card.source if card.source.startswith("http") else None,
        "license": _licence(card.licence),
        "creator": _creators(card),
        "datePublished": citation.year(card.citation),
        "citeAs": card.citation,
        "sameAs": _same_as(task, card),
        "inLanguage": list(task.languages),
        "keywords": ["speech emotion recognition", *task.labels],
        "version": f"{task.version}.0.0",
        "isLiveDataset": False,
        **_responsible_use(card),
        "distribution": distribution,
        "recordSet": [
            records.labels(task, content.counts),
            *records.splits(content),
            records.utterances(content),
            *files.audio(distribution),
        ],
    }

    # False is an answer, nothing is none.
    present = {name: value for name, value in document.items() if value or value is False}
    return Description(present, content.withheld)


def _licence(text: str) -> str | list[str] | Json:
    """Return the address or addresses of a licence, or its text as that of a work without one."""
    addresses = licences.addresses(text)
    if not addresses:
        return {"@type": "sc:CreativeWork", "name": text}
    return addresses[0] if len(addresses) == 1 else list(addresses)


def _creators(card: CorpusCard) -> list[Json]:
    names = citation.authors(card.citation)
    if not names and card.access == "generated":
        return [{"@type": "sc:Organization", "name": "mserbench"}]
    return [{"@type": "sc:Person", "name": name} for name in names]


def _same_as(task: Task, card: CorpusCard) -> str | None:
    """Return the page of the same recordings on the hub, where the task takes all of them."""
    is_whole = not (task.select or task.part or task.ids or DROP in task.label_map.values())
    return f"https://huggingface.co/datasets/{card.hub}" if card.hub and is_whole else None


def _responsible_use(card: CorpusCard) -> Json:
    """Return what the vocabulary for responsible use has words for, and a card says."""
    # Notes on defects name utterances, which not every licence lets be passed on.
    has_notes = card.notes and licences.lets_labels_be_passed_on(card.licence)
    return {
        "rai:dataUseCases": ["Testing: recognising emotions in speech, also of unseen languages"],
        "rai:dataLimitations": [card.notes] if has_notes else [],
        "rai:dataPreprocessingProtocol": [
            "Raw labels are mapped to those of the task, as the record set labels says"
        ],
        "rai:personalSensitiveInformation": []
        if card.synthetic
        else ["Voice", "Gender", "Language"],
    }


def _description(task: Task, card: CorpusCard) -> str:
    size = f", {task.expected:,} utterances" if task.expected else ""
    access = {
        "open": f"The recordings are published by their authors: {card.how_to_get}.",
        "request": "The recordings are given on request and are not part of this record: "
        f"{card.how_to_get}.",
        "bundled": "The recordings ship with mserbench.",
        "generated": "The recordings are synthetic speech that mserbench makes on the spot.",
    }[card.access]

    return (
        f"{task.title}{size}, as a test of speech emotion recognition. Corpus: {card.title}. "
        f"{access} The task is that of mserbench with the SHA-256 {task.hash}."
    )
