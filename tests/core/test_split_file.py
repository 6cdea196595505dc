"""Split files: what a clip may be called, what a part may be called, and every fault with its
line.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mserbench.auditing.split_file import normal, read
from mserbench.contracts import Utterance
from mserbench.errors import DataError, MserbenchError, UsageError

CLIPS = [
    Utterance("a1", "Actor_01/a1.wav", "x", None, "en"),
    Utterance("a2", "Actor_02/a2.wav", "x", None, "en"),
    Utterance("train/dia0_utt0", "Raw/train_splits/dia0_utt0.mp4", "x", None, "en"),
    Utterance("test/dia0_utt0", "Raw/test/dia0_utt0.mp4", "x", None, "en"),
    Utterance("M1/angry/001", "M1/angry/001.m4a", "x", None, "en"),
    Utterance("M2/angry/001", "M2/angry/001.m4a", "x", None, "en"),
    Utterance("s05 (3)", "sad/s05 (3).wav", "x", None, "el"),
]


def write(folder: Path, text: str, name: str = "own.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("a1", "a1"),
        ("a1.wav", "a1"),
        ("data/Actor_01/a1.flac", "a1"),
        ("C:\\corpus\\Actor_01\\a1.WAV", "a1"),
        ("train_splits/dia0_utt0.mp4", "train/dia0_utt0"),
        ("test/dia0_utt0", "test/dia0_utt0"),
        ("M2/audio/angry/001.m4a", "M2/angry/001"),
        ("s05 (3).wav", "s05 (3)"),
    ],
)
def test_a_clip_goes_by_its_id_or_the_end_of_its_path(
    name: str, identity: str, tmp_path: Path
) -> None:
    """Lists in use write one or the other; a wrong clip would be worse than none."""
    parsed = read(write(tmp_path, f"path,split\n{name},test\na2,train\n"), CLIPS)
    assert parsed.part_of == {identity: "test", "a2": "train"}


def test_all_faults_are_named_at_once_with_their_lines(tmp_path: Path) -> None:
    """If one were passed over, a wrong split would be audited as if it were right."""
    lines = [
        "id,split",
        "a1,train",
        "nobody,test",
        "a1.wav,test",
        "a2,",
        ",test",
        "dia0_utt0,test",
        "a2",
        '"a2,test',
    ]
    with pytest.raises(DataError) as error:
        read(write(tmp_path, "\n".join(lines)), CLIPS)

    message = str(error.value)
    assert "has 7 fault(s)" in message
    for words in (
        "line 3: 'nobody' is no clip of the corpus",
        "line 4: 'a1.wav' was named before, in line 2",
        "line 5: 'a2' has no part",
        "line 6: the column 'id' is empty",
        "line 7: 'dia0_utt0' may be 'train/dia0_utt0' or 'test/dia0_utt0': write more of its path",
        "line 8: 1 fields were found, 2 expected",
        "line 9: ",
    ):
        assert words in message


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("id,split\na1,Train\na2,validation\n", "split", ["train", "dev"]),
        ("id\tfold\na1\t1\na2\t2\n", "folds", ["1", "2"]),
        ("id,split_or_fold\na1,test_of_fold_1\na2,test_of_fold_2\n", "folds", ["1", "2"]),
        ("id,part\na1,Session1\na2,Session2\n", "folds", ["Session1", "Session2"]),
        ("\ufeffid,part\r\na1,train\r\na2,test\r\n", "split", ["train", "test"]),
    ],
)
def test_splits_and_folds_in_the_spellings_in_use(
    text: str, kind: str, parts: list[str], tmp_path: Path
) -> None:
    parsed = read(write(tmp_path, text), CLIPS)
    assert (parsed.kind, list(parsed.part_of.values())) == (kind, parts)


def test_a_clip_may_be_said_to_be_in_no_part(tmp_path: Path) -> None:
    text = "id,split\na1,train\na2,test\nM1/angry/001,not_in_emobox\nM2/angry/001,none\n"
    assert list(read(write(tmp_path, text), CLIPS).part_of.values()) == [
        "train",
        "test",
        None,
        None,
    ]
    assert normal("UNUSED") is None


def test_a_gzipped_file_is_read_and_without_a_corpus_names_are_ids(tmp_path: Path) -> None:
    path = tmp_path / "own.csv.gz"
    path.write_bytes(gzip.compress(b"id,split,speaker\nq,train,1\nr,test,2\n"))
    parsed = read(path)
    assert parsed.part_of == {"q": "train", "r": "test"}
    assert parsed.values["r"]["speaker"] == "2"


@pytest.mark.parametrize(
    "text",
    [
        "name,split\na1,train\n",
        "id,split,fold\na1,train,1\n",
        "id,path,split\n",
        "id\n",
        "",
        "\n\n",
    ],
)
def test_a_header_without_exactly_one_column_of_each_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"exactly one column of .* was expected"):
        read(write(tmp_path, text), CLIPS)


@pytest.mark.parametrize(
    "text", ["id,split\n", "id,split\na1,train\n", "id,fold\na1,1\na2,1\n", "id,fold\na1,none\n"]
)
def test_a_file_of_one_part_divides_nothing(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two parts at least were expected"):
        read(write(tmp_path, text), CLIPS)


@pytest.mark.parametrize(
    "data",
    [b"not gzip", gzip.compress(b"id,split\na1,train\n" * 9)[:-9], b""],
    # gzip writes the time: no name for a test that processes share
    ids=["another format", "cut short", "empty"],
)
def test_a_broken_archive_is_a_sentence(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.csv.gz"
    path.write_bytes(data)
    with pytest.raises(MserbenchError, match="split file"):
        read(path, CLIPS)

    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "absent.csv", CLIPS)


PARTS = st.sampled_from(["train", "test", "dev", "1", "2"])
IDS = st.sampled_from([clip.id for clip in CLIPS])


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(IDS, PARTS, min_size=2).filter(
        lambda parts_of_ids: len(set(parts_of_ids.values())) > 1
    )
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, parts: dict[str, str]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "split"), *parts.items()])
    reread = read(write(tmp_path_factory.mktemp("split"), text.getvalue()), CLIPS)
    assert reread.part_of == parts
    assert reread.kind == ("split" if "train" in parts.values() else "folds")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["", ".gz"]))
def test_no_bytes_cause_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("split") / f"own.csv{suffix}"
    path.write_bytes(gzip.compress(b"id,split\n" + data) if suffix else b"id,split\n" + data)
    with contextlib.suppress(UsageError, DataError):
        read(path, CLIPS)
