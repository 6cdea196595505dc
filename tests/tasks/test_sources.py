"""The corpora that the papers train on: their grammar, their traps, the paper-2-like splits, and
published labels.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import official
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from official.mosei import DIMENSIONS, Rows, csd

from mserbench.contracts import Fault, Utterance
from mserbench.data import corpus, dataset, divisions, lookup
from mserbench.data.trees import audio_names
from mserbench.data.verification import verify
from mserbench.errors import DataError, MissingExtra
from mserbench_tasks import mosei_files, remake_splits
from mserbench_tasks.corpora import cafe, crema_d, esd, mosei, msp_podcast

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Memory:
    """A corpus folder without a disk: names of audio, and label files with their bytes."""

    audios: Sequence[str] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def names(self) -> Sequence[str]:
        return tuple(sorted([*self.audios, *self.files]))

    def audio(self, *suffixes: str):
        return audio_names(self.names, suffixes)

    def read(self, name: str) -> bytes:
        return self.files[name]


def parsed(name: str, *audios: str, **files: bytes) -> tuple[list[Utterance], list[str]]:
    """Return utterances and sentences of faults."""
    utterances, faults = corpus.parse(lookup.corpus(name), Memory(audios, files))
    return utterances, [fault.sentence for fault in faults]


# --- names
# -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("mead", "M003/audio/angry/level_1/001.m4a", ("M003/angry/level_1/001", "angry",
        "mead:M003", "m", "en")),
        ("mead", "MEAD/W015/audio/fear/level_1/040.flac", ("W015/fear/level_1/040", "fear",
        "mead:W015", "f", "en")),
        ("esd", "0001/Angry/0001_000351.wav", ("0001_000351", "Angry", "esd:0001", "f", "zh")),
        ("esd", "0011/Surprise/0011_001750.WAV", ("0011_001750", "Surprise", "esd:0011", "m",
        "en")),
        ("cafe", "Peur/Fort/06-P-2-5.wav", ("06-P-2-5", "P", "cafe:06", "f", "fr")),
        ("cafe", "Neutre/11-N-1-1.aiff", ("11-N-1-1", "N", "cafe:11", "m", "fr")),
        ("urdu", "Angry/SM1_F10_A010.wav", ("SM1_F10_A010", "A", "urdu:SM1", "m", "ur")),
        ("urdu", "Sad/SF3_F2_S02.wav", ("SF3_F2_S02", "S", "urdu:SF3", "f", "ur")),
        ("crema-d", "AudioWAV/1076_MTI_SAD_XX.wav", ("1076_MTI_SAD_XX", "SAD", "crema-d:1076", "f",
        "en")),
        ("crema-d", "1091_IEO_ANG_HI.mp3", ("1091_IEO_ANG_HI", "ANG", "crema-d:1091", "f", "en")),
    ],
)  # fmt: skip
def test_a_name_tells_what_its_publisher_says_it_tells(
    name: str, path: str, expected: tuple[str, ...]
) -> None:
    """If this failed, recordings would carry the label, speaker or sex of others."""
    (utterance,), faults = parsed(name, path)
    assert (
        utterance.id,
        utterance.raw_label,
        utterance.speaker,
        utterance.sex,
        utterance.language,
    ) == expected
    assert (utterance.audio, faults) == (path, [])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("mead", "M003/audio/bored/level_1/001.m4a"),
        ("mead", "M003/video/front/angry/level_1/001.mp4"),
        ("esd", "0021/Angry/0021_000351.wav"),
        ("esd", "0001/Angry/0001_001751.wav"),
        ("esd", "0001/Angry/0001_000000.wav"),
        ("cafe", "Joie/Fort/13-J-2-5.wav"),
        ("urdu", "Angry/SX1_F10_A010.wav"),
        ("crema-d", "AudioWAV/1092_MTI_SAD_XX.wav"),
        ("crema-d", "AudioWAV/1000_MTI_SAD_XX.wav"),
    ],
)
def test_a_name_outside_the_grammar_is_no_utterance(name: str, path: str) -> None:
    """If this failed, a stranger's file would be scored as a recording of the corpus."""
    assert parsed(name, path) == ([], [])


