"""Predictions files: ours come back as they were written, a stranger's is read with care or refused
in one sentence.
"""

from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mserbench.errors import DataError
from mserbench.results.foreign import read_foreign
from mserbench.results.predictions import Prediction, best_label, read, write

LABELS = ("happy", "sad", "angry")
TRUTH = {"a": "happy", "b": "sad", "c": "angry"}
SCORES = "id,score_happy,score_sad,score_angry\na,1,0,0\nb,0,1,0\nc,0,0,1\n"
Refuse = Callable[..., str]


@pytest.fixture
def refuse(tmp_path: Path) -> Refuse:
    """Read content that must be refused, and return the sentence."""

    def check(content: bytes | str) -> str:
        (tmp_path / "p.csv").write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        with pytest.raises(DataError) as caught:
            read_foreign(tmp_path / "p.csv", TRUTH, LABELS)

        assert caught.value.exit_code == 3
        assert "p.csv" in str(caught.value)
        return str(caught.value)

    return check


def accept(path: Path, content: bytes | str) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row.prediction for row in read_foreign(path, TRUTH, LABELS).rows]


# What is accepted


@pytest.mark.parametrize(
    "content",
    [
        "id,prediction\nc,angry\na,happy\nb,sad\n",
        "prediction,id\nhappy,a\nsad,b\nangry,c\n",
        "id,prediction\r\na,happy\r\nb,sad\r\nc,angry\r\n",
        "id,prediction\ra,happy\rb,sad\rc,angry\r",
        "\n\nid,prediction\n\na,happy\nb,sad\n\nc,angry",
        "\ufeffid,prediction\na,happy\nb,sad\nc,angry\n",
        '"id","prediction"\n"a","happy"\n"b","sad"\n"c","angry"\n',
        SCORES,
        SCORES.replace("1,0,0", "1e0,-7,+0.5"),
        "id,answer\na,It is Happiness.\nb,sad\nc,ANGER\n",
        "id,label,prediction,note\na,happy,happy,x\nb,sad,sad,\nc,angry,angry,\n",
        "id;prediction\na;happy\nb;sad\nc;angry\n",
        "sep=;\nid;prediction\na;happy\nb;sad\nc;angry\n",
        'prediction\t"id"\nhappy\ta\nsad\tb\nangry\tc\n',
        "id|answer\na|It is happiness, surely\nb|sad\nc|anger\n",
        "id,prediction\na,happy\nb,sad\nc,angry\n".encode("utf-16"),
        "id\tprediction\r\na\thappy\r\nb\tsad\r\nc\tangry\r\n".encode("utf-16"),
        SCORES.replace("b,0,1", 'b,"0,5","1,5E-00"'),
        SCORES.replace(",", ";").replace("1;", "0,5;").replace("1\n", "1,5E-03\n"),
        " id , prediction \n a , happy \n b , sad \n c , angry \n",
        '{"id": "a", "prediction": "happy"}\n\n{"id": "b", "prediction": "sad"}\n'
        '{"answer": "anger", "id": "c", "prediction": "angry"}',
        '[{"id": "a", "answer": "happy"}, {"id": "b", "answer": "sad"}, '
        '{"id": "c", "answer": "ANGRY"}]',
        "\n".join(
            f'{{"id": "{name}", "scores": {{"sad": {0.5 * (label == "sad")}, "happy": 0.25, '
            f'"angry": {float(label == "angry")}}}}}'
            for name, label in TRUTH.items()
        ),
    ],
)
def test_every_reasonable_file_is_accepted(tmp_path: Path, content: str) -> None:
    assert accept(tmp_path / "p.csv", content) == ["happy", "sad", "angry"]


