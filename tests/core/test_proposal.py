"""What `init-task` sees in a folder; what it proposes loads; and databases as the audformat library
writes them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mserbench.data import corpus, lookup
from mserbench.data.own import audformat as own_audformat
from mserbench.data.own import codes, proposal, proposed_table
from mserbench.data.own import definition as own
from mserbench.data.own import settings as own_file
from mserbench.data.own import words as proposal_words
from mserbench.data.trees import Folder
from mserbench.errors import DataError
from mserbench.labels import CANONICAL


def touch(folder: Path, names: Sequence[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()

    return folder


def proposed(folder: Path, language: str = "und") -> tuple[dict, own.OwnTask, list[str]]:
    """Return what is proposed as TOML reads it, the task that it loads as, and the doubts."""
    proposed_file = proposal.examine(folder)
    if proposed_file.refusal:
        raise DataError(proposed_file.refusal)

    text = proposal.write(
        proposed_file,
        folder.parent / "p.toml",
        "p",
        "" if proposed_file.knows_language else language,
    )
    own_task = own.build(own_file.parse(text.encode(), folder.parent / "p.toml"))

    return tomllib.loads(text), own_task, proposed_file.findings.doubts


EMOTIONS = ["Wut", "Freude", "Trauer", "neutral"]
MEANT = {"Wut": "angry", "Freude": "happy", "Trauer": "sad", "neutral": "neutral"}


def test_a_table_that_lists_the_files_is_found_with_its_columns(tmp_path: Path) -> None:
    """If a column were taken for another, the proposal would be worse than none."""
    folder = tmp_path / "c"
    rows = [
        (f"{spk}/{n}.wav", spk, emo) for spk in ("anna", "ben") for n, emo in enumerate(EMOTIONS)
    ]
    touch(folder, ["audio/" + path for path, _, _ in rows] + ["audio/anna/extra.wav"])
    lines = [
        f"{n % 4},{spk},{emo},{'train' if spk == 'anna' else 'test'},f,de"
        for n, (_, spk, emo) in enumerate(rows)
    ]
    (folder / "more").mkdir()
    (folder / "more" / "meta.csv").write_text(
        "nr;Speaker ID;Emotion;Set;gender;lang\n".replace(";", ",") + "\n".join(lines)
    )
    record, own_task, doubts = proposed(folder)
    assert record["table"] == "c/more/meta.csv"
    assert record["columns"] == {
        "path": "audio/{Speaker ID}/{nr}.wav", "label": "Emotion", "speaker": "Speaker ID",
        "split": "Set",
        "sex": "gender", "language": "lang",
    }  # fmt: skip
    assert record["labels"] == MEANT
    assert "language" not in record
    assert doubts == ["1 audio files have no row in meta.csv".replace("meta", "more/meta")]
    reading = corpus.read(own_task.corpus, corpus.find(own_task.corpus, None))
    assert (len(reading.utterances), reading.without_audio, reading.extra) == (
        8,
        [],
        ["audio/anna/extra.wav"],
    )


def test_codes_are_mapped_to_themselves_and_marked(tmp_path: Path) -> None:
    """If a code were guessed, a label would be wrong; if it were left away, the proposal would not
    load.
    """
    touch(tmp_path / "c", [f"{n}.wav" for n in range(6)])
    (tmp_path / "c" / "t.csv").write_text(
        "file,label\n" + "".join(f"{n}.wav,{n % 2}\n" for n in range(5)) + "5.wav,\n"
    )
    proposed_file = proposal.examine(tmp_path / "c")
    text = proposal.write(proposed_file, tmp_path / "p.toml", "p", "pl")
    assert '"0" = "0"  # look at this\n"1" = "1"  # look at this\n' in text
    assert '"" = "DROP"\n' in text
    assert own.build(own_file.parse(text.encode(), tmp_path / "p.toml")).task.counts == {
        "0": 3,
        "1": 2,
    }


NAMES = {
    "folders": (
        [f"{e}/x{s}_{n}.wav" for e in EMOTIONS for s in "ab" for n in (1, 2)],
        {"anger"},
        {"xa", "xb"},
    ),
    "actors": (
        [f"Actor_{s}/{n}-{e}.wav" for e in EMOTIONS for s in ("01", "02") for n in (1, 2)],
        set(),
        {"01", "02"},
    ),
    "joined": (
        [f"s{s}{e}{n}.wav" for e in EMOTIONS for s in (1, 2, 3) for n in (1, 2)],
        set(),
        {"s1", "s2", "s3"},
    ),
    "sex first": (
        [f"{x}_{s}_{e}.wav" for e in EMOTIONS for x, s in (("f", 8), ("m", 9))],
        set(),
        {"8", "9"},
    ),
    "split": (
        [f"{p}/k{s}_{e}.wav" for e in EMOTIONS for p, s in (("train", 8), ("test", 9))],
        set(),
        {"k8", "k9"},
    ),
}


@pytest.mark.parametrize("kind", NAMES)
def test_emotion_words_and_speakers_in_names_are_found(tmp_path: Path, kind: str) -> None:
    """If a session or a take were called the speaker, intervals would be over the wrong units."""
    names, _, speakers = NAMES[kind]
    record, own_task, _ = proposed(touch(tmp_path / "c", names))
    assert record["labels"] == MEANT
    utterances = list(corpus.read(own_task.corpus, tmp_path / "c").utterances.values())
    assert len(utterances) == len(names)
    assert {utterance.speaker for utterance in utterances} == {f"p:{name}" for name in speakers}
    assert all(utterance.raw_label in utterance.audio for utterance in utterances)

    if kind == "split":
        assert {utterance.split for utterance in utterances} == {"train", "test"}

    if kind == "sex first":
        assert {(utterance.speaker, utterance.sex) for utterance in utterances} == {
            ("p:8", "f"),
            ("p:9", "m"),
        }


def test_a_guess_is_said_to_be_one(tmp_path: Path) -> None:
    """If a guess passed for knowledge, nobody would look."""
    names, _, _ = NAMES["folders"]
    _, _, doubts = proposed(touch(tmp_path / "c", [*names, "deep/er/odd.wav"]))
    assert doubts == [
        "the speaker is a guess by its place in the names, such as 'xa', 'xb' (1 other parts could "
        "be it as well)",
        "1 audio files have other names and are left out, such as 'deep/er/odd.wav'",
    ]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "holds no audio file: 3gp, aac, aif, aifc, aiff"),
        (["03a01Wa.wav", "03a01Fa.wav"], "no labels were found for the 2 audio files"),
        (["wut/1.wav", "wut/2.wav"], "no labels were found for the 2 audio files"),
    ],
)
def test_a_folder_without_labels_says_what_was_looked_for(
    tmp_path: Path, names: list[str], words: str
) -> None:
    """If a proposal without labels were written, its first use would fail elsewhere."""
    (tmp_path / "c").mkdir()
    with pytest.raises(DataError) as caught:
        proposed(touch(tmp_path / "c", names))

    assert words in str(caught.value)
    assert "lies beside" not in str(caught.value)


def test_a_table_beside_the_folder_is_pointed_to(tmp_path: Path) -> None:
    """Whoever names the folder of recordings alone would not learn why nothing was found."""
    folder = touch(tmp_path / "calls", ["1.wav", "2.wav"])
    (tmp_path / "labels.csv").write_text("file,emotion\n1.wav,Wut\n2.wav,Freude\n")
    with pytest.raises(DataError, match=r"'labels.csv' lies beside that folder: 'mserbench init"):
        proposed(folder)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), max_size=12
        ),
        min_size=2,
        max_size=6,
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_whatever_the_labels_are_the_proposal_loads(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str], delimiter: str
) -> None:
    """If it did not, its reader would have to mend what a program wrote."""
    folder = tmp_path_factory.mktemp("any") / "c"
    touch(folder, [f"{n}.wav" for n in range(len(labels))])
    quoted = ['"' + label.replace('"', '""') + '"' for label in labels]
    rows = [f"{n}.wav{delimiter}{label}\n" for n, label in enumerate(quoted)]
    (folder / "t.csv").write_text(f"file{delimiter}emotion\n" + "".join(rows), encoding="utf-8")

    try:
        own_task = proposed(folder)[1]
    except DataError as error:
        refusal = str(error)
    else:
        assert own_task.task.expected == sum(own_task.task.counts.values())
        return

    assert "but a question needs two or more" in refusal or "no column holds emotions" in refusal


def test_the_words_name_labels_that_exist() -> None:
    """If a word led to a misspelt label, two corpora could not be compared."""
    extra = {"calm", "boredom", "enthusiasm", "excited", "frustrated"}
    assert set(proposal_words._WORDS.values()) == {*CANONICAL, *extra}
    assert all(word == word.casefold() for word in proposal_words._WORDS)


def table_of(folder: Path, header: str, lines: Sequence[str], name: str = "t.csv") -> Path:
    """Touch six recordings and write a table with a line for each, `{}` standing for its path."""
    names = [f"wav/{n}.wav" for n in range(len(lines))]
    touch(folder, names)
    rows = [line.format(path) for line, path in zip(lines, names, strict=True)]
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


WORDS = ["{},Wut", "{},Freude", "{},Trauer"] * 2


def test_a_readme_names_language_and_licence(tmp_path: Path) -> None:
    """If what the README says were not read, its reader would type it, or leave it out."""
    folder = table_of(tmp_path / "c", "file,emotion", WORDS)
    (folder / "README.md").write_text("Six actors speak German. Licence: CC BY-NC-SA 4.0.\n")
    proposed_file = proposal.examine(folder)
    text = proposal.write(proposed_file, tmp_path / "p.toml", "p", "de")
    assert 'language = "de"  # look at this: by README.md\n' in text
    assert 'licence = "CC-BY-NC-SA-4.0"  # look at this\n' in text


def test_a_readme_of_two_languages_tells_none(tmp_path: Path) -> None:
    """If the first language of a text were taken, the verdict would rest on a chance."""
    folder = table_of(tmp_path / "c", "file,emotion", WORDS)
    (folder / "README").write_text("German speech, with English translations.")
    assert not proposal.examine(folder).findings.languages


def test_recordings_of_a_corpus_that_is_installed_are_recognised(tmp_path: Path) -> None:
    """If they were not, a model trained on that corpus would be tested on it as if unseen."""
    card = lookup.corpus("emodb").card
    names = [f"{identity}.wav" for identity in corpus.inventory(card)]
    proposed_file = proposal.examine(touch(tmp_path / "c", names))
    assert proposed_file.refusal
    text = proposal.write(proposed_file, tmp_path / "p.toml", "p", "de")
    assert 'family = "emodb"  # look at this\n' in text
    assert any("535 of 535 files are called like those of corpus 'emodb'" in reason
               for reason in proposed_file.reasons)  # fmt: skip


@pytest.mark.parametrize(
    ("word", "label"),
    [("frohlich", "happy"), ("froehlich", "happy"), ("Fröhlich", "happy"), ("uzgun", "sad"),
     ("fro\u0308hlich", "happy"), ("degout", "disgust"), ("w3", None)],
)  # fmt: skip
def test_words_are_known_without_their_marks(word: str, label: str | None) -> None:
    """If `frohlich` were no word, whoever has no ö on their keys would map labels by hand."""
    assert proposal_words.emotion(word) == label


def test_codes_that_publishers_read_differently_are_not_guessed() -> None:
    """If F were joy for one and fear for another, a guess would turn labels around."""
    reading = codes.read("code", {"A", "F", "N", "S"})
    assert reading is not None
    assert reading.meanings == {"A": "angry", "F": "fear", "N": "neutral", "S": "sad"}
    berlin = codes.read("code", {"F", "N", "T"})  # no other system has T and F
    assert berlin is not None
    assert berlin.systems == ("EmoDB",)
    ambiguous = codes.read("code", {"A", "N", "F"})
    assert ambiguous is not None
    assert ambiguous.meanings == {"N": "neutral"}
    msp = codes.read("EmoClass", {"A", "X"})
    assert msp is not None
    assert msp.meanings == {"A": "angry", "X": ""}


def test_a_refused_folder_leaves_a_skeleton_with_the_reasons(tmp_path: Path) -> None:
    """If nothing were written, its reader would begin with an empty file and no reason."""
    lines = [f"{{}},{n}.5,x" for n in range(6)]
    proposed_file = proposal.examine(table_of(tmp_path / "c", "file,valence,who", lines))
    text = proposal.write(proposed_file, tmp_path / "p.toml", "p", "de")
    assert tomllib.loads(text) == {
        "name": "p", "title": "p", "language": "de", "licence": "unknown", "audio": "c",
        "labels": {},
    }  # fmt: skip
    assert "t.csv: column 'file' names 6 of 6 files, but no column holds emotions" in text
    assert "'valence' (numbers, 6 different: a task is one of classes)" in text


def test_a_table_too_large_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it were skipped unsaid, the labels of names of files would be taken for those of it."""
    monkeypatch.setattr(proposed_table, "_MOST_BYTES", 10)
    refusal = proposal.examine(table_of(tmp_path / "c", "file,emotion", WORDS)).refusal
    assert "t.csv: has 0 MB, and only tables of up to 0 MB are looked at" in refusal


