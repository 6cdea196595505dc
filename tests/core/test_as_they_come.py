"""Vendors' tables as they come: whatever way one is written, the same predictions, or a sentence."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mserbench.data import label_map
from mserbench.errors import DataError
from mserbench.results.foreign import Foreign, read_foreign
from mserbench.results.naming import Naming, require_meanings

LABELS = ("happy", "sad", "angry")
TRUTH = {"s1/a": "happy", "s1/b": "sad", "s2/c": "angry", "s2/d": "sad"}
FILES = {"s1/a": "s1/a.wav", "s1/b": "s1/b.wav", "s2/c": "s2/c.flac", "s2/d": "s2/d.x.wav"}
WAYS_TO_SAY = {
    "happy": ["happy", "HAPPY", "Happiness", "hap", "Freude", "joy", "W1"],
    "sad": ["sad", "Sad", "sadness", "Trauer", "LABEL_2"],
    "angry": ["angry", "ANG", "anger", "WUT", "生气/angry", "x"],
}
MAP = {"W1": "happy", "LABEL_2": "sad", "x": "angry"}
WAYS_TO_NAME = [
    "{id}", "{file}", "./{file}", "calls/today/{file}", "D:\\calls\\{windows}", "{id}.mp3",
    "{loud}.WAV",
]  # fmt: skip


def accept(path: Path, content: bytes | str, naming: Naming | None = None) -> Foreign:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_foreign(path, TRUTH, LABELS, naming, FILES)


def refused(path: Path, content: str, naming: Naming | None = None) -> str:
    with pytest.raises(DataError) as caught:
        accept(path, content, naming)
    return str(caught.value)


@dataclass(frozen=True)
class Writing:
    """A way to write one table."""

    separator: str
    encoding: str
    quoting: int
    line_end: str
    decimal: str
    identity: str
    prediction: str
    scores: str | None
    percent: str
    is_json: bool


writings = st.builds(
    Writing,
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    decimal=st.sampled_from(".,"),
    identity=st.sampled_from(["id", "file", "Datei", "utterance id"]),
    prediction=st.sampled_from(["prediction", "emotion", "Top-1"]),
    scores=st.sampled_from([None, "prob_", "p:", ""]),
    percent=st.sampled_from(["", "%", " %"]),
    is_json=st.booleans(),
)


@settings(max_examples=250, deadline=None)
@given(way=writings, data=st.data())
def test_any_writing_of_a_table_gives_the_same_predictions(
    tmp_path_factory: pytest.TempPathFactory, way: Writing, data: st.DataObject
) -> None:
    """A vendor's habits must not change a number: neither separators nor spellings nor names."""
    answers = {name: data.draw(st.sampled_from(LABELS)) for name in TRUTH}
    names = {name: _named(data, name) for name in TRUTH}
    with_scores = data.draw(st.booleans())
    if with_scores:
        # One spelling a column, as a header has it once.
        raw = {label: data.draw(st.sampled_from(WAYS_TO_SAY[label])) for label in LABELS}
        prefix = "score_" if way.scores is None else way.scores
        rows = [
            {way.identity: names[name]}
            | {
                prefix + raw[label]: _share(0.5 if label == answers[name] else 0.125, way)
                for label in LABELS
            }
            for name in TRUTH
        ]
    else:
        rows = [
            {
                way.identity: names[name],
                way.prediction: data.draw(st.sampled_from(WAYS_TO_SAY[answers[name]])),
            }
            for name in TRUTH
        ]

    rows = data.draw(st.permutations(rows))
    path = tmp_path_factory.getbasetemp() / "table"
    naming = Naming(way.identity, "" if with_scores else way.prediction, way.scores, MAP)
    file = accept(path, _written(rows, way), naming)
    assert {row.id: row.prediction for row in file.rows} == answers
    shares = [0.125, 0.125, 0.5] if with_scores else []
    assert all(sorted(row.scores) == shares for row in file.rows)


def _share(value: float, way: Writing) -> str:
    return f"{100 * value}{way.percent}" if way.percent else str(value)