@pytest.mark.parametrize(
    ("task", "total"),
    [("mead", 27_514), ("esd", 35_000), ("esd-zh", 17_500), ("esd-zh-4", 14_000), ("cafe", 936),
        ("cafe-4", 504),
     ("urdu-4", 400), ("crema-d", 7442), ("crema-d-4", 4900)],
)  # fmt: skip
def test_inventory_and_task_agree_on_every_label(task: str, total: int) -> None:
    """If this failed, inventory, parser or label map would contradict the frozen counts of a
    task.
    """
    labels = Counter(label for _, label in dataset.truth(lookup.task(task), None))
    assert labels == Counter(lookup.task(task).counts)
    assert labels.total() == total == lookup.task(task).expected


# --- traps of the corpora that are files alone
# -----------------------------------------------------------------------


def test_mead_has_no_sentence_and_the_level_of_the_folder() -> None:
    """If this failed, the audit would take equal file numbers of two emotions for equal
    sentences.
    """
    (utterance,), _ = parsed("mead", "M003/audio/fear/level_3/007.m4a")
    assert utterance.extra == {"level": "3"}


def test_both_layouts_of_esd_hold_the_same_utterances_and_only_one_tells_the_split() -> None:
    """If this failed, users of one of the two archives would get other ids, or no split."""
    (flat,), _ = parsed("esd", "0003/Happy/0003_000701.wav")
    (deep,), _ = parsed("esd", "0003/Happy/evaluation/0003_000701.wav")
    assert (flat.id, flat.raw_label, flat.split) == ("0003_000701", "Happy", None)
    assert (deep.id, deep.raw_label, deep.split) == ("0003_000701", "Happy", "dev")


def test_parallel_sentences_of_esd_have_one_number() -> None:
    """If this failed, the audit would not see that all emotions say the same 350 sentences."""
    utterances, _ = parsed(
        "esd", *(f"0001/x/0001_{number:06}.wav" for number in (1, 350, 351, 1401, 1750))
    )
    assert [utterance.extra["sentence"] for utterance in utterances] == [
        "1",
        "350",
        "1",
        "1",
        "350",
    ]


def test_a_folder_that_contradicts_the_name_is_a_fault_not_a_label() -> None:
    """If this failed, a shuffled copy of ESD or URDU would be scored with wrong labels."""
    utterances, faults = parsed("esd", "0001/Sad/0001_000351.wav", "0001/Angry/0001_000352.wav")
    assert [utterance.id for utterance in utterances] == ["0001_000352"]
    assert faults == [
        "'0001/Sad/0001_000351.wav' lies in the folder 'Sad', but its number means 'Angry': unpack "
        "it again"
    ]
    utterances, faults = parsed("urdu", "Sad/SM1_F10_A010.wav")
    assert (utterances, len(faults)) == ([], 1)
    assert "'Sad', but its name means 'Angry'" in faults[0]


def test_urdu_numbers_of_different_width_are_different_recordings() -> None:
    """If this failed, A01 and A010 (or A1) would be taken for copies of one recording."""
    utterances, _ = parsed(
        "urdu", "Angry/SM1_F1_A01.wav", "Angry/SM1_F1_A010.wav", "Angry/SM1_F1_A1.wav"
    )
    assert sorted(utterance.id for utterance in utterances) == [
        "SM1_F1_A01",
        "SM1_F1_A010",
        "SM1_F1_A1",
    ]


@pytest.mark.parametrize(
    "folders",
    [{"C": "ColŠre", "D": "D‚go–t"}, {"C": "Col\udc8are", "D": "D\udc82go\udc96t"}],
    ids=["cp850", "bytes"],
)
def test_mis_decoded_folders_of_cafe_do_no_harm(tmp_path: Path, folders: dict[str, str]) -> None:
    """If this failed, whoever unzipped CaFE with the usual tools could not use it."""
    from official.cafe import FOLDERS, build

    try:
        os.mkdir(tmp_path / folders["C"])
    except OSError:
        pytest.skip("this file system takes no such names")

    build(tmp_path / "cafe", {**FOLDERS, **folders})
    reading = corpus.read(cafe.CORPUS, tmp_path / "cafe")
    assert (reading.problems, reading.variant, len(reading.utterances)) == ([], "published", 936)
    assert reading.utterances["03-D-1-2"].text == "Deux ânes aigris au pelage brun"


def test_crema_d_knows_43_female_actors() -> None:
    """If this failed, the publisher's table of 48 men and 43 women would be contradicted."""
    assert len(crema_d.FEMALE) == 43
    speakers = {
        utterance.speaker: utterance.sex
        for utterance, _ in dataset.truth(lookup.task("crema-d"), None)
    }
    assert Counter(speakers.values()) == {"m": 48, "f": 43}


