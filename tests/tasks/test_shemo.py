"""ShEMO: three editions of its labels, transcripts that belong to other recordings, speakers by
name.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from official import memory
from official.memory import Memory

from mserbench.contracts import Utterance
from mserbench.data import corpus, dataset, lookup

SHEMO = lookup.corpus("shemo")


def parsed(names: tuple[str, ...], **files: bytes) -> dict[str, Utterance]:
    named = {name.replace("__", "/").replace("_", "."): data for name, data in files.items()}
    return {
        one.id: one for one in corpus.utterances(SHEMO, Memory((*names, *named), named.__getitem__))
    }


def test_the_letter_of_the_sex_is_not_that_of_fear() -> None:
    found = parsed(("female/F01F01.wav", "male/M01F02.wav"))
    assert [(one.sex, one.raw_label, one.speaker) for one in found.values()] == [
        ("f", "F", "shemo:F01"),
        ("m", "F", "shemo:M01"),
    ]


def test_transcripts_lose_their_marks_of_direction() -> None:
    """Invisible marks in the text would be words to a model that reads it."""
    files = {"final text__F01A01_ort": "\ufeff\u200f\u0633\u0644\u0627\u0645\u200e\r\n".encode()}
    found = parsed(("female/F01A01.wav", "female/F01A02.wav"), **files)
    assert (found["F01A01"].text, found["F01A01"].extra) == (
        "\u0633\u0644\u0627\u0645",
        {"transcribed": "yes"},
    )
    assert (found["F01A02"].text, found["F01A02"].extra) == (None, {})


def test_the_corrected_edition_brings_label_and_words() -> None:
    tree = Memory(
        ("female/F21N05.wav", "final text/F21N05.ort", "modified_shemo.json"),
        {
            "final text/F21N05.ort": b"words of another recording",
            "modified_shemo.json": json.dumps(
                {
                    "F21N05.wav": {
                        "text_name": "F21S37",
                        "emotion": "sadness",
                        "transcript": "its own words",
                    }
                }
            ).encode(),
        }.__getitem__,
    )
    (one,) = corpus.utterances(SHEMO, tree)
    assert (one.raw_label, one.extra["corrected"], one.text) == ("N", "sadness", "its own words")


def test_without_the_file_of_corrections_the_corrected_task_says_where_it_is_from() -> None:
    tree = memory.tree("shemo")
    bare = replace(tree, names=tuple(name for name in tree.names if not name.endswith(".json")))
    (problem,) = dataset.undeclared_labels(
        lookup.task("shemo-corrected"), corpus.utterances(SHEMO, bare)
    )
    assert "reads its labels from 'corrected', which 3000 utterances lack" in problem
    assert "mserbench data show shemo" in problem
    assert "modified_shemo.json" in SHEMO.card.how_to_get


def test_the_recordings_of_emobox_need_no_transcripts() -> None:
    """Who has the audio alone, or only predictions, must not be told of other counts."""
    assert len(dataset.truth(lookup.task("shemo-emobox"), None)) == 2838
    assert len(dataset.truth(lookup.task("shemo:emobox.test"), None)) == 707


def test_the_editions_differ_where_they_should() -> None:
    labels = {
        name: {
            one.id: label
            for one, label in dataset.select(lookup.task(name), memory.utterances("shemo"))
        }
        for name in ("shemo", "shemo-corrected", "shemo-emobox")
    }
    assert len(labels["shemo"].items() - labels["shemo-corrected"].items()) >= 134
    assert labels["shemo-emobox"].items() <= labels["shemo"].items()


@pytest.mark.real
def test_all_labels_speakers_and_editions_are_those_of_public_metadata(reference: Path) -> None:
    with open(reference / "shemo.csv", encoding="utf-8", newline="") as file:
        truth = {row["id_or_path"].rpartition("/")[2][:-4]: row for row in csv.DictReader(file)}

    corrections = {f"{stem}.wav": {"emotion": row["text_label"]} for stem, row in truth.items()}
    content = json.dumps(corrections).encode()
    names = (*(row["id_or_path"] for row in truth.values()), "modified_shemo.json")
    found = corpus.utterances(SHEMO, Memory(names, lambda name: content))
    assert len(found) == len(truth) == 3000
    assert sorted(truth) == list(corpus.inventory(SHEMO.card))

    for one in found:
        row = truth[one.id]
        assert (one.raw_label, one.speaker) == (row["raw_label"], f"shemo:{row['speaker']}")
        assert one.extra["corrected"] == row["text_label"]

    for name in ("shemo", "shemo-corrected", "shemo-emobox"):
        task = lookup.task(name)
        assert Counter(label for _, label in dataset.select(task, found)) == Counter(task.counts)

    emobox = {one.id for one, _ in dataset.select(lookup.task("shemo-emobox"), found)}
    assert emobox == {
        stem for stem, row in truth.items() if row["split_or_fold"] != "not_in_emobox"
    }
    test = {one.id for one, _ in dataset.select(lookup.task("shemo:emobox.test"), found)}
    assert test == {stem for stem, row in truth.items() if row["split_or_fold"] == "test"}