def test_labels_in_a_column_each_are_joined(tmp_path: Path) -> None:
    """If a one-hot table were refused, the tables of many toolkits would be."""
    hot = ["{},1,0,0", "{},0,1,0", "{},0,0,1"] * 2
    folder = table_of(tmp_path / "c", "file,anger,joy,sadness", hot)
    record, own_task, doubts = proposed(folder)
    assert record["columns"]["label"] == ["anger", "joy", "sadness"]
    assert own_task.task.counts == {"angry": 2, "happy": 2, "sad": 2}
    assert "one-hot" in doubts[0]


def test_rows_with_two_labels_or_fractions_are_faults(tmp_path: Path) -> None:
    """If one of two labels were taken, which one would be chance."""
    folder = table_of(tmp_path / "c", "file,anger,joy", ["{},1,0", "{},0,1", "{},1,1", "{},0.3,1"])
    (tmp_path / "p.toml").write_text(
        'language = "de"\naudio = "c"\ntable = "c/t.csv"\n[columns]\npath = "file"\n'
        'label = ["anger", "joy"]\n[labels]\nanger = "angry"\njoy = "happy"\n'
    )
    _, faults = corpus.parse(own.load(tmp_path / "p.toml").corpus, Folder(folder))
    assert [fault.sentence for fault in faults] == [
        "label file 't.csv', line 4: 'anger' and 'joy' are 1, but a recording has one label",
        "label file 't.csv', line 5: column 'anger' is '0.3', but 1 or 0 was expected, as the "
        "labels stand in a column each",
    ]