def test_a_clone_of_crema_d_uses_the_wav_and_the_votes(tmp_path: Path) -> None:
    """If this failed, a plain clone, which holds mp3 and wav and the votes twice, could not be
    used.
    """
    root = official.build("crema-d", tmp_path) / "crema-d"
    reading = corpus.read(crema_d.CORPUS, root)
    assert (reading.problems, reading.extra, reading.variant) == ([], [], "published")
    heard = dataset.select(lookup.task("crema-d-perceived"), reading.utterances.values())
    assert Counter(label for _, label in heard) == Counter(lookup.task("crema-d-perceived").counts)


def test_perceived_labels_need_their_table() -> None:
    """If this failed, intended labels would pass for perceived ones where the votes are not
    there.
    """
    utterances, _ = parsed("crema-d", "AudioWAV/1001_DFA_ANG_XX.wav")
    with pytest.raises(
        DataError,
        match=r"'crema-d-perceived' reads its labels from 'perceived', which 1 utterances",
    ):
        dataset.select(lookup.task("crema-d-perceived"), utterances)


def test_a_broken_line_of_votes_is_named_and_the_others_are_read() -> None:
    """If this failed, a torn table would end in a traceback or lose votes in silence."""
    table = b'"","FileName","VoiceVote"\n"1","1001_DFA_ANG_XX","A:D"\n"2","1001_DFA_DIS_XX\n'
    files = {"processedResults/summaryTable.csv": table}
    utterances, faults = parsed("crema-d", "1001_DFA_ANG_XX.wav", "1001_DFA_DIS_XX.wav", **files)
    assert [utterance.extra.get("perceived") for utterance in utterances] == ["A:D", None]
    assert len(faults) == 1
    assert "line 3" in faults[0]


# --- MSP-Podcast
# -----------------------------------------------------------------------------------------------------

HEADER = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set"


def msp(
    *lines: str, name: str = "Labels/labels_consensus.csv"
) -> tuple[list[Utterance], list[str]]:
    """Parse a label file of these lines."""
    return parsed("msp-podcast", **{name: "\n".join([HEADER, *lines]).encode()})


@pytest.mark.parametrize(
    "name", ["Labels/labels_concensus.csv", "Labels/labels_consensus.csv", "labels_consensus.csv"]
)
def test_both_spellings_of_the_msp_label_file_are_read(name: str) -> None:
    """If this failed, either the old or the new releases could not be used."""
    (utterance,), faults = msp("MSP-PODCAST_0001_0008.wav,N,2.2,4.0,2.6,30,Male,Test1", name=name)
    assert (utterance.id, utterance.raw_label, utterance.speaker, utterance.sex, utterance.split, utterance.session, faults) == (
        "MSP-PODCAST_0001_0008", "N", "msp-podcast:30", "m", "test1", "0001", [],
    )  # fmt: skip
    assert (
        utterance.audio == "Audios/MSP-PODCAST_0001_0008.wav"
    )  # expected there, though it is absent


def test_msp_columns_are_read_by_name_and_audio_wherever_it_lies() -> None:
    """If this failed, a release with other columns would give actors as labels, and a moved folder
    no audio.
    """
    table = b"Split_Set,Gender,SpkrID,New,FileName,EmoClass\r\nTrain,Female,7,?,MSP-PODCAST_0021_0028_0022.wav,H\r\n"
    (utterance,), faults = parsed(
        "msp-podcast", "Audio/x/MSP-PODCAST_0021_0028_0022.wav", **{"labels_consensus.csv": table}
    )
    assert (utterance.raw_label, utterance.speaker, utterance.sex, utterance.split, faults) == (
        "H",
        "msp-podcast:7",
        "f",
        "train",
        [],
    )
    assert (utterance.audio, utterance.session) == (
        "Audio/x/MSP-PODCAST_0021_0028_0022.wav",
        "0021",
    )


def test_unknown_speakers_of_msp_are_unknown_and_counted() -> None:
    """If this failed, thousands of unknown people would be one speaker, in training and in
    intervals.
    """
    utterances, _ = msp(
        "MSP-PODCAST_0001_0001.wav,A,5,2,5,Unknown,Unknown,Train",
        "MSP-PODCAST_0001_0002.wav,A,5,2,5,9,Male,Train",
    )
    assert [(utterance.speaker, utterance.sex) for utterance in utterances] == [
        (None, None),
        ("msp-podcast:9", "m"),
    ]
    assert list(msp_podcast.remarks(utterances)) == ["1 of 2 recordings have no known speaker"]


