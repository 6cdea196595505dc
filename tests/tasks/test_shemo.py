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
        utterance.id: utterance
        for utterance in corpus.utterances(SHEMO, Memory((*names, *named), named.__getitem__))
    }


def test_the_letter_of_the_sex_is_not_that_of_fear() -> None:
    by_id = parsed(("female/F01F01.wav", "male/M01F02.wav"))
    assert [
        (utterance.sex, utterance.raw_label, utterance.speaker) for utterance in by_id.values()
    ] == [
        ("f", "F", "shemo:F01"),
        ("m", "F", "shemo:M01"),
    ]


def test_transcripts_lose_their_marks_of_direction() -> None:
    """Invisible marks in the text would be words to a model that reads it."""
    files = {"final text__F01A01_ort": "\ufeff\u200f\u0633\u0644\u0627\u0645\u200e\r\n".encode()}
    by_id = parsed(("female/F01A01.wav", "female/F01A02.wav"), **files)
    assert (by_id["F01A01"].text, by_id["F01A01"].extra) == (
        "\u0633\u0644\u0627\u0645",
        {"transcribed": "yes"},
    )
    assert (by_id["F01A02"].text, by_id["F01A02"].extra) == (None, {})


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
    (utterance,) = corpus.utterances(SHEMO, tree)
    assert (utterance.raw_label, utterance.extra["corrected"], utterance.text) == (
        "N",
        "sadness",
        "its own words",
    )


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
            utterance.id: label
            for utterance, label in dataset.select(lookup.task(name), memory.utterances("shemo"))
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
    utterances = corpus.utterances(SHEMO, Memory(names, lambda name: content))
    assert len(utterances) == len(truth) == 3000
    assert sorted(truth) == list(corpus.inventory(SHEMO.card))

    for utterance in utterances:
        row = truth[utterance.id]
        assert (utterance.raw_label, utterance.speaker) == (
            row["raw_label"],
            f"shemo:{row['speaker']}",
        )
        assert utterance.extra["corrected"] == row["text_label"]

    for name in ("shemo", "shemo-corrected", "shemo-emobox"):
        task = lookup.task(name)
        assert Counter(label for _, label in dataset.select(task, utterances)) == Counter(
            task.counts
        )

    emobox = {
        utterance.id for utterance, _ in dataset.select(lookup.task("shemo-emobox"), utterances)
    }
    assert emobox == {
        stem for stem, row in truth.items() if row["split_or_fold"] != "not_in_emobox"
    }
    test = {
        utterance.id
        for utterance, _ in dataset.select(lookup.task("shemo:emobox.test"), utterances)
    }
    assert test == {stem for stem, row in truth.items() if row["split_or_fold"] == "test"}
