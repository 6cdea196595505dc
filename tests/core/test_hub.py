"""Datasets of the hub become the files of their publisher: the bytes as stored, and nothing outside
the folder.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mserbench.errors import DataError, MissingExtra
from mserbench.fetching import hub, reach

datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")

ROWS = {  # both spellings of RESD: an underscore or a blank before the letter of the emotion
    "train": [
        ("06_happiness_enthusiasm/06_happiness_enthusiasm e_060.wav", "enthusiasm", "так,\nда"),
        ("happiness_enthusiasm_32/32_happiness_enthusiasm_h_120.wav", "happiness", 'он "сказал"'),
    ],
    "test": [("anger_fear_12/12_anger_fear_f_010.wav", "fear", None)],
}


@pytest.fixture(autouse=True)
def hub_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hub seem to be there: no test asks it."""
    monkeypatch.setattr(reach, "hub_fault", lambda repository, kind: "")


def wav(number: int) -> bytes:
    data = io.BytesIO()
    soundfile.write(data, np.full(400, number / 100), 16_000, format="WAV")
    return data.getvalue()


def split_of(rows: list[tuple[str, str, str | None]], text: bool = True) -> datasets.Dataset:
    columns: dict[str, list[object]] = {
        "name": [path.rpartition("/")[2].removesuffix(".wav") for path, _, _ in rows],
        "path": [path for path, _, _ in rows],
        "emotion": [emotion for _, emotion, _ in rows],
        "speech": [{"bytes": wav(number), "path": None} for number in range(len(rows))],
    }
    if text:
        columns["text"] = [text for _, _, text in rows]

    split = datasets.Dataset.from_dict(columns)
    return split.cast_column("speech", datasets.Audio(decode=False)).cast_column(
        "speech", datasets.Audio()
    )


def parquet(folder: Path, text: bool = True) -> Path:
    """Save the rows as the hub does; returns the folder."""
    (folder / "data").mkdir(parents=True)
    for name, rows in ROWS.items():
        split_of(rows, text).to_parquet(
            str(folder / "data" / f"{name}-00000-of-00001-1234567890abcdef.parquet")
        )

    (folder / "README.md").write_text("# a dataset\n")
    return folder


def whole(root: Path, text: bool = True) -> None:
    for split, rows in ROWS.items():
        for number, (path, _, _) in enumerate(rows):
            assert (root / split / path).read_bytes() == wav(number)

    last = [',"так, да"', ',"он ""сказал"""', ","] if text else ["", "", ""]
    head = "path,emotion,text" if text else "path,emotion"
    assert (root / "train.csv").read_text("utf-8") == (
        f"{head}\n{ROWS['train'][0][0]},enthusiasm{last[0]}\n{ROWS['train'][1][0]},happiness{last[1]}\n"
    )
    assert (root / "test.csv").read_text("utf-8") == f"{head}\n{ROWS['test'][0][0]},fear{last[2]}\n"
    assert len([path for path in root.rglob("*") if path.is_file()]) == 5


@pytest.mark.parametrize("text", [True, False])
def test_a_folder_of_parquet_files_becomes_the_publishers_tree(tmp_path: Path, text: bool) -> None:
    """A changed byte, name or label here is a wrong score later; decoding would also want a package
    we do not.
    """
    hub.export(parquet(tmp_path / "copy", text), tmp_path / "data" / "resd")
    whole(tmp_path / "data" / "resd", text)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["resd"]


def test_what_save_to_disk_wrote_works_too(tmp_path: Path) -> None:
    """People keep datasets as the library saves them."""
    saved = datasets.DatasetDict({name: split_of(rows) for name, rows in ROWS.items()})
    saved.save_to_disk(str(tmp_path / "copy"))
    reports: list[tuple[int, int]] = []
    hub.export(
        tmp_path / "copy", tmp_path / "resd", lambda done, total: reports.append((done, total))
    )
    whole(tmp_path / "resd")
    assert reports == [(1, 2), (2, 2), (1, 1)]