@pytest.mark.parametrize(
    ("published", "split", "part"),
    [("Train", "train", "train"), ("Validation", "dev", "dev"), ("Development", "dev", "dev"),
        ("Test", "test", "test"),
     ("Test1", "test1", "test"), ("Test2", "test2", "test2"), ("Test3", "test3", "test3")],
)  # fmt: skip
def test_every_name_of_an_msp_set_means_one_part(published: str, split: str, part: str) -> None:
    """If this failed, test recordings of one release would be trained on in another."""
    (utterance,), _ = msp(f"MSP-PODCAST_0001_0001.wav,A,5,2,5,9,Male,{published}")
    assert (utterance.split, divisions.parts(msp_podcast.CARD, "official").of(utterance)) == (
        split,
        part,
    )


def test_withheld_labels_of_test3_belong_to_no_task_and_are_counted() -> None:
    """If this failed, recordings without a label would stop a run, or vanish without a word."""
    utterances, faults = msp(
        "MSP-PODCAST_0001_0001.wav,,,,,Unknown,Unknown,Test3",
        "MSP-PODCAST_1_2.wav,H,5,2,5,9,Male,Train",
    )
    assert ([utterance.raw_label for utterance in utterances], faults) == (["withheld", "H"], [])
    assert [
        utterance.id for utterance, _ in dataset.select(lookup.task("msp-podcast"), utterances)
    ] == ["MSP-PODCAST_1_2"]
    assert next(iter(msp_podcast.remarks(utterances))).startswith(
        "the publisher withholds the labels of 1 recordings"
    )


@pytest.mark.parametrize(
    "bad",
    ["MSP-PODCAST_1_2.wav,Q,5,2,5,9,Male,Train", "MSP-PODCAST_1_2.wav,,5,2,5,9,Male,Train",
        ",A,5,2,5,9,Male,Train",
     "MSP-PODCAST_1_2.wav,A,5,2,5,9,Man,Train", "MSP-PODCAST_1_2.wav,A,5,2,5,9,Male,Test4",
     "MSP-PODCAST_1_2.wav,A,5"],
)  # fmt: skip
def test_a_bad_msp_row_is_named_and_the_next_is_read(bad: str) -> None:
    """If this failed, one bad row would hide itself or take the others with it."""
    utterances, faults = msp(bad, "MSP-PODCAST_0001_0003.wav,S,5,2,5,9,Male,Train")
    assert [utterance.id for utterance in utterances] == ["MSP-PODCAST_0001_0003"]
    assert len(faults) == 1
    assert "line 2" in faults[0]


@pytest.mark.parametrize("name", ["msp-podcast", "mosei"])
def test_no_label_file_or_two_of_them_is_one_sentence(name: str) -> None:
    """If this failed, one of two label files would be taken at random, or none would go unsaid."""
    file = {"msp-podcast": "labels_consensus.csv", "mosei": "CMU_MOSEI_Labels.csd"}[name]
    for files in ({}, {f"a/{file}": b"", f"b/{file}": b""}):
        utterances, faults = parsed(name, "x.wav", **files)
        assert (utterances, len(faults)) == ([], 1)
        assert f"{file!r} was expected" in faults[0]


# --- CMU-MOSEI
# -------------------------------------------------------------------------------------------------------


def values(**emotions: float) -> list[float]:
    """Return a row of values in the order of the published file."""
    return [emotions.get(name, 0.0) for name in DIMENSIONS]


def mosei_of(labels: Mapping[str, Rows], dimensions: Sequence[str] = DIMENSIONS, **files: bytes):
    """Parse a label file of these rows."""
    return parsed("mosei", **{"CMU_MOSEI_Labels.csd": csd(labels, dimensions), **files})


@pytest.mark.parametrize(
    ("row", "label"),
    [
        (values(), "neutral"),
        (values(sentiment=-3.0), "neutral"),
        (values(happy=1 / 3, sad=2 / 3), "sad"),
        (values(fear=1 / 3), "fear"),
        (values(happy=2 / 3, anger=2 / 3), "tie"),
        (values(happy=1.0, anger=1.0, disgust=4 / 3), "disgust"),
        (values(happy=3.0, sad=11 / 3), "tie"),  # both are held to 3
        (values(surprise=-1.0), "neutral"),
    ],
)
def test_the_single_label_of_mosei_follows_its_rule(row: list[float], label: str) -> None:
    """If this failed, rows of zeros would be happy, or ties would go to whichever emotion comes
    first.
    """
    (utterance,), faults = mosei_of({"abc": [((1.0, 2.0), row)]})
    assert (utterance.raw_label, faults) == (label, [])