# audformat

audformat = pytest.importorskip("audformat", reason="the extra audformat is not installed")


@pytest.fixture
def database(tmp_path: Path):
    import pandas as pd

    db = audformat.Database(
        "berlin", source="test", usage="research", languages=["deu"], license="CC0-1.0"
    )
    db.schemes["emotion"] = audformat.Scheme(labels={"anger": {}, "joy": {}, "none": {}})
    db.schemes["code"] = audformat.Scheme("int", labels={0: "anger", 1: "joy"})
    db.splits["t1"] = audformat.Split("train")
    people = audformat.MiscTable(pd.Index(["s1", "s2"], name="person", dtype="string"))
    db["people"] = people
    db["people"]["gender"] = audformat.Column()
    db["people"]["gender"].set(["female", "male"])
    db.schemes["who"] = audformat.Scheme("str", labels="people")
    names = ["a/1.wav", "a/2.wav", "b/3.wav"]
    db["files"] = audformat.Table(audformat.filewise_index(names))
    db["files"]["speaker"] = audformat.Column(scheme_id="who")
    db["files"]["speaker"].set(["s1", "s1", "s2"])
    db["emotion.train"] = audformat.Table(audformat.filewise_index(names), split_id="t1")
    db["emotion.train"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["emotion.train"]["emotion"].set(["anger", "joy", None])
    db["parts"] = audformat.Table(
        audformat.segmented_index(names, ["0s", "0.25s", "1s"], ["0.5s", pd.NaT, "2s"])
    )
    db["parts"]["code"] = audformat.Column(scheme_id="code")
    db["parts"]["code"].set([0, 1, 1])
    touch(tmp_path / "db", names)

    return db


def own_toml(tmp_path: Path, table: str, label: str, labels: str) -> own.OwnTask:
    path = tmp_path / "my.toml"
    columns = f'[columns]\nlabel = "{label}"\nspeaker = "files.speaker"\n'
    path.write_text(f'audformat = "db"\ntable = "{table}"\n{columns}[labels]\n{labels}')

    return own.load(path)


@pytest.mark.parametrize("storage", ["csv", "parquet"])
def test_a_database_gives_the_same_rows_as_its_own_library(
    tmp_path: Path, database, storage: str
) -> None:
    """If times, splits, speakers or sexes were read otherwise, this would be another corpus than
    its publisher's.
    """
    database.save(str(tmp_path / "db"), storage_format=storage)
    own_task = own_toml(tmp_path, "parts", "code", '0 = "angry"\n1 = "happy"\n')
    utterances = corpus.utterances(own_task.corpus, Folder(tmp_path / "db"))
    theirs = audformat.Database.load(str(tmp_path / "db"))["parts"].get().reset_index()
    ends = [None if end != end else end.total_seconds() for end in theirs["end"]]
    assert [utterance.audio for utterance in utterances] == list(theirs["file"])
    assert [utterance.start for utterance in utterances] == [
        start.total_seconds() for start in theirs["start"]
    ]
    assert [utterance.end for utterance in utterances] == ends == [0.5, None, 2.0]
    assert [utterance.raw_label for utterance in utterances] == [
        str(code) for code in theirs["code"]
    ]
    assert [(utterance.speaker, utterance.sex, utterance.language) for utterance in utterances] == [
        ("my:s1", "f", "de"), ("my:s1", "f", "de"), ("my:s2", "m", "de"),
    ]  # fmt: skip
    whole = own_toml(
        tmp_path, "emotion.train", "emotion", 'anger = "angry"\njoy = "happy"\n"" = "DROP"\n'
    )
    labelled = corpus.utterances(whole.corpus, Folder(tmp_path / "db"))
    assert [(utterance.id, utterance.raw_label, utterance.split) for utterance in labelled] == [
        ("a/1", "anger", "train"),
        ("a/2", "joy", "train"),
        ("b/3", "", "train"),
    ]


def test_both_formats_are_one_question(tmp_path: Path, database) -> None:
    """If the hash changed with the format of a file, equal runs would look different."""
    hashes = set()
    for storage in ("csv", "parquet"):
        database.save(str(tmp_path / "db"), storage_format=storage)
        hashes.add(own_toml(tmp_path, "parts", "code", '0 = "angry"\n1 = "happy"\n').task.hash)
        for path in (tmp_path / "db").glob("db.*.csv"):
            path.unlink()

    assert len(hashes) == 1


def test_a_pickled_table_is_never_opened(tmp_path: Path, database) -> None:
    """If it were, a database from a stranger could run code."""
    database.save(str(tmp_path / "db"), storage_format="pkl")
    with pytest.raises(
        DataError,
        match=r"table 'files' is only there as db\.files\.pkl, a pickle, which may run code",
    ):
        own_toml(tmp_path, "parts", "code", '0 = "angry"\n1 = "happy"\n')


def test_a_header_that_asks_for_objects_is_refused(tmp_path: Path) -> None:
    """If it were read as audformat itself reads it, a database from a stranger could run code."""
    (tmp_path / "db.yaml").write_text(
        f"tables: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n"
    )
    with pytest.raises(DataError, match="cannot be read: could not determine a constructor"):
        own_audformat.open_database(tmp_path)

    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "tables: 5", "tables: {a: [", "\0", "a: &a [*a]", "tables: {a: 5, 7: {}}"]
)
def test_a_strange_header_gives_a_sentence(tmp_path: Path, text: str) -> None:
    """If it ended in a traceback, its reader would not know which file is damaged."""
    (tmp_path / "db.yaml").write_text(text)
    with pytest.raises(DataError, match=r"header|audformat"):
        own_audformat.read(own_audformat.open_database(tmp_path), ["a"], {"label": "x"})