def test_names_match_however_their_accents_are_composed(tmp_path: Path) -> None:
    """Some systems decompose the names of files: 'not of this task' would name what looks right."""
    composed, decomposed = "m\u00fcde", "mu\u0308de"
    (tmp_path / "p.csv").write_text(f"id,prediction\n{decomposed},{composed}\nb,sad\n")
    file = read_foreign(tmp_path / "p.csv", {composed: decomposed, "b": "sad"}, (decomposed, "sad"))
    assert [(row.id, row.prediction) for row in file.rows] == [
        ("b", "sad"),
        (composed, decomposed),
    ]


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    """If the highest score were left out unsaid, an answer would be one that was never given."""
    path = tmp_path / "p.csv"
    lines = SCORES.splitlines()
    path.write_text(
        "\n".join([f"{lines[0]},score_surprise,seconds", f"{lines[1]},2,9"])
        + "".join(f"\n{line},0.5,9" for line in lines[2:])
    )
    file = read_foreign(path, TRUTH, LABELS)
    assert [row.prediction for row in file.rows] == ["happy", "sad", "angry"]
    assert file.notes == (
        "column 'score_surprise' is of no label of the task and left out; it is the highest score "
        "of 1 of 3 rows, whose answer is then the best of the others",
        "column 'seconds' is no column that is read, and left out",
    )


