"""The record sets of a task: its labels, its publisher's split, and its utterances."""

from __future__ import annotations

from collections.abc import Mapping

from mserbench.contracts import Task
from mserbench.data.croissant.clips import Clips
from mserbench.data.croissant.vocabulary import Json, field, record_set
from mserbench.data.own.rows import PARTS
from mserbench.labels import DROP

_FIELDS = {  # of an utterance, as mserbench reads them from names, label files and audio
    "id": "Name of the utterance, as its publisher gives it; unique in the corpus.",
    "file": "Its file below the folder of the corpus; the name alone where only names are known.",
    "start": "Where it begins in its file, in seconds; absent where it is the whole file.",
    "end": "Where it ends in its file, in seconds; absent where it is the whole file.",
    "seconds": "Its length in seconds, as decoded.",
    "label": "Label that the task asks for.",
    "raw_label": "Label as its publisher writes it.",
    "speaker": "Name of the speaker, after that of the corpus; absent where it is not known.",
    "sex": "Sex of the speaker, f or m; absent where it is not known.",
    "language": "Language, as an ISO 639 code.",
    "session": "Recording session, if the corpus has sessions.",
    "split": "Part of the corpus in its publisher's split, if there is one.",
    "text": "What is said; absent where the corpus does not write it.",
    "sha256": "SHA-256 of its file.",
}
_NUMBERS = ("start", "end", "seconds")
_PARTS = {"train": "cr:TrainingSplit", "dev": "cr:ValidationSplit", "test": "cr:TestSplit"}


def labels(task: Task, counts: Mapping[str, int]) -> Json:
    """Return the label set as an enumeration: label, its raw labels, and clips where `counts` has
    them.
    """
    rows = [
        {
            "labels/name": label,
            "labels/raw": ", ".join(raw for raw, to in task.label_map.items() if to == label),
            **({"labels/clips": counts[label]} if counts else {}),
        }
        for label in task.labels
    ]
    dropped = ", ".join(raw for raw, to in task.label_map.items() if to == DROP)
    columns = {
        "name": ("sc:Text", "The label."),
        "raw": ("sc:Text", "The raw labels of the corpus that it stands for, separated by commas."),
        "clips": ("sc:Integer", "Utterances of the complete task with this label."),
    }

    return record_set(
        "labels",
        "name",
        "The closed set of labels, in order." + (f" Left out: {dropped}." if dropped else ""),
        [
            field(f"labels/{name}", *column)
            for name, column in columns.items()
            if f"labels/{name}" in rows[0]
        ],
        dataType="sc:Enumeration",
        data=rows,
    )


def splits(clips: Clips) -> list[Json]:
    """Return the parts of the publisher's split that records name; nothing where none does."""
    names = sorted({str(record["split"]) for record in clips.records if record.get("split")})
    if not names:
        return []

    # What is meant by a name is told only where that is sure of all, as rows have equal fields.
    meanings = [_PARTS.get(PARTS.get(name.casefold(), "")) for name in names]
    fields = [field("splits/name", "sc:Text", "Name of the part, as its publisher gives it.")]
    rows: list[Json] = [{"splits/name": name} for name in names]
    if all(meanings):
        fields.append(field("splits/url", "sc:URL", "What the part is for."))
        rows = [{**row, "splits/url": meaning} for row, meaning in zip(rows, meanings, strict=True)]

    return [
        record_set(
            "splits", "name", "The publisher's split.", fields, dataType="cr:Split", data=rows
        )
    ]


def utterances(clips: Clips) -> Json:
    """Return the utterances, record by record, or their fields alone and why."""
    about = "One record an utterance, as mserbench reads it from the publisher's files."
    if not clips.records:
        fields = [_field(name) for name in _FIELDS]
        # All else is in names and label files, which the format has no words for; and its library
        # wants records to come from somewhere.
        source = {"fileSet": {"@id": "recordings"}, "extract": {"fileProperty": "fullpath"}}
        fields[list(_FIELDS).index("file")]["source"] = source
        without = f"{about} No records are in this document: {clips.withheld}."
        return record_set("utterances", "id", without, fields)

    rows = [
        {f"utterances/{name}": value for name, value in record.items()} for record in clips.records
    ]
    fields = [_field(name) for name in clips.records[0]]
    for split in (part for part in fields if part["name"] == "split"):
        split |= _taken_from("splits")

    return record_set("utterances", "id", about, fields, data=rows)


def _field(name: str) -> Json:
    if name == "label":
        kinds = ["sc:Text", "cr:Label"]
        return field(f"utterances/{name}", kinds, _FIELDS[name], **_taken_from("labels"))

    kind = "sc:Float" if name in _NUMBERS else "sc:Text"
    return field(f"utterances/{name}", kind, _FIELDS[name])


def _taken_from(enumeration: str) -> Json:
    # With the word `field`, which the format's own library wants here; its text writes none.
    return {"references": {"field": {"@id": f"{enumeration}/name"}}}