def test_mosei_columns_are_read_from_the_file() -> None:
    """If this failed, older files, which order the emotions otherwise, would give wrong labels
    throughout.
    """
    order = ("anger", "disgust", "fear", "happy", "sad", "surprise")
    (utterance,), _ = mosei_of({"abc": [((1.0, 2.0), [0, 0, 0, 0, 1.0, 0])]}, order)
    assert utterance.raw_label == "sad"


def test_mosei_without_all_emotions_is_one_sentence() -> None:
    """If this failed, a file of sentiment only would give neutral throughout."""
    with pytest.raises(
        DataError, match=r"the dimensions .* were expected, but it has \('sentiment',\)"
    ):
        mosei_of({"abc": [((1.0, 2.0), [2.0])]}, ("sentiment",))


def test_mosei_segments_have_times_texts_and_the_video_as_speaker() -> None:
    """If this failed, the wrong seconds of a video would be scored, or its parts would count as
    other people.
    """
    transcript = b"abc___0___4.84___14.05___Hello ___ there.\nabc___1___0.0___4.9___First.\n"
    rows: Rows = [
        ((4.84, 14.052), values(happy=1.0)),
        ((-0.3, 4.9), values(sad=1.0)),
        ((20.0, 21.0), values()),
    ]
    path = "Raw/Transcript/Segmented/Combined/abc.txt"
    utterances, faults = mosei_of({"abc": rows}, **{path: transcript})
    assert faults == []
    assert [(utterance.id, utterance.start, utterance.end, utterance.text) for utterance in utterances] == [
        ("abc[0]", 4.84, 14.052, "Hello ___ there."), ("abc[1]", 0.0, 4.9, None), ("abc[2]", 20.0,
        21.0, None),
    ]  # fmt: skip
    assert {(utterance.speaker, utterance.extra["video"]) for utterance in utterances} == {
        ("mosei:abc", "abc")
    }
    assert {utterance.audio for utterance in utterances} == {"Raw/Audio/Full/WAV_16000/abc.wav"}


def test_mosei_segments_beyond_their_video_are_problems(tmp_path: Path) -> None:
    """If they were cut at its end unsaid, a model would be judged by less than the label is of."""
    videos = list(divisions.parts(mosei.CARD, "official").by_value)[:2]
    folder = tmp_path / "mosei/Raw/Audio/Full/WAV_16000"
    folder.mkdir(parents=True)
    for number, video in enumerate(videos):
        noise = np.random.default_rng(number).normal(0, 0.1, 48_000)
        soundfile.write(folder / f"{video}.wav", noise, 16_000)

    happy = values(happy=1.0)
    rows: list[Rows] = [
        [((0.0, 1.0), happy), ((2.0, 3.4), happy)],
        [((0.0, 3.04), happy), ((3.5, 4.5), happy)],
    ]
    labels = csd(dict(zip(videos, rows, strict=True)))
    (tmp_path / "mosei/CMU_MOSEI_Labels.csd").write_bytes(labels)
    problems = "\n".join(verify(mosei.CORPUS, tmp_path / "mosei").problems)
    assert problems.count(" s, but its file") == 2
    assert f"clip '{videos[0]}[1]' ends at 3.4 s, but its file" in problems
    assert f"clip '{videos[1]}[1]' starts at 3.5 s, but its file" in problems


def test_mosei_prefers_the_recordings_of_16_khz() -> None:
    """If this failed, an archive with two rates would give one or the other by the alphabet."""
    labels = csd({"abc": [((0.0, 1.0), values())]})
    tree = Memory(
        ("Full/WAV_16000/abc.wav", "Full/WAV_44100/abc.wav"), {"CMU_MOSEI_Labels.csd": labels}
    )
    (utterance,) = corpus.utterances(mosei.CORPUS, tree)
    assert utterance.audio == "Full/WAV_16000/abc.wav"


