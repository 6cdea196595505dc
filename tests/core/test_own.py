"""A corpus of one's own from a TOML file: what is read, what is refused in which words, what
changes its hash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mserbench.contracts import Fault, Utterance
from mserbench.data import corpus, dataset, divisions, lookup
from mserbench.data.own import definition as own
from mserbench.data.own import pattern as own_pattern
from mserbench.data.own import settings as own_file
from mserbench.data.own import table as own_table
from mserbench.data.own.keys import COLUMNS
from mserbench.errors import DataError
from mserbench.labels import DROP

T = TypeVar("T")
HEAD = 'language = "pl"\ntable = "t.csv"\n'
COLUMN_LINES = '[columns]\npath = "file"\nlabel = "emo"\n'
LABELS = '[labels]\nwut = "angry"\nfreude = "happy"\n'
TOML = HEAD + COLUMN_LINES + LABELS
CSV = "file,emo,who,set\na.wav,wut,1,training\nb/c.wav,freude,2,test\n"


@pytest.fixture(autouse=True)
def forgotten() -> None:
    lookup._owned.clear()


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., own.OwnTask]:
    def load(toml: str = TOML, table: str | bytes = CSV, name: str = "t.csv") -> own.OwnTask:
        (tmp_path / name).write_bytes(table if isinstance(table, bytes) else table.encode())
        (tmp_path / "my.toml").write_bytes(toml.encode())
        return own.load(tmp_path / "my.toml")

    return load


def parsed(own_task: own.OwnTask) -> tuple[list[Utterance], list[str]]:
    reading = corpus.read(own_task.corpus, corpus.find(own_task.corpus, None))
    return list(reading.utterances.values()), reading.problems


def test_rows_become_utterances(make: Callable[..., own.OwnTask]) -> None:
    """If a column were read as another, labels, speakers and splits would be wrong without a
    sign.
    """
    toml = HEAD.replace('"pl"', '["pl", "uk"]') + COLUMN_LINES
    toml += (
        "".join(f'{key} = "{key}"\n' for key in COLUMNS if key not in ("path", "label", "duration"))
        + LABELS
    )
    header = ["file", "emo", *(key for key in COLUMNS if key not in ("path", "label", "duration"))]
    values = {
        "file": "./x\\\\y.wav",
        "emo": "wut",
        "id": "u1",
        "speaker": "s",
        "sex": "Female",
        "split": "val",
        "session": "3",
    }
    values |= {
        "text": '"one, two"',
        "language": "uk",
        "sentence": "7",
        "dialogue": "d",
        "start": "1.5",
        "end": "2",
    }
    values |= {"derived_from": "meld:dia1_utt2", "derived_audio": "0f" * 32}
    own_task = make(toml, ",".join(header) + "\n" + ",".join(values[key] for key in header) + "\n")
    (utterance,), problems = parsed(own_task)
    extra = {
        "sentence": "7",
        "dialogue": "d",
        "derived_from": "meld:dia1_utt2",
        "derived_audio": "0f" * 32,
    }
    assert utterance == Utterance(
        "u1", "x/y.wav", "wut", "my:s", "uk", 1.5, 2.0, "val", "3", "f", "one, two", extra
    )
    assert problems == []
    assert own_task.task.languages == ("uk",)
    assert (own_task.task.labels, own_task.task.counts) == (
        ("angry", "happy"),
        {"angry": 1, "happy": 0},
    )


@pytest.mark.parametrize("wrong", ["dia1_utt2", ":dia1_utt2", "meld:"])
def test_an_origin_names_corpus_and_utterance(make: Callable[..., own.OwnTask], wrong: str) -> None:
    """An origin that names no corpus would hide a test clip from the verdict."""
    toml = TOML.replace('label = "emo"', 'label = "emo"\nderived_from = "who"')
    utterances, problems = parsed(
        make(toml, CSV.replace("wut,1", f"wut,{wrong}").replace("freude,2", "freude,"))
    )
    assert [utterance.extra for utterance in utterances] == [{}]
    assert f"line 2: derived_from is {wrong!r}, but CORPUS:ID" in problems[0]


def test_parts_come_from_a_column_of_the_split(make: Callable[..., own.OwnTask]) -> None:
    """If `training` were not the part `train`, whoever wrote it so could not train on their own
    split.
    """
    own_task = make(HEAD + COLUMN_LINES + 'split = "set"\nsession = "who"\n' + LABELS)
    card = own_task.corpus.card
    assert divisions.all_parts(card) == ["split.test", "split.train", "sessions.1", "sessions.2"]
    assert (card.divisions["split"].kind, card.divisions["sessions"].kind) == ("split", "folds")
    utterances = parsed(own_task)[0]
    assert [utterance.id for utterance in divisions.belonging(card, "train", utterances)] == ["a"]
    assert [
        utterance.id for utterance in divisions.belonging(card, "sessions.not-1", utterances)
    ] == ["b/c"]


def test_a_selection_keeps_what_it_names(make: Callable[..., own.OwnTask]) -> None:
    """If a selection by a column that the contract does not know were lost, the whole corpus would
    be scored.
    """
    toml = HEAD + COLUMN_LINES + 'speaker = "who"\n' + LABELS
    for key, value in (("set", "test"), ("speaker", "2")):
        own_task = make(f'{toml}[select]\n{key} = "{value}"\n')
        assert [
            utterance.id for utterance, _ in dataset.select(own_task.task, parsed(own_task)[0])
        ] == ["b/c"]
        assert own_task.task.counts == {"angry": 0, "happy": 1}


def test_a_pattern_reads_names(tmp_path: Path, make: Callable[..., own.OwnTask]) -> None:
    """If a group were lost, speakers would be unknown and the interval too narrow."""
    (tmp_path / "rec" / "anna").mkdir(parents=True)
    for name in ("wut_1.wav", "freude_2.FLAC", "other.wav", "notes.txt"):
        (tmp_path / "rec" / "anna" / name).touch()

    pattern = r"(?P<speaker>\w+)/(?P<label>[a-z]+)_(?P<take>\d)\.\w+"
    toml = f"language = 'pl'\naudio = 'rec'\npattern = '{pattern}'\n{LABELS}"
    own_task = make(toml + "[select]\ntake = ['1', '2']\n")
    reading = corpus.read(own_task.corpus, corpus.find(own_task.corpus, None))
    facts = [
        (utterance.id, utterance.raw_label, utterance.speaker, utterance.extra)
        for utterance in reading.utterances.values()
    ]
    assert facts == [
        ("anna/freude_2", "freude", "my:anna", {"take": "2"}),
        ("anna/wut_1", "wut", "my:anna", {"take": "1"}),
    ]
    assert reading.extra == ["anna/other.wav"]
    assert own_task.task.counts == {}
    assert reading.problems == []


MISTAKES = {
    "no key": (
        'lable = "x"\n' + TOML,
        "my.toml, line 1, key 'lable': is not known; did you mean 'table'?",
    ),
    "not text": (
        "title = 5\n" + TOML,
        "my.toml, line 1, key 'title': is 5, but a text was expected",
    ),
    "version": (
        "version = 0\n" + TOML,
        "my.toml, line 1, key 'version': is 0, but a whole number from 1 was expected",
    ),
    "synthetic": (
        "synthetic = 1\n" + TOML,
        "my.toml, line 1, key 'synthetic': is 1, but true or false was expected",
    ),
    "name": (
        'name = "My Corpus"\n' + TOML,
        "my.toml, line 1, key 'name': is 'My Corpus', but up to 60 small letters, digits, '-' and "
        "'_' were expected",
    ),
    "audio": (
        TOML.replace("[columns]", 'audio = "rec"\n[columns]'),
        "my.toml, line 3, key 'audio': there is no folder '{}/rec'; the path is relative to this "
        "file",
    ),
    "language": (
        TOML.replace('"pl"', '"Polish"'),
        "my.toml, line 1, key 'language': is 'Polish', but an ISO 639 code such as 'de' was "
        "expected",
    ),
    "languages": (
        TOML.replace('"pl"', '["pl", "uk"]'),
        "my.toml, line 1, key 'language': names several languages, but no column 'language' says "
        "which row is in which",
    ),
    "no language": (
        TOML.replace('language = "pl"\n', ""),
        "my.toml, key 'language': is missing, but the verdict needs it: an ISO 639 code such as "
        "'de', or 'und'",
    ),
    "no source": (
        TOML.replace('table = "t.csv"\n', ""),
        "my.toml, key 'table': one of 'table', 'pattern', 'audformat' and 'parquet' was expected, "
        "but none is given",
    ),
    "two sources": (
        "pattern = '(?P<label>.*)'\n" + TOML,
        "my.toml, line 1, key 'pattern': one of 'table', 'pattern', 'audformat' and 'parquet' was "
        "expected, but 'table' and 'pattern' are given",
    ),
    "column key": (
        TOML.replace("[labels]", 'speeker = "who"\n[labels]'),
        "my.toml, line 6, key 'columns.speeker': is not known; did you mean 'speaker'?",
    ),
    "no column": (
        TOML.replace('label = "emo"', 'label = "emotion"'),
        "my.toml, line 5, key 'columns.label': label file 't.csv' has no column 'emotion'; did you "
        "mean 'emo'?",
    ),
    "no path": (
        TOML.replace('path = "file"\n', ""),
        "my.toml, line 3, key 'columns': has no 'path', but a table needs 'path' and 'label'",
    ),
    "template": (
        TOML.replace('"file"', '"{fil}.wav"'),
        "my.toml, line 4, key 'columns.path': label file 't.csv' has no column 'fil'; did you mean "
        "'file'?",
    ),
    "label": (
        TOML.replace('"angry"', '"a,b"'),
        "my.toml, line 7, key 'labels.wut': is 'a,b', but a label (letters, digits, "
        'blanks, "_+.-") or "DROP" was '
        "expected",
    ),
    "one label": (
        TOML.replace('"angry"', '"happy"'),
        "my.toml, line 6, key 'labels': maps to ['happy'], but a question needs two labels or more",
    ),
    "undeclared": (
        TOML.replace("freude", "trauer"),
        "my.toml, line 6, key 'labels': the raw label 'freude' (1 in all, first in label "
        "file 't.csv', line 3) is not "
        'declared: add it, with a label or "DROP"',
    ),
    "select": (
        TOML + '[select]\nset = "tset"\n',
        "my.toml, line 10, key 'select.set': no clip has 'tset'; did you mean 'test'?",
    ),
    "select key": (
        TOML + '[select]\nsex = "f"\nest = "a"\n',
        "my.toml, line 11, key 'select.est': label file 't.csv' has no column 'est'; did you mean "
        "'set'?",
    ),
    "table": (
        TOML.replace("t.csv", "u.csv"),
        "my.toml, line 2, key 'table': label file '{}/u.csv' cannot be read (No such file or "
        "directory); its path is relative to the TOML file",
    ),
    "kind": (
        TOML.replace("t.csv", "my.toml"),
        "my.toml, line 2, key 'table': label file 'my.toml' is of no known kind: .csv, .tsv, .txt, "
        ".jsonl or .json was expected",
    ),
    "syntax": ("title = \n", "my.toml: is not valid TOML: Invalid value (at line 1, column 9)"),
    "pattern": (
        f"language = 'pl'\npattern = '(?P<label>'\n{LABELS}",
        "my.toml, line 2, key 'pattern': the pattern '(?P<label>' is no regular expression: "
        "missing ), unterminated subpattern at position 0",
    ),
    "no group": (
        f"language = 'pl'\n# a remark\npattern = '(.*)'\n{LABELS}",
        "my.toml, line 3, key 'pattern': the pattern '(.*)' has no group 'label': write "
        "(?P<label>...) around what names the emotion",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_key(
    make: Callable[..., own.OwnTask], tmp_path: Path, mistake: str
) -> None:
    """If it were not, a person without Python would have to guess what is wrong with their file."""
    toml, sentence = MISTAKES[mistake]
    with pytest.raises(DataError) as caught:
        make(toml)

    assert str(caught.value) == f"{tmp_path}/" + sentence.replace("{}", str(tmp_path))


def test_all_mistakes_are_named_at_once(make: Callable[..., own.OwnTask], tmp_path: Path) -> None:
    """If only the first were named, mending a file would take as many tries as it has mistakes."""
    with pytest.raises(DataError) as caught:
        make('titel = "x"\n' + TOML.replace('"pl"', "5").replace('"angry"', "7"))

    lines = str(caught.value).split("\n")
    assert lines[0] == f"{tmp_path}/my.toml has 3 problems:"
    assert [re.search(r"line (\d+), key '(\S+)'", line).groups() for line in lines[1:]] == [  # type: ignore[union-attr]
        ("1", "titel"),
        ("2", "language"),
        ("8", "labels.wut"),
    ]


OUT = "leads out of the folder of recordings: give it relative to that folder"
ROWS = {
    "a.wav": "label file 't.csv', line 3: 1 fields were found, 4 expected, in 'a.wav'",
    "a.wav,wut,5,6": "label file 't.csv', line 3: the id 'a@5.000-6.000' stands in line 2 already",
    ",wut,,": "label file 't.csv', line 3: the path of the recording is blank (column 'file')",
    "b.wav, ,,": "label file 't.csv', line 3: the label is blank: fill it in, or add \"\" = "
    '"DROP" to '
    "[labels]",
    "../b.wav,wut,,": "label file 't.csv', line 3: the path '../b.wav' " + OUT,
    "c/../../b.wav,wut,,": "label file 't.csv', line 3: the path 'c/../../b.wav' " + OUT,
    "C:\\b.wav,wut,,": "label file 't.csv', line 3: the path 'C:\\\\b.wav' " + OUT,
    "b.wav,wut,x,": "label file 't.csv', line 3: start is 'x', but a number of seconds such as 1.5 "
    "was expected",
    "b.wav,wut,nan,": "label file 't.csv', line 3: start is 'nan', but a number of seconds such as "
    "1.5 was expected",
    "b.wav,wut,,-1": "label file 't.csv', line 3: end is '-1', but a number of seconds such as 1.5 "
    "was expected",
    "b.wav,wut,2,2": "label file 't.csv', line 3: start is 2 s and end 2 s, but the end must come "
    "after the start",
}


@pytest.mark.parametrize("row", ROWS)
def test_a_wrong_row_is_a_fault_with_its_line_and_the_others_stay(
    make: Callable[..., own.OwnTask], row: str
) -> None:
    """If a wrong row were passed over, clips would be missing from a score without a word."""
    toml = HEAD + COLUMN_LINES + 'start = "from"\nend = "to"\n' + LABELS
    own_task = make(
        toml,
        f"file,emo,from,to\na.wav,wut,{'5,6' if row.startswith('a.wav,') else ','}\n{row}\nz.wav,freude,1,\n",
    )
    utterances, problems = parsed(own_task)
    assert problems == [ROWS[row]]
    assert [utterance.audio for utterance in utterances] == ["a.wav", "z.wav"]
    assert utterances[1].id == "z@1.000-"


def test_rows_of_json_are_read_like_those_of_a_table(make: Callable[..., own.OwnTask]) -> None:
    """If null became the word None, a speaker of that name would join strangers."""
    toml = (
        TOML.replace("t.csv", "t.jsonl").replace("[labels]", 'speaker = "who"\n[labels]')
        + '0 = "sad"\n'
    )
    lines = [
        {"file": "a.wav", "emo": "wut", "who": None},
        {"file": "b.wav", "emo": 0, "who": 7, "more": [1]},
    ]
    text = "\n".join([json.dumps(lines[0]), "{", "[1]", json.dumps(lines[1])])
    utterances, problems = parsed(make(toml, text, "t.jsonl"))
    assert [(utterance.id, utterance.raw_label, utterance.speaker) for utterance in utterances] == [
        ("a", "wut", None),
        ("b", "0", "my:7"),
    ]
    assert [problem[:28] for problem in problems] == [
        f"label file 't.jsonl', line {n}" for n in (2, 3)
    ]


TIMED = TOML.replace("[labels]", 'start = "from"\n{}[labels]')


@pytest.mark.parametrize(
    ("columns", "before", "cells"),
    [
        ('end = "to"\n', "", "0.5,2"),
        ('duration = "to"\n', "", "0.5,1.5"),
        ('end = "to"\n', "units_per_second = 1000\n", "500,2000"),
        ('duration = "to"\n', "units_per_second = 16000\n", "8000,24000"),
    ],
)
def test_times_have_units(
    make: Callable[..., own.OwnTask], columns: str, before: str, cells: str
) -> None:
    """If a duration were an end, or milliseconds seconds, every clip would be another."""
    rows = f"file,emo,from,to\na.wav,wut,{cells}\nb.wav,freude,,\n"
    utterances, problems = parsed(make(before + TIMED.format(columns), rows))
    assert problems == []
    assert [(u.id, u.start, u.end) for u in utterances] == [
        ("a@0.500-2.000", 0.5, 2.0),
        ("b", None, None),
    ]


def test_an_end_and_a_duration_are_one_too_many(make: Callable[..., own.OwnTask]) -> None:
    """If one of the two were taken unsaid, half of a table would be other clips."""
    with pytest.raises(DataError, match=r"columns\.duration.*as 'end' does: remove one of the two"):
        make(TIMED.format('end = "to"\nduration = "to"\n'))


@pytest.mark.parametrize("units", ["0", "-1", "true", "'ms'", "nan", "inf"])
def test_units_are_a_number(make: Callable[..., own.OwnTask], units: str) -> None:
    """If a unit of 0 were read, a time would be a traceback."""
    with pytest.raises(DataError, match=r"'units_per_second': is .*, but a number such as 1000"):
        make(f"units_per_second = {units}\n{TOML}")


def test_what_another_machine_wrote_before_a_path_is_stripped(
    make: Callable[..., own.OwnTask],
) -> None:
    """If it were not, absolute paths would have to be edited row by row; what is left still stays
    inside the folder.
    """
    rows = "file,emo\nC:\\me\\wav\\a.wav,wut\nC:/me/../you/x.wav,freude\n"
    utterances, problems = parsed(make('strip = "C:/me/"\n' + TOML, rows))
    assert [utterance.audio for utterance in utterances] == ["wav/a.wav"]
    assert "line 3: the path 'C:/me/../you/x.wav' leads out" in problems[0]


@pytest.mark.parametrize("on_disk", ["e\u0301.wav", "\u00e9.WAV", "e\u0301.Wav"])
def test_files_are_matched_however_they_are_spelled(
    make: Callable[..., own.OwnTask], tmp_path: Path, on_disk: str
) -> None:
    """If a name from macOS were another, a corpus would be missing that is there; its id must not
    depend on the disk.
    """
    (tmp_path / on_disk).touch()
    own_task = make(TOML, "file,emo\n\u00e9.wav,wut\n")
    reading = corpus.read(own_task.corpus, tmp_path)
    assert [(u.id, u.audio) for u in reading.utterances.values()] == [("\u00e9", on_disk)]
    assert (reading.without_audio, reading.extra) == ([], [])


def test_a_missing_label_that_is_scored_is_noted(make: Callable[..., own.OwnTask]) -> None:
    """If nan were a class unsaid, models would be judged by whether they say it."""
    own_task = make(TOML + 'nan = "nan"\n', CSV + "d.wav,nan,3,test\n")
    notes = corpus.read(own_task.corpus, corpus.find(own_task.corpus, None)).notes
    assert "the raw label 'nan' of 1 clips is scored as 'nan'" in notes[0]


def test_a_sentence_for_each_speaker_is_doubted(make: Callable[..., own.OwnTask]) -> None:
    """If sentences passed for speakers, intervals would be over what nobody is."""
    rows = [f"{n}.wav,{'wut' if n % 2 else 'freude'},{n % 4},sentence {n % 4}" for n in range(12)]
    toml = TOML.replace("[labels]", 'speaker = "who"\ntext = "said"\n[labels]')
    own_task = make(toml, "\n".join(["file,emo,who,said", *rows, ""]))
    notes = corpus.read(own_task.corpus, corpus.find(own_task.corpus, None)).notes
    assert "there are as many speakers as sentences (4)" in notes[0]


def test_the_hash_covers_what_matters_and_nothing_else(make: Callable[..., own.OwnTask]) -> None:
    """If a title changed it, runs could not be compared; if a label did not, wrong ones would
    be.
    """
    first = make().task.hash
    same = ["title = 'T'\ncitation = 'C'\n" + TOML, TOML.replace("\n", "\r\n"), "# remark\n" + TOML]
    assert {make(toml).task.hash for toml in same} == {first}
    assert make(TOML, CSV.replace("\n", "\r\n").encode("utf-8-sig")).task.hash == first
    swapped = CSV.replace("wut", "X").replace("freude", "wut").replace("X", "freude")
    changed = [
        make(TOML, swapped),
        make(TOML, CSV.replace("a.wav", "d.wav")),
        make(TOML.replace('"angry"', '"sad"')),
        make(TOML.replace('"pl"', '"cs"')),
        make(TOML + '[select]\nset = "test"\n'),
        make("version = 2\n" + TOML),
        make(TOML.replace("[labels]", 'speaker = "who"\n[labels]')),
    ]
    assert len({first, *(variant.task.hash for variant in changed)}) == 8


def test_a_pattern_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it were not, a file from a stranger could hold a machine for ever."""
    monkeypatch.setattr(own_pattern, "SECONDS", 1.0)
    with pytest.raises(
        DataError, match=r"took more than 1 s for 1 file names: avoid a repeat inside a repeat"
    ):
        own_table.from_names("(?P<label>(a+)+)b", ["a" * 60 + ".wav"])