def test_scores_that_lack_a_label_are_said_to_be_unread(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,prediction,score_happy\na,happy,1\nb,sad,1\nc,angry,1\n")
    (note,) = read_foreign(path, TRUTH, LABELS).notes
    assert "scores are not read, as column 'score_sad', 'score_angry' is missing" in note


def test_commas_and_points_in_one_file_are_refused(refuse: Refuse) -> None:
    """1,234 may be a thousand where others have a decimal point: the highest would be a guess."""
    said = refuse("id;score_happy;score_sad;score_angry\na;1,234;0.5;0\nb;0;1;0\nc;0;0;1\n")
    assert "score_happy is '1,234'" in said
    assert "others of the file have a decimal point" in said
    said = refuse(SCORES.replace("a,1,0", 'a,0.5,"1,234"'))
    assert "score_sad is '1,234', but a finite number was expected: others of the file" in said


def test_a_fault_of_every_row_is_one_line_with_a_count(tmp_path: Path) -> None:
    truth = {f"c{n}": "sad" for n in range(2_000)}
    path = tmp_path / "p.csv"
    path.write_text("id,prediction\n" + "".join(f"{name},glum\n" for name in truth))
    with pytest.raises(DataError) as caught:
        read_foreign(path, truth, LABELS)

    assert len(str(caught.value).splitlines()) == 3
    assert '"glum" = "..."' in str(caught.value).splitlines()[1]
    assert "(and 1999 more like this: 'c1', 'c2', ...)" in str(caught.value)


def test_an_answer_that_cannot_be_read_is_kept_and_counts_as_none(tmp_path: Path) -> None:
    assert accept(tmp_path / "p.csv", "id,answer\na,happy or sad\nb,\nc,not angry\n") == [
        "",
        "",
        "",
    ]
    assert read_foreign(tmp_path / "p.csv", TRUTH, LABELS).rows[0].answer == "happy or sad"


def test_equal_scores_go_to_the_first_label() -> None:
    assert best_label((0.5, 0.5, 0.1), LABELS) == "happy"
    assert best_label((-3.0, -2.0, -2.0), LABELS) == "sad"


# What is refused


def test_unknown_missing_and_repeated_ids_are_all_told(refuse: Refuse) -> None:
    refusal = refuse("id,prediction\na,happy\na,sad\nz,sad\ny,sad\n")
    assert "2 id(s) are not of this task, such as 'y', 'z'" in refusal
    assert "2 id(s) of the task are missing, such as 'b', 'c'" in refusal
    assert "1 id(s) occur more than once, with answers that differ, such as 'a'" in refusal
    assert "each id of the task must occur exactly once" in refusal


def test_two_faults_of_different_kinds_are_both_told(refuse: Refuse) -> None:
    refusal = refuse("id,prediction\na,joyous\nb,sad\n")
    assert (
        "line 2 (id 'a'): prediction 'joyous' is none of happy, sad, angry: map it, or put it "
        "in 'answer'" in refusal
    )
    assert "1 id(s) of the task are missing, such as 'c'" in refusal


@pytest.mark.parametrize(
    "value", ["nan", "NaN", "inf", "-Infinity", "", "1.5,2", "high", "1e999", "0x1p3"]
)
def test_a_score_that_is_no_finite_number_is_named(refuse: Refuse, value: str) -> None:
    refusal = refuse(SCORES.replace("b,0,1,0", f'b,0,"{value}",0'))
    assert f"line 3 (id 'b'): score_sad is {value!r}, but a finite number was expected" in refusal


def test_line_numbers_are_those_of_an_editor(refuse: Refuse) -> None:
    refusal = refuse('id,prediction,answer\n\na,happy,"two\nlines"\n\nb,sad,\nc,glum,\n')
    assert "line 7 (id 'c')" in refusal


def test_a_prediction_without_the_highest_score_is_named(refuse: Refuse) -> None:
    content = (
        "id,prediction,score_happy,score_sad,score_angry\na,sad,1,0,0\nb,sad,0,1,0\nc,angry,0,0,1\n"
    )
    assert "prediction 'sad' has not the highest score: correct one of the two" in refuse(content)


def test_the_truth_of_another_task_is_noticed(refuse: Refuse) -> None:
    content = "id,label,prediction\na,sad,happy\nb,sad,sad\nc,angry,angry\n"
    assert "its label is 'sad', but the task's is 'happy': is this another task?" in refuse(content)


def test_an_empty_prediction_needs_an_answer(refuse: Refuse) -> None:
    assert "'prediction' is empty: give a label, or count it as wrong by" in refuse(
        "id,prediction\na,\nb,sad\nc,angry\n"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty or repeats a column"),
        (b"\n\n", "is empty or repeats a column"),
        (b"id,prediction,id\n", "repeats a column: a header row was expected"),
        (b"id,prediction\n", "3 id(s) of the task are missing"),
        (
            b"name,prediction\na,sad\n",
            "has the columns ['name', 'prediction'], but needs 'id' and either",
        ),
        (
            b"id,score_happy,score_sad\na,1,0\n",
            "or all of ['score_happy', 'score_sad', 'score_angry']",
        ),
        (b"id:prediction\na:sad\n", "has the columns ['id:prediction'], but needs 'id'"),
        (b"id;prediction\na;sad;\n", "line 2: 3 fields, but the header has 2: quote fields that"),
        (
            b"id,prediction\na,happy,extra\n",
            "line 2: 3 fields, but the header has 2: quote fields that hold a comma",
        ),
        (b"id,prediction\na\n", "line 2: 1 fields, but the header has 2"),
        (b'id,prediction\na,"happy\n', "is no valid csv"),
        (b'id,prediction\na,"happy"x\n', "is no valid csv"),
        (b"id,answer\na," + b"x" * 200_000, "is no valid csv: field larger"),
        (
            "id,prediction\na,happy\n".encode("utf-16-le"),
            "is not text in UTF-8, in UTF-16 with its mark, or in Windows-1252: save it as CSV",
        ),
        ("id,prediction\na,gelöst\n".encode("latin-1"), "prediction 'gelöst' is none of"),
        (b"id,prediction\na\0,happy\n", "is not text in UTF-8"),
        (b'{"id": "a", "prediction": "happy", "id": "b"}', "the key 'id' is given twice"),
        (b'{"id": "a", "scores": [1, 0, 0]}', "'scores' is a list or an object, but a text"),
        (b'["a"]', "line 1: an object with 'id' was expected, not 'a'"),
        (b'{"id": "a", "prediction": "sad"}\n{', "line 2 is no JSON"),
        (b"[" * 100_000, "line 1 is no JSON"),
    ],
)
def test_a_file_that_is_no_such_table_says_why(refuse: Refuse, content: bytes, words: str) -> None:
    assert words in refuse(content)