def _named(data: st.DataObject, name: str) -> str:
    way = data.draw(st.sampled_from(WAYS_TO_NAME))
    file = FILES[name]
    return way.format(id=name, file=file, windows=file.replace("/", "\\"), loud=name.upper())


def _written(rows: list[dict[str, str]], way: Writing) -> bytes:
    if way.is_json:
        return "\n".join(map(json.dumps, rows)).encode()

    out = io.StringIO()
    writer = csv.DictWriter(
        out,
        list(rows[0]),
        delimiter=way.separator,
        quoting=way.quoting,
        lineterminator=way.line_end,
    )
    writer.writeheader()
    for row in rows:
        # Scores alone: a point in a file's name stays one.
        numbers = {
            key: text.replace(".", way.decimal)
            for key, text in row.items()
            if re.match(r"\d+\.\d", text)
        }
        writer.writerow(row | numbers)

    return out.getvalue().encode(way.encoding)


@settings(max_examples=200, deadline=None)
@given(
    content=st.text(
        alphabet="idfile,prediction;scores_\n\t|abc01.\"'=[]{}:happysad\\/ ", max_size=200
    ),
    naming=st.builds(
        Naming,
        st.sampled_from(["", "id", "file", "a"]),
        st.sampled_from(["", "b", "emotion"]),
        st.sampled_from([None, "", "p", "score_"]),
        st.dictionaries(st.sampled_from(["a", "b", ""]), st.sampled_from([*LABELS, "none"])),
    ),
)
def test_no_table_and_no_naming_makes_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: str, naming: Naming
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    head = "file,b,pa,pb\n" if content[:1].isalpha() else ""
    # Whatever is wrong is told of the file, and nothing else is raised.
    with contextlib.suppress(DataError):
        accept(path, head + content, naming)


def test_what_predict_prints_is_scored_without_its_windows(tmp_path: Path) -> None:
    """Windows are parts of files: each would be a second answer to its clip."""
    rows = "".join(
        f"/calls/{FILES[name]},0.000,1.5,{label},,file\n/calls/{FILES[name]},0.0,1.0,sad,,window\n"
        for name, label in TRUTH.items()
    )
    file = accept(tmp_path / "p.csv", f"file,start,end,prediction,answer,part\n{rows}")
    assert {row.id: row.prediction for row in file.rows} == TRUTH
    assert "4 rows of windows are left out: those of files count" in file.notes
    assert "4 of 4 rows name a clip by its file" in file.notes


def test_a_file_name_that_two_clips_share_names_neither(tmp_path: Path) -> None:
    """If the first were taken, an answer would be counted for another clip."""
    path = tmp_path / "p.csv"
    path.write_text("id,prediction\na.wav,sad\nb/a.wav,sad\n")
    with pytest.raises(DataError, match=r"1 id\(s\) are not of this task, such as 'a.wav'"):
        read_foreign(path, {"1": "sad", "2": "sad"}, LABELS, None, {"1": "a/a.wav", "2": "b/a.wav"})


def test_names_that_differ_in_their_case_alone_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,prediction\nx/a.wav,sad\nX/a.wav,happy\n")
    files = {"1": "x/a.wav", "2": "X/a.wav"}
    file = read_foreign(path, {"1": "sad", "2": "sad"}, LABELS, None, files)
    assert [(row.id, row.prediction) for row in file.rows] == [("1", "sad"), ("2", "happy")]

    path.write_text("id,prediction\nx/A.wav,sad\nX/a.wav,happy\n")
    with pytest.raises(DataError, match=r"1 id\(s\) are not of this task, such as 'x/A.wav'"):
        read_foreign(path, {"1": "sad", "2": "sad"}, LABELS, None, files)


def test_a_row_that_says_the_same_again_is_left_out_and_told(tmp_path: Path) -> None:
    """Joined tables repeat rows; one that says something else is a fault."""
    table = (
        "row,id,prediction\n1,s1/a,happy\n2,s1/b,sad\n3,s2/c,angry\n4,s2/d,sad\n5,s1/A.wav,hap\n"
    )
    file = accept(tmp_path / "p.csv", table)
    assert [row.prediction for row in file.rows] == ["happy", "sad", "angry", "sad"]
    assert "1 rows give a clip the same answer again and are left out" in file.notes

    fault = refused(tmp_path / "p.csv", table.replace(",hap\n", ",sad\n"))
    assert "1 id(s) occur more than once, with answers that differ, such as 's1/a'" in fault


