"""Corpora in Parquet shards: which bytes a row means, what is read of them, what is refused how."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sets import COLUMNS, SCHEMA, row, tone, write_set
from pyarrow import parquet

from mserbench.data import audio, corpus, dataset, lookup, verification
from mserbench.data.own import definition as own
from mserbench.data.own import parquet as own_parquet
from mserbench.data.shards import names, recordings
from mserbench.data.shards import shard as shards
from mserbench.errors import DataError, UsageError

Cli = Callable[..., Any]


@pytest.fixture(autouse=True)
def forgotten() -> None:
    lookup._owned.clear()
    recordings._kept.forget()


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A set of 20 French and 20 German rows, in groups of eight."""
    rows = [row(number, language) for language in ("fr", "de") for number in range(20)]
    return write_set(tmp_path / "m5", rows, name="m5")


def shard_of(folder: Path, language: str = "fr") -> Path:
    return folder / "data" / f"{language}-00000.parquet"


def verified(folder: Path) -> verification.Verification:
    source = lookup.corpus(str(folder))
    return verification.verify(source, corpus.find(source, None))


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], None], **options: Any) -> None:
    """Write a shard anew with its rows changed."""
    rows = parquet.read_table(path).to_pylist()
    change(rows)
    parquet.write_table(pa.Table.from_pylist(rows, SCHEMA), path, **options)


def test_a_row_has_the_sound_that_its_bytes_hold(made: Path) -> None:
    """If a row gave another's sound, models would learn wrong labels, and nobody would see it."""
    target = dataset.load(lookup.task(str(made)), None)
    assert len(target.items) == 40
    for item in target.items:
        number, language = item.utterance.id.split("/")[1:]
        expected = row(int(number.removeprefix("clip-")), language)
        (made / "alone.flac").write_bytes(expected["audio"]["bytes"])
        alone = audio.read(made / "alone.flac")
        assert item.facts.key == alone.key
        np.testing.assert_array_equal(item.clip("m5").waveform, audio.to_clip(alone))
        assert (item.label, item.utterance.language) == (expected["emotion"], language)
        assert item.utterance.speaker == f"m5:{expected['speaker']}"


def test_the_digest_is_that_of_the_same_recordings_as_files(made: Path, tmp_path: Path) -> None:
    """Equal data has an equal digest, in whatever it is packed, and in however many shards."""
    packed = verified(made)
    folder = tmp_path / "files"
    folder.mkdir()
    lines = []
    for language in ("fr", "de"):
        for entry in parquet.read_table(shard_of(made, language)).to_pylist():
            name = entry["id"].replace("/", "-") + ".flac"
            (folder / name).write_bytes(entry["audio"]["bytes"])
            lines.append(f"{name},{entry['id']},{entry['emotion']},{language}")

    (folder / "t.csv").write_text("file,id,emo,lang\n" + "\n".join(lines) + "\n")
    (folder / "loose.toml").write_text(
        'language = ["de", "fr"]\ntable = "t.csv"\n[columns]\npath = "file"\nid = "id"\n'
        'label = "emo"\nlanguage = "lang"\n[labels]\n'
        + "".join(f'{word} = "{word}"\n' for word in ("angry", "happy", "neutral", "sad"))
    )
    loose = own.load(folder / "loose.toml").corpus
    assert verification.verify(loose, folder).digest == packed.digest
    assert packed.problems == ()

    table = parquet.read_table(shard_of(made))
    parquet.write_table(table.slice(0, 7), shard_of(made).with_name("fr-a.parquet"))
    parquet.write_table(table.slice(7), shard_of(made).with_name("fr-b.parquet"))
    shard_of(made).unlink()
    assert verified(made).digest == packed.digest