def test_labels_that_are_dropped_are_declared(make: Callable[..., own.OwnTask]) -> None:
    """If DROP were a label, clips that nobody asked about would be scored."""
    own_task = make(TOML + 'x = "DROP"\n"" = "DROP"\n', CSV + "d.wav,x,,\ne.wav,,,\n")
    assert own_task.task.label_map == {"wut": "angry", "freude": "happy", "x": DROP, "": DROP}
    assert own_task.task.expected == 2
    assert parsed(own_task)[1] == []


def test_a_family_is_that_of_the_recordings_source(make: Callable[..., own.OwnTask]) -> None:
    """If it were lost, a part of a corpus under another name would be called never seen."""
    own_task = make('family = "emodb"\n' + TOML.replace("[labels]", 'speaker = "who"\n[labels]'))
    assert own_task.corpus.card.same_as == "emodb"
    assert {utterance.speaker for utterance in parsed(own_task)[0]} == {"emodb:1", "emodb:2"}


def test_dotted_and_quoted_keys_have_lines() -> None:
    """If a dotted or quoted key were not found, its error would point nowhere."""
    text = 'columns.path = "a"\n"la\\u0062els"."x.y" = 5\n'
    lines = own_file._lines(text)
    assert lines == {("columns",): 1, ("columns", "path"): 1, ("labels",): 2, ("labels", "x.y"): 2}


