"""MELD: ids that restart in every split, clips cut anew, rows without a clip and clips without a
row.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from official import meld as builder
from official import memory
from official.memory import Memory

from mserbench.contracts import Utterance
from mserbench.data import corpus, dataset, lookup

MELD = lookup.corpus("meld")
HEADER = b"Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\r\n"
ROW = '1,"Oh, that\u2019s it.",Guest,joy,positive,0,3,8,21,"0:16:16,059","00:16:21,73"\r\n'.encode()
TEST = "output_repeated_splits_test"


def parsed(tables: dict[str, bytes], *audio: str) -> tuple[list[Utterance], list[str]]:
    files = {name: HEADER + rows for name, rows in tables.items()}
    utterances, faults = corpus.parse(MELD, Memory((*audio, *files), files.__getitem__))
    return utterances, [fault.sentence for fault in faults]


def test_a_row_is_read_as_its_publisher_means_it() -> None:
    (utterance,), problems = parsed({"test_sent_emo.csv": ROW}, f"{TEST}/dia0_utt3.mp4")
    assert problems == []
    assert utterance == Utterance(
        id="test/dia0_utt3",
        audio=f"{TEST}/dia0_utt3.mp4",
        raw_label="joy",
        speaker="meld:Guest",
        language="en",
        split="test",
        text="Oh, that\u2019s it.",
        extra={"dialogue": "test/dia0", "season": "8", "episode": "21", "cut": "plain"},
    )


def test_the_same_number_in_another_split_is_another_clip() -> None:
    """Joining tables and clips by number alone gives a third of all clips the label of another."""
    tables = {f"{split}_sent_emo.csv": ROW for split in ("train", "dev", "test")}
    folders = ("train_splits", "dev_splits_complete", TEST)
    utterances, problems = parsed(
        tables, *(f"MELD.Raw/{folder}/dia0_utt3.mp4" for folder in folders)
    )
    assert problems == []
    assert {utterance.id: utterance.audio for utterance in utterances} == {
        f"{split}/dia0_utt3": f"MELD.Raw/{folder}/dia0_utt3.mp4"
        for split, folder in zip(("train", "dev", "test"), folders, strict=True)
    }
    assert len({utterance.extra["dialogue"] for utterance in utterances}) == 3


@pytest.mark.parametrize(
    "folder", ["", TEST, "audio/test", "MELD.Raw/test/output_repeated_splits_test", "meld-test"]
)
def test_a_split_is_found_in_nested_flat_and_renamed_folders(folder: str) -> None:
    path = f"{folder}/dia0_utt3.wav".lstrip("/")
    (utterance,), problems = parsed({"test_sent_emo.csv": ROW}, path)
    assert (utterance.audio, problems) == (path, [])


def test_clips_of_several_splits_in_one_folder_are_named() -> None:
    tables = {"train_sent_emo.csv": ROW, "test_sent_emo.csv": ROW}
    utterances, (problem,) = parsed(tables, "clips/dia0_utt3.mp4")
    assert (
        problem
        == "1 clip(s) such as 'clips/dia0_utt3.mp4' lie in no folder named after train, dev or test"
    )
    assert sorted(utterance.audio for utterance in utterances) == [
        f"{TEST}/dia0_utt3.mp4",
        "train_splits/dia0_utt3.mp4",
    ]


def test_the_clip_cut_anew_is_taken_and_the_run_says_so() -> None:
    """The plainly named twins hold several turns: scores on them are scores on other sentences."""
    (utterance,), _ = parsed(
        {"test_sent_emo.csv": ROW},
        f"{TEST}/dia0_utt3.mp4",
        f"{TEST}/final_videos_testdia0_utt3.mp4",
    )
    assert utterance.audio == f"{TEST}/final_videos_testdia0_utt3.mp4"
    assert (utterance.extra["cut"], utterance.extra["instead_of"]) == (
        "fixed",
        f"{TEST}/dia0_utt3.mp4",
    )
    remarks = list(MELD.remarks(memory.utterances("meld")))
    assert remarks[0] == "132 of the 2610 test clips are the ones cut anew (final_videos_test...)"
    assert (
        "train/dia125_utt3 (corrupt as published), dev/dia110_utt7 (never published)" in remarks[1]
    )
    assert "test/dia38_utt4 (305 s), test/dia220_utt0 (235 s)" in remarks[2]


def test_a_tree_without_the_clips_cut_anew_is_told_of() -> None:
    tree = memory.tree("meld")
    plain = replace(tree, names=tuple(name for name in tree.names if "final_videos" not in name))
    utterances = corpus.utterances(MELD, plain)
    assert len(utterances) == 13706
    first = next(iter(MELD.remarks(utterances)))
    assert first.startswith("none of the 2610 test clips is one cut anew")


def test_the_two_rows_without_a_usable_clip_are_left_out() -> None:
    ids = {utterance.id for utterance in memory.utterances("meld")}
    assert not ids & {"train/dia125_utt3", "dev/dia110_utt7"}
    assert {"test/dia125_utt3", "train/dia110_utt7"} <= ids, "the rule is of one split"


@pytest.mark.parametrize("splits", [("test",), ("train", "dev"), ("dev", "test"), ("dev",)])
def test_whoever_has_some_of_the_splits_has_a_known_variant(splits: tuple[str, ...]) -> None:
    tree = memory.tree("meld")
    folders = tuple(builder.FOLDERS[split] for split in splits)
    shortened = tuple(
        n for n in tree.names if n.split("/")[1] in folders or n.split("/")[1].startswith(splits)
    )
    counts = corpus.histogram(corpus.utterances(MELD, replace(tree, names=shortened)))
    assert counts == dict(sorted(MELD.card.counts[" and ".join(splits)].items()))


def test_two_tables_of_one_split_that_differ_are_named() -> None:
    (utterance,), (problem,) = parsed(
        {"a/test_sent_emo.csv": ROW, "b/test_sent_emo.csv": ROW.replace(b"joy", b"fear")}
    )
    assert problem.startswith("label files 'a/test_sent_emo.csv' and 'b/test_sent_emo.csv' differ")
    assert utterance.raw_label == "joy"


def test_tables_of_other_copies_with_windows_quotes_are_read() -> None:
    (utterance,), problems = parsed({"test_sent_emo.csv": ROW.decode().encode("cp1252")})
    assert (utterance.text, problems) == ("Oh, that\u2019s it.", [])


def test_parts_are_tasks_by_name() -> None:
    sizes = {
        name: len(dataset.select(lookup.task(name), memory.utterances("meld")))
        for name in ("meld", "meld:train", "meld:dev", "meld-4:train", "meld-4:dev", "meld-4")
    }
    assert sizes == {
        "meld": 2610, "meld:train": 9988, "meld:dev": 1108, "meld-4:train": 8244, "meld-4:dev": 896,
        "meld-4": 2211,
    }  # fmt: skip


@pytest.mark.real
def test_all_13708_rows_are_read_as_published(reference: Path) -> None:
    tables = {
        f"{split}_sent_emo.csv": (reference / f"meld/{split}_sent_emo.csv").read_bytes()
        for split in builder.ROWS
    }
    utterances, faults = corpus.parse(MELD, Memory(tuple(tables), tables.__getitem__))
    assert not faults
    truth = {}

    for split in builder.ROWS:
        with open(reference / f"meld/{split}_sent_emo.csv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                truth[f"{split}/dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}"] = row

    assert len(truth) == 13708
    assert truth.keys() - {utterance.id for utterance in utterances} == {
        "train/dia125_utt3",
        "dev/dia110_utt7",
    }
    assert len(utterances) == 13706

    for utterance in utterances:
        row = truth[utterance.id]
        assert (utterance.raw_label, utterance.speaker) == (
            row["Emotion"],
            f"meld:{row['Speaker']}",
        )
        assert utterance.text == (row["Utterance"].strip() or None)

    assert len({utterance.speaker for utterance in utterances}) == MELD.card.speakers
    for name in ("meld", "meld-4", "meld-all"):
        task = lookup.task(name)
        assert Counter(label for _, label in dataset.select(task, utterances)) == Counter(
            task.counts
        )