class Harm:
    """Unpickling it would leave a file."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("harm"),)  # type: ignore[return-value]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_and_never_loaded(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    refuse(pickle.dumps(Harm(), protocol=protocol))
    assert not Path("harm").exists()


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.csv", "No such file"), (tmp_path, "it is a folder")):
        with pytest.raises(DataError, match=f"cannot be read: {words}"):
            read_foreign(path, TRUTH, LABELS)


@settings(max_examples=200, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.text(alphabet='id,prediction\nabc"\r happysad;\t|{}[]:=0.5', max_size=300),
        st.text(alphabet='abc;,\t|{}[]:="\n0.5', max_size=100).map("id;score_sad\n{}".format),
        st.text(alphabet='abc;,{}[]:"\n0.5', max_size=60).map('{{"id": "a", {}'.format),
        st.text(alphabet='sep=;"\n', max_size=20).map("sep={}".format),
    )
)
def test_no_content_makes_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for reader in (lambda: read_foreign(path, TRUTH, LABELS), lambda: read(path, LABELS)):
        try:
            assert reader()
        except DataError:
            continue


# Ours

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
rows = st.one_of(
    st.builds(
        Prediction,
        id=texts.filter(lambda text: "\r" not in text),
        label=st.sampled_from(LABELS),
        prediction=st.sampled_from(("", *LABELS)),
        answer=texts,
    ),
    st.builds(
        Prediction,
        id=texts.filter(lambda text: "\r" not in text),
        label=st.sampled_from(LABELS),
        prediction=st.sampled_from(LABELS),
        scores=st.tuples(finite, finite, finite),
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(rows, min_size=1, max_size=8, unique_by=lambda row: row.id))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list[Prediction]
) -> None:
    path = tmp_path_factory.getbasetemp() / "roundtrip.csv"
    text = write(given_rows, LABELS)
    path.write_bytes(text.encode())
    rows_read = read(path, LABELS)
    assert write(rows_read, LABELS) == text, "a second pass changes the file"

    for row_before, row_after in zip(
        sorted(given_rows, key=lambda row: row.id), rows_read, strict=True
    ):
        assert (row_before.id, row_before.label, row_before.prediction) == (
            row_after.id,
            row_after.label,
            row_after.prediction,
        )
        assert row_after.answer == row_before.answer.replace("\r\n", "\n").replace("\r", "\n")
        assert row_after.scores == pytest.approx(row_before.scores, rel=1e-5)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(finite, finite, finite), min_size=3, max_size=3))
def test_our_own_file_is_good_as_a_stranger_s(
    tmp_path_factory: pytest.TempPathFactory, scores: list[tuple[float, float, float]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "again.csv"
    ours = [
        Prediction(name, TRUTH[name], best_label(given_scores, LABELS), given_scores)
        for name, given_scores in zip(TRUTH, scores, strict=True)
    ]
    path.write_text(write(ours, LABELS))
    assert [row.prediction for row in read_foreign(path, TRUTH, LABELS).rows] == [
        row.prediction for row in ours
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("label,", "wrong,"), "has columns"),
        (lambda text: text.replace("a,happy,happy", "a,glad,happy"), "a label outside"),
        (lambda text: text.replace("a,happy,happy", "a,happy,glad"), "a label outside"),
        (lambda text: text.replace("0.5", "nan"), "a finite number was expected"),
        (lambda text: text.replace("0.5", "high"), "a finite number was expected"),
        (lambda text: text + "a,happy,happy,1,0,0,\n", "not sorted by unique ids"),
        (lambda text: text.replace("a,happy", "z,happy"), "not sorted by unique ids"),
    ],
)
def test_a_file_of_ours_that_was_changed_is_refused(
    tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    ours = [
        Prediction("a", "happy", "happy", (0.5, 0.0, 0.0)),
        Prediction("b", "sad", "happy", (1.0, 0.0, 0.0)),
    ]
    (tmp_path / "p.csv").write_text(change(write(ours, LABELS)))
    with pytest.raises(DataError, match=words):
        read(tmp_path / "p.csv", LABELS)


def test_a_spreadsheet_reads_the_same_rows() -> None:
    text = write([Prediction("a", "happy", "", (), 'one\r\ntwo, "three"\rfour')], LABELS)
    assert list(csv.reader(io.StringIO(text)))[1] == ["a", "happy", "", 'one\ntwo, "three"\nfour']