def outcome(call: Callable[[], T]) -> T | str:
    """Return what a call gives, or the words of its error."""
    try:
        return call()
    except DataError as error:
        return str(error)


keys = st.sampled_from(
    ["language", "table", "pattern", "audio", "columns", "labels", "select", "name", "family", "x"]
)
values: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(
        ["pl", "t.csv", "file", "emo", "wut", "DROP", "", "\0", "..", "a" * 300, 1, -1, True, 1.5]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["path", "label", "wut", "s"]), inner, max_size=3)
    ),
    max_leaves=4,
)


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(keys, values, max_size=8))
def test_any_keys_and_values_give_a_task_or_one_sentence_each(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    """If a strange file ended in a traceback, its writer would not know which key is wrong."""
    (tmp_path / "t.csv").write_text(CSV)
    path = tmp_path / "my.toml"
    path.write_text("".join(f"{key} = {inline(value)}\n" for key, value in record.items()))
    result = outcome(lambda: own.load(path))
    assert isinstance(result, own.OwnTask) or str(path) in result


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from(["t.csv", "t.tsv", "t.jsonl"]),
    st.integers(0, len(CSV)),
)
def test_any_bytes_give_rows_or_faults_with_a_line(
    tmp_path: Path, noise: bytes, name: str, place: int
) -> None:
    """If a damaged table were read in part without a word, a score would be over other clips than
    its reader thinks.
    """
    whole = CSV.encode()
    for data in (noise, whole[:place] + noise + whole[place:]):
        result = outcome(partial(own_table.parse, name, data))
        if isinstance(result, str):
            assert repr(name) in result
            continue

        for row in result.rows:
            place_named = row.sentence if isinstance(row, Fault) else row.where
            assert re.match(rf"label file '{re.escape(name)}', line \d+", place_named)


@given(
    st.lists(
        st.text(
            st.characters(exclude_characters='\0\r\n",', exclude_categories=["Cs"]), min_size=1
        ),
        min_size=1,
    )
)
def test_what_a_table_holds_comes_out(names: list[str]) -> None:
    """If a value changed on its way, a path would not be found or a label be undeclared."""
    data = "\ufefffile,emo\r\n" + "".join(f'"{name}",wut\r\n' for name in names)
    table = own_table.parse("t.csv", data.encode())
    rows = [row.values["file"] for row in table.rows if isinstance(row, own_table.OwnRow)]
    assert rows == [name.strip() for name in names]


def test_a_corpus_of_ones_own_says_whose_clips_a_model_may_hear_before(
    make: Callable[..., own.OwnTask],
) -> None:
    """Else 'other speakers' would be drawn where its speakers are known to be one."""
    assert make(f'adapt = "same speakers"\n{TOML}').task.adapt == "same speakers"
    with pytest.raises(DataError, match=r"'adapt': is .*, but \"same speakers\" or \"other"):
        make(f'adapt = "anybody"\n{TOML}')
