"""RESD: labels by the letter of the name, splits by folder or table, and nothing that passes for a
speaker.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from official import memory
from official.memory import Memory

from mserbench.contracts import Utterance
from mserbench.data import corpus, dataset, lookup

RESD = lookup.corpus("resd")
TABLE = b"path,emotion\n32_happiness_enthusiasm_h_120.wav,happiness\n06_happiness_enthusiasm e_060.wav,enthusiasm\n"
NAMES = ("32_happiness_enthusiasm_h_120.wav", "06_happiness_enthusiasm e_060.wav")


def parsed(names: tuple[str, ...], **tables: bytes) -> tuple[dict[str, Utterance], list[str]]:
    files = {f"{name}.csv": data for name, data in tables.items()}
    utterances, faults = corpus.parse(RESD, Memory((*names, *files), files.__getitem__))
    return {utterance.id: utterance for utterance in utterances}, [
        fault.sentence for fault in faults
    ]


def test_no_role_passes_for_a_speaker() -> None:
    """A role has one emotion only: intervals or folds by it would mean nothing."""
    assert {utterance.speaker for utterance in memory.utterances("resd")} == {None}
    assert len({utterance.extra["role"] for utterance in memory.utterances("resd")}) == 100
    assert len({utterance.extra["dialogue"] for utterance in memory.utterances("resd")}) == 50


def test_splits_come_from_folders_or_else_from_the_tables() -> None:
    folders, _ = parsed(tuple(f"test/folder/{name}" for name in NAMES))
    assert {utterance.split for utterance in folders.values()} == {"test"}
    flat, problems = parsed(NAMES, train=TABLE)
    assert problems == []
    assert {utterance.split for utterance in flat.values()} == {"train"}
    bare, _ = parsed(NAMES)
    assert {utterance.split for utterance in bare.values()} == {None}


def test_the_official_split_holds_in_any_layout() -> None:
    """A flat copy without tables, or no audio at all, must not empty the test split."""
    task = lookup.task("resd:official.test")
    flat = memory.tree("resd").renamed(lambda name: name.rpartition("/")[2])
    wavs = replace(flat, names=tuple(name for name in flat.names if name.endswith(".wav")))
    assert len(dataset.select(task, corpus.utterances(RESD, wavs))) == 280
    assert len(dataset.truth(task, None)) == 280


def test_a_table_that_contradicts_a_name_is_named() -> None:
    _, (problem,) = parsed(NAMES, train=TABLE.replace(b",happiness", b",sadness"))
    assert problem.startswith("label file 'train.csv', line 2: one row for each recording")


def test_a_recording_that_no_table_lists_is_named_where_tables_give_the_split() -> None:
    _, (problem,) = parsed((*NAMES, "01_happiness_anger a_010.wav"), train=TABLE)
    assert problem.startswith(
        "audio file '01_happiness_anger a_010.wav' has no row in train.csv or test.csv"
    )


def test_a_listed_recording_without_a_file_is_still_an_utterance() -> None:
    by_id, problems = parsed(NAMES[:1], test=TABLE)
    assert problems == []
    missing = by_id["06_happiness_enthusiasm e_060"]
    assert missing.audio == "test/06_happiness_enthusiasm/06_happiness_enthusiasm e_060.wav"


@pytest.mark.real
def test_all_1396_labels_and_splits_are_those_of_public_metadata(reference: Path) -> None:
    with open(reference / "resd.csv", encoding="utf-8", newline="") as file:
        truth = {row["id_or_path"]: row for row in csv.DictReader(file)}

    by_id, problems = parsed(tuple(truth))
    assert problems == []
    assert len(by_id) == len(truth) == 1396
    assert sorted(by_id) == list(corpus.inventory(RESD.card))

    for utterance in by_id.values():
        row = truth[utterance.audio]
        assert (utterance.raw_label, utterance.split) == (row["raw_label"], row["split_or_fold"])
        assert row["speaker"] == f"dialogue{utterance.extra['role']}"

    test = {
        utterance.id for utterance, _ in dataset.select(lookup.task("resd:test"), by_id.values())
    }
    assert test == {utterance.id for utterance in by_id.values() if utterance.split == "test"}