def test_a_dataset_of_the_hub_is_loaded_by_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id goes to the library as it is, and nothing else does: no code, no token, no address of
    ours.
    """
    requests: list[object] = []

    def load(*arguments: object, **options: object) -> object:
        requests.extend([arguments, options])
        return datasets.DatasetDict({name: split_of(rows) for name, rows in ROWS.items()})

    monkeypatch.setattr(datasets, "load_dataset", load)
    hub.export("Aniemore/resd", tmp_path / "resd")
    assert requests == [("Aniemore/resd",), {}]
    whole(tmp_path / "resd")


@pytest.mark.parametrize(
    "path",
    [
        "../evil.wav",
        "/evil.wav",
        "a/../../evil.wav",
        "..\\evil.wav",
        "C:/evil.wav",
        "",
        "a\nb.wav",
        None,
    ],
)
def test_no_path_of_a_dataset_leads_out_of_its_folder(tmp_path: Path, path: str | None) -> None:
    """Anyone may publish a dataset; its paths are a stranger's."""
    rows = [ROWS["test"][0], (path, "fear", None)]
    split = split_of([(name or "", emotion, text) for name, emotion, text in rows])
    if path is None:
        split = split.remove_columns("path").add_column("path", [ROWS["test"][0][0], None])

    (tmp_path / "copy").mkdir()
    split.to_parquet(str(tmp_path / "copy" / "test.parquet"))
    with pytest.raises(DataError, match="which is no path inside its folder"):
        hub.export(tmp_path / "copy", tmp_path / "data" / "resd")

    assert list((tmp_path / "data").iterdir()) == []
    assert not list(tmp_path.rglob("evil.wav"))


def test_two_rows_with_one_path_are_refused(tmp_path: Path) -> None:
    """The second recording would take the place of the first, under its label."""
    (tmp_path / "copy").mkdir()
    split_of([ROWS["test"][0], ROWS["test"][0]]).to_parquet(str(tmp_path / "copy" / "test.parquet"))
    with pytest.raises(DataError, match="is in the way of"):
        hub.export(tmp_path / "copy", tmp_path / "data" / "resd")

    assert list((tmp_path / "data").iterdir()) == []


def test_a_row_without_audio_is_named(tmp_path: Path) -> None:
    """Datasets that only point to files of their maker's disk hold no audio; a corpus of empty
    files is none.
    """
    split = datasets.Dataset.from_dict(
        {"path": ["a.wav"], "emotion": ["fear"], "speech": [{"bytes": None, "path": "/gone/a.wav"}]}
    ).cast_column("speech", datasets.Audio(decode=False))
    saved = datasets.DatasetDict({"test": split})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load_dataset", lambda source: saved)
        with pytest.raises(
            DataError, match=r"dataset 'x/y' holds 'a.wav', which has no audio bytes"
        ):
            hub.export("x/y", tmp_path / "resd")

    assert list(tmp_path.iterdir()) == []


def test_another_dataset_is_told_from_the_right_one(tmp_path: Path) -> None:
    """A wrong id or a changed version must not end in a KeyError."""
    (tmp_path / "copy").mkdir()
    datasets.Dataset.from_dict({"audio": ["x"]}).to_parquet(
        str(tmp_path / "copy" / "train.parquet")
    )
    with pytest.raises(
        DataError, match=r"split 'train': the columns \['path', 'speech', 'emotion'\] were expected"
    ):
        hub.export(tmp_path / "copy", tmp_path / "resd")


@pytest.mark.parametrize("content", [None, b"", b"no parquet at all"])
def test_a_folder_that_is_no_dataset_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    """A mistyped folder is the commonest fault of all; a damaged file the next."""
    (tmp_path / "copy").mkdir()
    if content is not None:
        (tmp_path / "copy" / "train.parquet").write_bytes(content)

    with pytest.raises(DataError, match=r"cannot be (loaded|read)") as error:
        hub.export(tmp_path / "copy", tmp_path / "resd")

    assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_without_the_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'No module named datasets' does not say what to install."""
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"pip install 'mserbench\[hub\]'"):
        hub.export("Aniemore/resd", tmp_path / "resd")


def test_an_exported_dataset_is_what_the_parser_of_resd_reads(tmp_path: Path) -> None:
    """The two were written apart; the split and the label must come through."""
    from mserbench.data import corpus, lookup
    from mserbench.data.trees import Folder

    hub.export(parquet(tmp_path / "copy"), tmp_path / "resd")
    utterances = corpus.utterances(lookup.corpus("resd"), Folder(tmp_path / "resd"))
    assert sorted(
        (utterance.id, utterance.raw_label, utterance.split) for utterance in utterances
    ) == [
        ("06_happiness_enthusiasm e_060", "enthusiasm", "train"),
        ("12_anger_fear_f_010", "fear", "test"),
        ("32_happiness_enthusiasm_h_120", "happiness", "train"),
    ]