def test_a_table_of_a_name_longer_than_any_file_is_said_to_be_absent(tmp_path: Path) -> None:
    """If the system's own error came through, `init-task` would say nothing of the folder."""
    name = "e" * 500
    (tmp_path / "db.yaml").write_text(f"tables: {{{name}: {{columns: {{x: {{}}}}}}}}")
    with pytest.raises(DataError, match=r"table 'e{200}' has no file db\.e{200}\.csv"):
        own_audformat.read(own_audformat.open_database(tmp_path), [name], {"label": "x"})


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_damaged_table_of_a_database_gives_a_sentence(
    tmp_path: Path, database, ending: str
) -> None:
    """If it were read in part, clips would be missing without a word."""
    database.save(str(tmp_path / "db"), storage_format=ending)
    path = tmp_path / "db" / f"db.parts.{ending}"
    path.write_bytes(path.read_bytes()[:40] + b"\0")

    with pytest.raises(DataError, match=rf"my\.toml, line 2, key 'table': .*db\.parts\.{ending}"):
        own_toml(tmp_path, "parts", "code", '0 = "angry"\n1 = "happy"\n')


def test_a_database_is_proposed_with_what_its_header_knows(tmp_path: Path, database) -> None:
    """If the header's language or the speakers of another table were lost, verdict and intervals
    would suffer.
    """
    database.save(str(tmp_path / "db"), storage_format="csv")
    record, own_task, _ = proposed(tmp_path / "db")
    assert record["audformat"] == "db"
    assert record["columns"]["speaker"] == "files.speaker"
    assert (record["table"], record["columns"]["label"], record["licence"]) == (
        "parts",
        "code",
        "CC0-1.0",
    )
    assert record["labels"] == {"0": "angry", "1": "happy"}
    assert own_task.task.languages == ("de",)