def test_bad_segments_of_mosei_are_named_and_the_others_are_read() -> None:
    """If this failed, a segment that ends before it starts would be scored, or would hide its
    neighbours.
    """
    rows: Rows = [((5.0, 4.0), values()), ((-2.0, -1.0), values()), ((1.0, 2.0), values())]
    utterances, faults = mosei_of({"abc": rows, "xyz": [((0.0, float("nan")), values())]})
    assert [utterance.id for utterance in utterances] == ["abc[2]"]
    assert [("abc[0]" in fault, "abc[1]" in fault, "'xyz'" in fault) for fault in faults] == [
        (True, False, False), (False, True, False), (False, False, True),
    ]  # fmt: skip


def test_without_h5py_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If this failed, a plain installation would answer MOSEI with a traceback."""
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        MissingExtra, match=r"needs the package 'h5py'.*pip install 'mserbench\[mosei\]'"
    ):
        parsed("mosei", **{"CMU_MOSEI_Labels.csd": b""})


SOUND = csd({"abc": [((0.0, 1.0), values(happy=1.0))], "xyz": [((0.0, 1.0), values())]})


@given(st.integers(0, len(SOUND) - 1), st.integers(0, 255), st.booleans())
def test_a_damaged_label_file_of_mosei_never_ends_in_a_traceback(
    place: int, byte: int, cut: bool
) -> None:
    """If this failed, a broken download would look like a fault of the program."""
    damaged = SOUND[:place] if cut else SOUND[:place] + bytes([byte]) + SOUND[place + 1 :]
    try:
        _, videos = mosei_files.labels("x.csd", damaged)
    except DataError:  # a sentence of ours, whatever h5py said
        return

    assert all(isinstance(entry, Fault | mosei_files.VideoRows) for entry in videos.values())


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_every_line_of_a_transcript_is_read_or_named(content: str) -> None:
    """If this failed, lines of a transcript would vanish, or end in a traceback."""
    lines = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    read_or_named = list(mosei_files.spoken("abc.txt", content.encode()))
    assert len(read_or_named) == sum(bool(line.strip()) for line in lines)


# --- published divisions, and those of the sizes of paper 2
# ----------------------------------------------------------

PAPER2 = {  # task: sizes of train, dev, test; test by emotion: neutral, happy, sad, angry
    "emodb-4": ((266, 35, 38), (9, 8, 7, 14)),
    "cafe-4": ((420, 42, 42), (6, 12, 12, 12)),
    "esd-zh-4": ((11_200, 1_400, 1_400), (350, 350, 350, 350)),
    "urdu-4": ((300, 20, 80), (20, 20, 20, 20)),
}


def part(task: str, name: str) -> dict[str, str]:
    """Return the labels of a part of a task by id."""
    return {
        utterance.id: label
        for utterance, label in dataset.truth(lookup.task(f"{task}:paper2.{name}"), None)
    }


@pytest.mark.parametrize("task", PAPER2)
def test_the_splits_of_paper_2_have_its_sizes_and_share_nothing(task: str) -> None:
    """If this failed, numbers on these splits could not be set beside those of the paper."""
    parts = {name: part(task, name) for name in ("train", "dev", "test")}
    sizes, each = PAPER2[task]
    assert tuple(len(ids) for ids in parts.values()) == sizes
    assert len({identity for ids in parts.values() for identity in ids}) == sum(sizes)
    assert (
        tuple(
            Counter(parts["test"].values())[label] for label in ("neutral", "happy", "sad", "angry")
        )
        == each
    )
    frozen = {
        utterance.id: label
        for utterance, label in dataset.truth(lookup.task(f"{task}-paper2"), None)
    }
    assert frozen == parts["test"]


@pytest.mark.parametrize("task", PAPER2)
def test_the_splits_of_paper_2_are_stratified(task: str) -> None:
    """If this failed, a part could lack an emotion, or hold it out of proportion by more than
    rounding.
    """
    whole = Counter(lookup.task(task).counts)
    dev = Counter(part(task, "dev").values())
    for label, count in whole.items():
        assert abs(dev[label] - PAPER2[task][0][1] * count / whole.total()) < 1


@pytest.mark.parametrize("name", ["emodb", "cafe", "esd", "urdu"])
def test_the_script_remakes_the_splits_byte_for_byte(name: str) -> None:
    """If this failed, nobody could tell how the frozen splits came about."""
    assert (
        remake_splits.table(name)
        == (ROOT / f"tasks/mserbench_tasks/splits/{name}-paper2.csv").read_bytes()
    )


@pytest.mark.parametrize(("card", "folds"), [(cafe.CARD, 3), (esd.CARD, 5)])
def test_emobox_folds_hold_each_speaker_once(card, folds: int) -> None:
    """If this failed, a speaker would be trained and tested on, or tested never."""
    table = divisions.parts(card, "emobox")
    assert (table.field, len(table.names), len(table.by_value)) == ("speaker", folds, card.speakers)
    tree = Memory([f"{identity}.wav" for identity in corpus.inventory(card)])
    utterances = corpus.utterances(lookup.corpus(card.name), tree)
    assert {utterance.speaker for utterance in utterances} == set(table.by_value)


def test_official_folds_of_mosei_are_by_video_and_leave_out_what_they_do_not_name() -> None:
    """If this failed, videos that the publisher put in no fold would be trained on."""
    table = divisions.parts(mosei.CARD, "official")
    assert Counter(table.by_value.values()) == {"train": 2250, "dev": 300, "test": 678}
    utterances, _ = mosei_of(
        {"7l3BNtSE0xc": [((0.0, 1.0), values())], "-9YyBTjo1zo": [((0.0, 1.0), values())]}
    )
    assert {utterance.extra["video"]: table.of(utterance) for utterance in utterances} == {
        "7l3BNtSE0xc": "test",
        "-9YyBTjo1zo": None,
    }


# --- label for label with published lists
# ----------------------------------------------------------------------------


def published(path: Path) -> list[dict[str, str]]:
    """Read a list of reference labels."""
    data = path.read_bytes()
    return list(
        csv.DictReader(
            io.StringIO((gzip.decompress(data) if path.suffix == ".gz" else data).decode())
        )
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "file", "rows"),
    [("crema-d", "cremad.csv", 7442), ("cafe", "cafe.csv", 936), ("urdu", "urdu.csv", 400),
     ("esd", "esd.csv.gz", 35_000), ("mead", "mead.csv.gz", 31_729)],
)  # fmt: skip
def test_every_label_and_speaker_is_the_published_one(
    reference: Path, name: str, file: str, rows: int
) -> None:
    """If this failed, a recording would carry a label or a speaker that its publisher did not give
    it.
    """
    expected = {
        row["id_or_path"]: (row["raw_label"], f"{name}:{row['speaker']}")
        for row in published(reference / file)
    }
    utterances, faults = parsed(name, *expected)
    assert (
        {utterance.audio: (utterance.raw_label, utterance.speaker) for utterance in utterances},
        faults,
    ) == (
        expected,
        [],
    )
    assert {utterance.id for utterance in utterances} == set(
        corpus.inventory(lookup.corpus(name).card)
    )
    assert len(utterances) == rows


@pytest.mark.real
@pytest.mark.parametrize(("name", "file"), [("cafe", "cafe.csv"), ("esd", "esd.csv.gz")])
def test_every_fold_is_that_of_emobox(reference: Path, name: str, file: str) -> None:
    """If this failed, numbers on these folds could not be set beside those of EmoBox."""
    rows = published(reference / file)
    table = divisions.parts(lookup.corpus(name).card, "emobox")
    utterances, _ = parsed(name, *(row["id_or_path"] for row in rows))
    fold_by_file = {
        utterance.audio: f"test_of_fold_{table.of(utterance)}" for utterance in utterances
    }
    assert fold_by_file == {row["id_or_path"]: row["split_or_fold"] for row in rows}


@pytest.mark.real
def test_every_perceived_label_of_crema_d_is_the_published_vote(reference: Path) -> None:
    """If this failed, the task of perceived emotions would ask for other labels than the listeners
    gave.
    """
    votes = published(reference / "cremad_votes.csv.gz")
    lines = ["FileName,VoiceVote", *(f"{row['id_or_path']},{row['voice_vote']}" for row in votes)]
    names = [f"{row['id_or_path']}.wav" for row in votes]
    utterances, faults = parsed(
        "crema-d", *names, **{"summaryTable.csv": "\n".join(lines).encode()}
    )
    assert {utterance.id: utterance.extra["perceived"] for utterance in utterances} == {
        r["id_or_path"]: r["voice_vote"] for r in votes
    }
    heard = dataset.select(lookup.task("crema-d-perceived"), utterances)
    assert Counter(label for _, label in heard) == Counter(lookup.task("crema-d-perceived").counts)
    assert faults == []