def test_a_clip_without_an_answer_is_counted_as_the_user_says(tmp_path: Path) -> None:
    """A vendor may find no speech: the sentence says how that is written, and it works."""
    table = "id,prediction\ns1/a,happy\ns1/b,\ns2/c,angry\n"
    fault = refused(tmp_path / "p.csv", table)
    assert "1 id(s) of the task are missing, such as 's2/d'" in fault
    assert fault.count('by the line "" = "none" under [labels] of a TOML file') == 2

    (tmp_path / "map.toml").write_text('[labels]\n"" = "none"\n')
    naming = Naming(meanings=label_map.read(tmp_path / "map.toml"))
    file = accept(tmp_path / "p.csv", table + "s2/d,\n", naming)
    assert [row.prediction for row in file.rows] == ["happy", "", "angry", ""]


def test_the_file_is_named_once_above_its_faults(tmp_path: Path) -> None:
    table = "id,prediction\n" + "".join(f"{name},gereizt\n" for name in TRUTH)
    first, *faults = refused(tmp_path / "p.csv", table).splitlines()
    assert "predictions file" in first
    assert not any("predictions file" in fault for fault in faults)
    assert faults[1].startswith("  - line 2 (id 's1/a'): prediction 'gereizt' is none of")


@pytest.mark.parametrize(
    ("above", "told"),
    [
        (
            "Export of 29 November; calls, all\n\nVendor X\n",
            "3 lines above the header are left out",
        ),
        ("Export\nsep=;\n", "1 lines above the header are left out"),
        ("sep=;\n", None),
        ("\n\n", None),
    ],
)
def test_lines_above_the_header_and_blank_rows_are_no_part_of_it(
    tmp_path: Path, above: str, told: str | None
) -> None:
    """Exports begin with a title, and spreadsheets end with rows of separators."""
    rows = "".join(f"{file};{TRUTH[name]}\n" for name, file in FILES.items())
    file = accept(
        tmp_path / "p.csv", f"{above}Datei;Emotion\n{rows};\n;\n", Naming("datei", "emotion")
    )
    assert {row.id: row.prediction for row in file.rows} == TRUTH
    assert [note for note in file.notes if "above" in note] == ([told] if told else [])


def test_a_workbook_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "p.xlsx").write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(DataError, match="is a workbook or an archive, and no text: save it as CSV"):
        read_foreign(tmp_path / "p.xlsx", TRUTH, LABELS)


