"""Croissant metadata (JSON-LD) of a task: publisher, files, fields and labels, no records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from mserbench.cards import CorpusCard, Remote
from mserbench.contracts import Corpus, Task, Utterance
from mserbench.data import corpus, dataset, lookup
from mserbench.data.shards.names import file_of
from mserbench.data.trees import Inventory
from mserbench.labels import DROP

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
_TYPES = {  # of files, by suffix
    "wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "ogg": "audio/ogg", "aif": "audio/aiff", "aiff": "audio/aiff", "aac": "audio/aac",
    "wma": "audio/x-ms-wma",
    "mov": "video/quicktime", "mkv": "video/x-matroska", "webm": "video/webm",
    "zip": "application/zip",
    "tar": "application/x-tar", "gz": "application/gzip", "tgz": "application/gzip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed", "csv": "text/csv", "json": "application/json", "parquet":
    "application/vnd.apache.parquet",
}  # fmt: skip
_ARCHIVES = frozenset(_TYPES[suffix] for suffix in ("zip", "tar", "gz", "tgz", "rar", "7z"))
# What a corpus of the field holds, where its names are not known.
_USUAL = ("flac", "m4a", "mp3", "mp4", "wav")
_COMMONS = re.compile(r"CC (?P<kind>BY(?:-NC)?(?:-SA|-ND)?)[ -](?P<version>\d\.\d)")
_LICENCES = {"MIT": "https://spdx.org/licenses/MIT", "CC0-1.0": "https://spdx.org/licenses/CC0-1.0"}
_FIELDS = {  # of an utterance, as mserbench reads them from names and label files
    "id": "Name of the utterance, as its publisher gives it; unique in the corpus.",
    "audio": "Path of its file below the folder of the corpus.",
    "start": "Where it begins in its file, in seconds; absent where it is the whole file.",
    "end": "Where it ends in its file, in seconds; absent where it is the whole file.",
    "label": "Label that the task asks for.",
    "raw_label": "Label as its publisher writes it.",
    "speaker": "Name of the speaker; absent where it is not known.",
    "sex": "Sex of the speaker, f or m; absent where it is not known.",
    "language": "Language, as an ISO 639 code.",
    "session": "Recording session, if the corpus has sessions.",
    "split": "Part of the corpus in its publisher's split, if there is one.",
    "text": "What is said; absent where the corpus does not write it.",
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty",
            "fileObject", "fileSet",
            "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path",
            "recordSet",
            "references", "regex", "repeated", "replace", "samplingRate", "separator", "source",
            "subField",
            "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "sc": "https://schema.org/",
}  # fmt: skip


def metadata(task: Task, data: Path | None = None) -> dict[str, Any]:
    """Describe a task by the Croissant 1.0 format, as a JSON object.

    With a data folder, or where the names of a corpus are known, the file types are those of its
    files and a histogram that is not frozen is counted. Raises DataError where the corpus in `data`
    is not complete.
    """
    source = lookup.corpus(task.corpus)
    clips = _utterances_of(source, task, data)
    record = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": task.name,
        "description": _description(task, source.card),
        "url": source.card.source if source.card.source.startswith("http") else None,
        "license": licence_url(source.card.licence),
        "citeAs": source.card.citation,
        "inLanguage": list(task.languages),
        "keywords": ["speech emotion recognition", *task.labels],
        "version": f"{task.version}.0.0",
        "distribution": _distribution(source.card, clips),
        "recordSet": [_labels(task, clips), _utterances()],
    }

    return {name: value for name, value in record.items() if value}


def _utterances_of(source: Corpus, task: Task, data: Path | None) -> list[Utterance]:
    """Return the utterances of a task as far as needed and known without opening audio."""
    names = corpus.inventory(source.card)
    is_local = data is not None or (
        source.provide is not None and source.card.access != "generated"
    )
    if is_local or (names and not task.counts and not task.label_field):
        return [utterance for utterance, _ in dataset.truth(task, data)]

    # One name tells the type of all files.
    return corpus.utterances(source, Inventory(names[:1])) if names else []


def licence_url(text: str) -> str:
    """Return the address of a licence that is known by its name alone; any other text as it is."""
    if match := _COMMONS.fullmatch(text):
        return f"https://creativecommons.org/licenses/{match['kind'].lower()}/{match['version']}/"
    return _LICENCES.get(text, text)


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


def _distribution(card: CorpusCard, clips: Sequence[Utterance]) -> list[dict[str, Any]]:
    """Return the files of an open corpus, and the set of recordings, with the files it is in."""
    files = [_file(remote) for remote in card.files]
    archives = [file for file in files if file["encodingFormat"] in _ARCHIVES]
    # Sorted, as the same task must always give the same record.
    suffixes = sorted(
        {PurePosixPath(file_of(clip.audio)).suffix.lower().lstrip(".") for clip in clips}
    ) or list(_USUAL)
    recordings: dict[str, Any] = {
        "@type": "cr:FileSet",
        "@id": "recordings",
        "name": "recordings",
        "description": "The recordings, in the folders and under the names of their publisher.",
        "encodingFormat": [_TYPES.get(suffix, "audio/*") for suffix in suffixes],
        "includes": [f"**/*.{suffix}" for suffix in suffixes],
    }

    if archives:
        recordings["containedIn"] = [{"@id": archive["@id"]} for archive in archives]

    return [*files, recordings]


def _file(remote: Remote) -> dict[str, Any]:
    """Describe a file of an open corpus: its address, size and hash, not its content."""
    name = remote.url.partition("?")[0].rpartition("/")[2]
    if name == "content":  # Zenodo ends its addresses so
        name = remote.url.split("/")[-2]

    kind, _, value = remote.hash.partition(":")
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": unquote(name),
        "contentUrl": remote.url,
        "contentSize": f"{remote.bytes} B",
        "encodingFormat": _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream"),
        kind: value,
    }


def _labels(task: Task, clips: Sequence[Utterance]) -> dict[str, Any]:
    """Return the label set as an enumeration: label, its raw labels, and clips if known."""
    counts = task.counts or Counter(task.label_map[dataset.raw_label(task, clip)] for clip in clips)
    rows = [
        {
            "labels/name": label,
            "labels/raw": ", ".join(raw for raw, to in task.label_map.items() if to == label),
            **({"labels/clips": counts[label]} if counts else {}),
        }
        for label in task.labels
    ]
    dropped = ", ".join(raw for raw, to in task.label_map.items() if to == DROP)
    fields = {
        "name": ("sc:Text", "The label."),
        "raw": ("sc:Text", "The raw labels of the corpus that it stands for, separated by commas."),
        "clips": ("sc:Integer", "Utterances of the complete task with this label."),
    }

    return {
        "@type": "cr:RecordSet",
        "@id": "labels",
        "name": "labels",
        "description": "The closed set of labels, in order."
        + (f" Left out: {dropped}." if dropped else ""),
        "dataType": "sc:Enumeration",
        "key": {"@id": "labels/name"},
        "field": [
            _field(f"labels/{name}", *about)
            for name, about in fields.items()
            if f"labels/{name}" in rows[0]
        ],
        "data": rows,
    }


def _utterances() -> dict[str, Any]:
    """Return the schema of the utterances; their names and labels are the publisher's to give.

    Only `audio` has a source that a reader of this format could follow; the others are what the
    parser of the corpus reads from names and label files, which the format has no words for.
    """
    numbers = ("start", "end")
    fields = [
        _field(f"utterances/{name}", "sc:Float" if name in numbers else "sc:Text", text)
        for name, text in _FIELDS.items()
    ]
    for field in fields:
        if field["name"] == "audio":
            field["source"] = {
                "fileSet": {"@id": "recordings"},
                "extract": {"fileProperty": "fullpath"},
            }

    return {
        "@type": "cr:RecordSet",
        "@id": "utterances",
        "name": "utterances",
        "description": "One record an utterance, as mserbench reads it from the publisher's names "
        "and label files.",
        "key": {"@id": "utterances/id"},
        "field": fields,
    }


def _field(identity: str, kind: str, description: str) -> dict[str, Any]:
    name = identity.rpartition("/")[2]
    return {
        "@type": "cr:Field",
        "@id": identity,
        "name": name,
        "description": description,
        "dataType": kind,
    }