@pytest.mark.parametrize("typed", ["m5", "./m5", "m5/", "m5/corpus.toml"])
def test_a_folder_of_a_set_is_taken_as_its_file_is(
    made: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    """The commands name the folder that `m5ser build` wrote, as one types it."""
    monkeypatch.chdir(made.parent)
    assert lookup.task(typed).name == "m5"
    assert lookup.corpus(typed).card.synthetic
    assert lookup.task(f"{typed}:train").part == "split.train"


def test_a_registered_name_is_not_taken_for_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a folder that happens to lie here would take the place of a corpus of the board."""
    write_set(tmp_path / "emodb", [row(number) for number in range(4)], name="other")
    monkeypatch.chdir(tmp_path)
    assert lookup.task("emodb").corpus == "emodb"
    assert lookup.task("./emodb").corpus == "other"


def test_the_commands_take_a_folder(
    made: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path
) -> None:
    """train, run, audit, data verify and croissant as the issue types them."""
    monkeypatch.chdir(made.parent)
    assert cli("data", "verify", "m5").code == 0
    assert cli("audit", "m5").code == 0
    assert "**/*.parquet" in cli("croissant", "m5").out
    weights = tmp_path / "w"
    assert cli("train", "--model", "logmel", "--on", "m5", "--out", weights).code == 0
    manifest = json.loads((weights / "manifest.json").read_text())
    assert manifest["on"] == ["m5"]
    ran = cli("run", "--model", "logmel", "--weights", weights, "--task", "m5:train")
    assert "leaked" in ran.out


def test_labels_are_read_without_the_recordings(made: Path) -> None:
    """A thousand hours of recordings must not be read to know what they are."""
    data = bytearray(shard_of(made).read_bytes())
    metadata = parquet.read_metadata(shard_of(made))
    for group in range(metadata.num_row_groups):
        chunk = next(
            metadata.row_group(group).column(i)
            for i in range(metadata.num_columns)
            if metadata.row_group(group).column(i).path_in_schema == "audio.bytes"
        )
        first = chunk.dictionary_page_offset or chunk.data_page_offset
        data[first : first + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size

    shard_of(made).write_bytes(data)
    assert len(own.load(made / "corpus.toml").task.counts) == 4
    told = verified(made)
    assert len(told.problems) == 20
    assert all("clip 'demo-en/clip-" in problem for problem in told.problems)


def test_a_recording_that_is_broken_is_told_with_shard_and_id(made: Path) -> None:
    """One bad row of thousands is that row's problem, and the others are in order."""

    def damage(rows: list[dict[str, Any]]) -> None:
        rows[3]["audio"]["bytes"] = rows[3]["audio"]["bytes"][:900]
        rows[4]["audio"]["bytes"] = b"no sound"
        rows[5]["audio"]["bytes"] = None
        rows[6]["audio"] = None

    rewrite(shard_of(made), damage)
    told = verified(made)
    assert len(told.problems) == 4
    for number, problem in zip((3, 4, 5, 6), told.problems, strict=True):
        assert problem.startswith(f"clip 'demo-en/clip-{number:04d}/fr': ")
        assert "fr-00000.parquet" in problem

    assert "row 5 of parquet shard" in told.problems[2]
    assert told.scored is None
    with pytest.raises(DataError, match="4 problem"):
        dataset.load(lookup.task(str(made)), None)

    assert len(dataset.load(lookup.task(str(made)), None, allow_partial=True).items) == 36


def test_a_shard_that_is_written_anew_is_read_anew(made: Path) -> None:
    """Bytes that were kept must not stand for others that lie there now."""
    place = shard_of(made).with_name("fr-00000.parquet#0")
    before = audio.read(place).key
    rewrite(shard_of(made), lambda rows: rows.reverse())
    assert audio.read(place).key != before
    assert audio.read(place.with_name("fr-00000.parquet#19")).key == before


def test_no_more_row_groups_are_kept_than_fit(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory that recordings take must not grow with the set."""
    monkeypatch.setattr(recordings, "BUDGET", 60_000)
    for number in range(20):
        audio.read(shard_of(made).with_name(f"fr-00000.parquet#{number}"))
        audio.read(shard_of(made).with_name(f"de-00000.parquet#{number}"))

    kept = recordings._kept
    assert kept.size == sum(group.size for group in kept.groups.values())
    assert len(kept.groups) == 1 or kept.size <= 60_000


def test_threads_share_shards(made: Path) -> None:
    """Indexing decodes by threads: two that read one shard must not get each other's bytes."""
    expected = {n: audio.read(shard_of(made).with_name(f"fr-00000.parquet#{n}")).key
                for n in range(20)}  # fmt: skip
    recordings._kept.forget()
    wrong: list[int] = []

    def read(order: Sequence[int]) -> None:
        for number in order:
            path = shard_of(made).with_name(f"fr-00000.parquet#{number}")
            if audio.read(path).key != expected[number]:
                wrong.append(number)

    orders = (range(20), range(19, -1, -1), [*range(0, 20, 2), *range(1, 20, 2)])
    threads = [threading.Thread(target=read, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_set_of_datasets_has_the_names_of_its_classes(tmp_path: Path) -> None:
    """The hub's sets hold labels as numbers: their names stand in the schema."""
    folder = tmp_path / "hf" / "data"
    folder.mkdir(parents=True)
    features = {"label": {"names": ["angry", "happy"], "_type": "ClassLabel"}}
    schema = pa.schema(
        [
            ("speech", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("label", pa.int64()),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    for part, numbers in (("train", range(4)), ("test", range(4, 6))):
        rows = [
            {"speech": {"bytes": tone(n, kind="WAV"), "path": f"{n}.wav"}, "label": n % 2}
            for n in numbers
        ]
        rows[-1]["label"] = -1 if part == "test" else rows[-1]["label"]
        parquet.write_table(
            pa.Table.from_pylist(rows, schema), folder / f"{part}-00000-of-00001.parquet"
        )

    (tmp_path / "hf.toml").write_text(
        'language = "fr"\nparquet = "hf"\n[columns]\nlabel = "label"\naudio = "speech"\n'
        'id = "speech.path"\n[labels]\nangry = "angry"\nhappy = "happy"\n"" = "DROP"\n'
    )
    target = dataset.load(lookup.task(str(tmp_path / "hf.toml")), None)
    assert [(item.utterance.id, item.label) for item in target.items] == [
        ("0.wav", "angry"), ("1.wav", "happy"), ("2.wav", "angry"), ("3.wav", "happy"),
        ("4.wav", "angry"),
    ]  # fmt: skip
    assert [item.utterance.split for item in target.items] == [*["train"] * 4, "test"]
    assert target.items[0].utterance.audio == "data/train-00000-of-00001.parquet#speech:0"


def test_a_file_is_proposed_for_shards(made: Path, tmp_path: Path, cli: Cli) -> None:
    """A stranger points at a folder of the hub and scores a model on it; what the speech was made
    from is not forgotten.
    """
    told = cli("init-task", made, "--out", tmp_path / "it.toml", "--name", "it")
    assert told.code == 0
    text = (tmp_path / "it.toml").read_text()
    for line in ('parquet = "m5"', 'label = "emotion"', 'derived_audio = "derived_audio"'):
        assert line in text
    assert cli("data", "verify", tmp_path / "it.toml").code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('parquet = "data"', 'parquet = "nowhere"'), "no folder"),
        (('parquet = "data"', 'parquet = "empty"'), "holds no Parquet file among 0 files"),
        (('parquet = "data"', 'parquet = "data"\naudio = "data"'), "the recordings lie in the"),
        (('parquet = "data"', 'parquet = "data"\ntable = "x.csv"'), "'table' and 'parquet' are"),
        (('label = "emotion"', 'label = "emotoin"'), "did you mean 'emotion'?"),
        (('label = "emotion"', 'label = "emotion"\naudio = "sound"'), "its columns of bytes are"),
        (('label = "emotion"', 'label = "emotion"\npath = "id"'), "key 'columns.path': is not"),
        (('sad = "sad"', 'sda = "sad"'), "the raw label 'sad' (10 in all, first in parquet shard"),
        (("[labels]", '[select]\nspeker = "s1"\n[labels]'), "has no column 'speker'"),
    ],
)
def test_a_mistake_is_one_sentence(made: Path, change: tuple[str, str], words: str) -> None:
    """Whoever writes the file by hand must learn which key is wrong."""
    (made / "empty").mkdir()
    file = made / "corpus.toml"
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(DataError) as raised:
        own.load(file)

    assert words in str(raised.value)
    assert str(raised.value).startswith(str(file))


def test_a_shard_that_lacks_what_others_have_is_named(made: Path) -> None:
    """Else half of a set would silently have no speaker."""
    table = parquet.read_table(shard_of(made)).drop_columns(["speaker"])
    parquet.write_table(table, shard_of(made))
    with pytest.raises(DataError, match=r"'fr-00000.parquet' has no column 'speaker'"):
        own.load(made / "corpus.toml")


def test_two_rows_of_one_id_are_told(made: Path) -> None:
    """A row that is there twice would count twice."""
    rewrite(shard_of(made), lambda rows: rows[7].update(id=rows[2]["id"]))
    reading = corpus.read(lookup.corpus(str(made)), made / "data")
    assert any(
        "row 7: the id 'demo-en/clip-0002/fr' stands in row 2" in p for p in reading.problems
    )


def test_two_sets_of_one_name_are_refused(made: Path, tmp_path: Path) -> None:
    """They would share runs and cached facts."""
    other = write_set(tmp_path / "again", [row(number) for number in range(8)], name="m5")
    lookup.task(str(made))
    with pytest.raises(UsageError, match="is that of"):
        lookup.task(str(other))


def test_a_set_is_named_by_its_folder(made: Path) -> None:
    """`corpus.toml` is what the file of every set is called."""
    file = made / "corpus.toml"
    file.write_text(file.read_text().replace('name = "m5"\n', ""))
    assert own.load(file).task.name == "m5"


@given(
    shard=st.from_regex(r"([a-z#/. ]{0,12}/)?[a-z#]{1,8}\.parquet", fullmatch=True),
    number=st.integers(0, 10**9),
    column=st.from_regex(r"[\w .-]{1,12}", fullmatch=True),
)
def test_a_name_of_a_row_means_that_row(shard: str, number: int, column: str) -> None:
    """A name that is read otherwise than it was written is another recording."""
    name = names.name_of(shard, number, column)
    assert names.row_of(name) == (shard, column, number)
    assert names.file_of(name) == shard


@given(st.text(max_size=30))
def test_a_name_of_a_file_stays_one(name: str) -> None:
    """Files may have any name; only rows of shards have such."""
    row_of = names.row_of(name)
    assert (row_of is None) == (names.file_of(name) == name)


@given(
    st.lists(
        st.tuples(
            st.text(max_size=8), st.one_of(st.none(), st.integers(), st.floats(), st.booleans())
        ),
        min_size=1,
        max_size=20,
    )
)
def test_values_become_the_texts_that_a_table_would_have(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, Any]]
) -> None:
    """Labels and speakers of a set are compared as texts, whatever they were stored as."""
    path = tmp_path_factory.mktemp("p") / "x.parquet"
    numbers = [value if isinstance(value, float) else None for _, value in rows]
    whole = [
        value if isinstance(value, int) and abs(value) < 2**63 and not isinstance(value, bool)
        else None
        for _, value in rows
    ]  # fmt: skip
    table = pa.table(
        {
            "text": pa.array([text for text, _ in rows], pa.string()),
            "number": pa.array(numbers, pa.float64()),
            "whole": pa.array(whole, pa.int64()),
        }
    )
    parquet.write_table(table, path)
    shard = shards.open_shard(path)
    read = list(shard.texts(["text", "number", "whole"]))
    for values, (text, _), number, integer in zip(read, rows, numbers, whole, strict=True):
        assert values["text"] == text.strip()
        assert values["whole"] == ("" if integer is None else str(integer))
        is_none = number is None or number != number
        assert values["number"] == ("" if is_none else str(number))


def test_the_columns_of_a_set_are_those_of_the_layout(made: Path) -> None:
    """What `m5ser build` writes is what is read here."""
    shard = shards.open_shard(shard_of(made))
    assert set(own_parquet.columns_of(shard)) == {*COLUMNS, "audio.path"} - {"audio"}
    assert shard.recordings == ("audio",)


def test_a_row_group_that_cannot_be_read_is_tried_once(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its rows would unpack up to a gigabyte again to fail: `verify` took minutes."""
    tried: list[int] = []
    read = recordings._read

    def counted(*about: Any) -> Any:
        tried.append(about[2])
        return read(*about)

    monkeypatch.setattr(recordings, "_read", counted)
    monkeypatch.setattr(recordings, "MOST_GROUP", 1_000)
    told = verified(made)
    assert len(told.problems) == 40
    assert sorted(tried) == [0, 0, 1, 1, 2, 2]
    assert "row_group_size=100" in told.problems[0]
