"""IEMOCAP: the consensus lines of EmoEvaluation, and who really speaks in a turn."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from official import memory
from official.memory import Memory

from mserbench.contracts import Utterance
from mserbench.data import corpus, dataset, lookup

IEMOCAP = lookup.corpus("iemocap")
LABELS = "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
WORDS = "Session1/dialog/transcriptions/Ses01F_impro01.txt"
LINE = b"[6.2901 - 8.2357]\tSes01F_impro01_M000\tneu\t[2.5000, 2.0000, 3.5000]\r\n"


def parsed(files: dict[str, bytes], *audio: str) -> tuple[list[Utterance], list[str]]:
    utterances, faults = corpus.parse(IEMOCAP, Memory((*audio, *files), files.__getitem__))
    return utterances, [fault.sentence for fault in faults]


def test_a_turn_is_read_as_its_publisher_means_it() -> None:
    """The dialogue's prefix names who wore the markers: most public benchmarks take that for the
    speaker.
    """
    path = "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M000.wav"
    spoken = b"M: Hello.\nSes01F_impro01_M000 [006.2901-008.2357]: Excuse me.\nSes01F_impro01_MXX0 [1.0-2.0]: [BREATH]\n"
    (utterance,), problems = parsed(
        {LABELS: b"% [START_TIME - END_TIME] ...\r\n\r\n" + LINE, WORDS: spoken}, path
    )
    assert problems == []
    assert utterance == Utterance(
        id="Ses01F_impro01_M000",
        audio=path,
        raw_label="neu",
        speaker="iemocap:Ses01_M",
        language="en",
        session="1",
        sex="m",
        text="Excuse me.",
        extra={
            "dialogue": "Ses01F_impro01", "style": "impro", "start": "6.2901", "end": "8.2357",
            "valence": "2.5000",
            "activation": "2.0000", "dominance": "3.5000",
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    "turn",
    [
        "Ses01F_script01_1_F000", "Ses05F_script01_1b_M030", "Ses03M_impro05a_F012",
        "Ses03F_impro08b_M004",
        "Ses02M_script03_2_F045",
    ],
)  # fmt: skip
def test_every_form_of_a_turn_s_name_is_read(turn: str) -> None:
    (utterance,), problems = parsed({LABELS: LINE.replace(b"Ses01F_impro01_M000", turn.encode())})
    assert problems == []
    assert (utterance.id, utterance.extra["dialogue"]) == (turn, turn[:-5])
    assert utterance.speaker == f"iemocap:{turn[:5]}_{turn[-4]}"
    assert utterance.audio == f"Session1/sentences/wav/{turn[:-5]}/{turn}.wav"


def test_raters_files_and_shadows_are_no_labels() -> None:
    """Files of single raters hold other labels for the same turns."""
    rated = LINE.replace(b"neu", b"ang")
    below = {
        LABELS.replace("EmoEvaluation/", f"EmoEvaluation/{kind}/"): rated
        for kind in ("Categorical", "Attribute")
    }
    (utterance,), problems = parsed({LABELS: LINE, **below})
    assert (utterance.raw_label, problems) == ("neu", [])


def test_ratings_and_comments_are_passed_over_but_a_damaged_turn_is_named() -> None:
    ratings = b"C-E2:\tNeutral;\t()\r\nA-E3:\tval 3; act 2; dom  ;\t(a comment\r\nthat goes on)\r\n"
    (_,), problems = parsed({LABELS: LINE + ratings})
    assert problems == []

    for damaged in (
        LINE[1:],
        LINE.replace(b"\tneu", b" neu"),
        LINE.replace(b"]\r", b"\r"),
        b"[6.2901 -\r\n",
    ):
        (_,), (problem,) = parsed({LABELS: LINE + ratings + damaged})
        assert problem.startswith(
            f"label file {LABELS!r}, line 5: [START - END], turn, emotion and [V, A, D] was"
        )


def test_a_turn_with_two_labels_is_named_and_a_second_copy_of_the_corpus_is_not() -> None:
    (_,), (problem,) = parsed({LABELS: LINE + LINE.replace(b"neu", b"sad")})
    assert "'Ses01F_impro01_M000'" in problem.replace("\\t", "'")
    (_,), problems = parsed({LABELS: LINE, f"copy/{LABELS}": LINE})
    assert problems == []


def test_a_file_that_names_no_turn_is_named() -> None:
    utterances, (problem,) = parsed({LABELS: b"something else\n"})
    assert (utterances, problem) == (
        [],
        f"label file {LABELS!r} names no turn: get the file from the publisher again",
    )


def test_ten_speakers_two_a_session() -> None:
    by_session = defaultdict(set)
    for utterance in memory.utterances("iemocap"):
        by_session[utterance.session].add(utterance.speaker)

    assert by_session == {s: {f"iemocap:Ses0{s}_F", f"iemocap:Ses0{s}_M"} for s in "12345"}


def test_folds_hold_out_one_session() -> None:
    per_session = {"1": 1085, "2": 1023, "3": 1151, "4": 1031, "5": 1241}
    for session, n in per_session.items():
        test = dataset.select(
            lookup.task(f"iemocap-4:sessions.{session}"), memory.utterances("iemocap")
        )
        train = dataset.select(
            lookup.task(f"iemocap-4:sessions.not-{session}"), memory.utterances("iemocap")
        )
        assert (len(test), len(train)) == (n, 5531 - n)
        assert {utterance.session for utterance, _ in test} == {session}


def test_one_session_alone_is_a_known_variant(tmp_path: Path) -> None:
    tree = memory.tree("iemocap")
    part = replace(tree, names=tuple(name for name in tree.names if "/Session3/" in name))
    counts = corpus.histogram(corpus.utterances(IEMOCAP, part))
    assert counts == dict(sorted(IEMOCAP.card.counts["session 3"].items()))


@pytest.mark.real
def test_all_10039_turns_are_those_of_public_metadata(reference: Path) -> None:
    with open(reference / "iemocap.csv", encoding="utf-8", newline="") as file:
        truth = {row["id_or_path"]: row for row in csv.DictReader(file)}

    files: dict[str, bytes] = defaultdict(
        lambda: b"% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\r\n\r\n"
    )
    for turn, row in truth.items():
        name = f"Session{turn[4]}/dialog/EmoEvaluation/{turn[:-5]}.txt"
        values = ", ".join(
            f"{float(row[key]):.4f}" for key in ("valence", "activation", "dominance")
        )
        line = (
            f"[{float(row['start']):.4f} - "
            f"{float(row['end']):.4f}]\t{turn}\t{row['raw_label']}\t[{values}]\r\n"
        )
        files[name] += line.encode() + b"C-E1:\tNeutral;\t()\r\n\r\n"

    utterances, problems = parsed(dict(files))
    assert problems == []
    assert len(utterances) == len(truth) == 10039

    for utterance in utterances:
        row = truth[utterance.id]
        assert (utterance.raw_label, utterance.speaker) == (
            row["raw_label"],
            f"iemocap:{row['speaker']}",
        )
        assert f"Session{utterance.session}" == row["split_or_fold"]
        assert float(utterance.extra["valence"]) == pytest.approx(float(row["valence"]), abs=1e-4)

    assert (
        sum(
            utterance.id[:6] != f"{utterance.speaker[8:13]}{utterance.speaker[-1]}"
            for utterance in utterances
        )
        == 4951
    )
    for name in ("iemocap-4", "iemocap-6", "iemocap-7"):
        task = lookup.task(name)
        assert Counter(label for _, label in dataset.select(task, utterances)) == Counter(
            task.counts
        )