def test_an_exact_id_comes_before_any_file(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,prediction\n1,happy\n2,sad\n")
    files = {"1": "x/2.wav", "2": "x/1.wav"}
    file = read_foreign(path, {"1": "happy", "2": "sad"}, LABELS, None, files)
    assert [(row.id, row.prediction) for row in file.rows] == [("1", "happy"), ("2", "sad")]


def test_an_answer_that_means_no_label_is_wrong_and_told(tmp_path: Path) -> None:
    """One that is read as a label would be an answer that was never given; one left out, a gain."""
    table = "id,prediction\ns1/a,happy surprise\ns1/b,sad\ns2/c,laughter\ns2/d,sad\n"
    fault = refused(tmp_path / "p.csv", table)
    assert '"happy surprise" = "..."; "laughter" = "...", each with a label of the task or' in fault

    naming = Naming(meanings={"happy surprise": "none", "Laughter": "none"})
    file = accept(tmp_path / "p.csv", table, naming)
    assert [(row.prediction, row.answer) for row in file.rows] == [
        ("", "happy surprise"), ("sad", ""), ("", "laughter"), ("sad", ""),
    ]  # fmt: skip
    (note,) = file.notes
    assert "2 predictions mean no label of the task, 'happy surprise' (1), 'laughter' (1)" in note
    assert note.endswith("they count as wrong")


def test_columns_of_one_label_are_added_where_they_are_shares(tmp_path: Path) -> None:
    table = "id;p_sad;p_exc;p_hap;p_ang\n" + "".join(f"{name};0,4;0,3;0,3;0\n" for name in TRUTH)
    naming = Naming(scores="p_", meanings={"exc": "happy"})
    file = accept(tmp_path / "p.csv", table, naming)
    assert file.rows[0].scores == (0.6, 0.4, 0.0)
    assert "columns 'p_exc', 'p_hap' mean 'happy' and are added" in file.notes

    fault = refused(tmp_path / "p.csv", table.replace("0,3;0,3", "-3;0,3"), naming)
    assert "all mean 'happy' and are added, but one is no number from 0 on" in fault


def test_a_vendor_of_two_labels_is_scored_by_those(tmp_path: Path) -> None:
    table = "id,sad,happy\n" + "".join(f"{name},0.4,0.6\n" for name in TRUTH)
    assert "needs 'id' and either" in refused(tmp_path / "p.csv", table)
    file = accept(tmp_path / "p.csv", table, Naming(scores=""))
    assert {row.prediction for row in file.rows} == {"happy"}
    assert "'score_angry' is missing: the best of the other scores is the answer" in file.notes[0]


@pytest.mark.parametrize(
    ("table", "naming", "words"),
    [
        ("id,Arousal,valence\ns1/a,0.1,0.2\n", Naming(), "holds dimensions (Arousal, valence)"),
        ("id,p_act,p_val\ns1/a,0.1,0.2\n", Naming(scores="p_"), "holds dimensions"),
        ("id,v\ns1/a,0.73\ns1/b,-0.2\n", Naming(prediction="v"), "numbers as predictions, such as"),
        ("id;v\ns1/a;0,73\ns1/b;1\n", Naming(prediction="v"), "numbers as predictions, such as"),
        ('id,v\ns1/a,"happy:0.7;sad:0.3"\n', Naming(prediction="v"), "holds soft labels, such as"),
        ('id;v\ns1/a;{"happy": 0.7}\n', Naming(prediction="v"), "holds soft labels, such as"),
        ("id;v\ns1/a;happy=0,7 sad=0,3\n", Naming(prediction="v"), "holds soft labels, such as"),
    ],
)
def test_soft_labels_and_dimensions_are_left_for_later_and_say_so(
    tmp_path: Path, table: str, naming: Naming, words: str
) -> None:
    fault = refused(tmp_path / "p.csv", table, naming)
    assert words in fault
    assert "left for later" in fault
    assert "--prediction" in fault
    assert len(fault.splitlines()) == 1


def test_numbers_of_classes_are_labels_that_need_a_map(tmp_path: Path) -> None:
    table = "id,v\ns1/a,0\ns1/b,1\ns2/c,2\ns2/d,1\n"
    assert '"0" = "..."; "1" = "..."' in refused(tmp_path / "p.csv", table, Naming(prediction="v"))
    naming = Naming(prediction="v", meanings={"0": "happy", "1": "sad", "2": "angry"})
    assert [row.prediction for row in accept(tmp_path / "p.csv", table, naming).rows] == [
        "happy", "sad", "angry", "sad",
    ]  # fmt: skip


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    table = "file,emotion\ns1/a,sad\n"
    for naming, words in (
        (
            Naming(identity="clip"),
            "has no column 'clip', which --id names: it has 'file', 'emotion'",
        ),
        (Naming("file", "label"), "has no column 'label', which --prediction names"),
    ):
        assert words in refused(tmp_path / "p.csv", table, naming)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[labels]\nang = 3\n", 'lines such as "ang" = "angry" were expected'),
        ("[labels\n", "cannot be read as TOML"),
        ("labels = 1\n", 'lines such as "ang" = "angry" were expected'),
    ],
)
def test_a_map_that_is_none_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "map.toml").write_text(content)
    with pytest.raises(DataError, match=words):
        label_map.read(tmp_path / "map.toml")


def test_a_meaning_that_nobody_knows_is_refused() -> None:
    """A misspelt one would turn a vendor's right answers into wrong ones."""
    require_meanings({"W": "anger", "F": "surprise", "x": "none"}, LABELS)
    with pytest.raises(DataError, match="'W' means 'angryy', which is none of happy, sad, angry"):
        require_meanings({"W": "angryy"}, LABELS)
