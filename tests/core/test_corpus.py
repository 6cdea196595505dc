"""A corpus folder on disk: found, listed, parsed, and every difference from the card told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from mserbench.contracts import Corpus
from mserbench.data import corpus, lookup, trees
from mserbench.errors import DataError
from tests.conftest import WAV_HEADER

Build = Callable[..., Path]


@pytest.fixture
def emodb() -> Corpus:
    return lookup.corpus("emodb")


def test_a_complete_corpus_has_no_problem_and_names_its_variant(
    build_corpus: Build, emodb: Corpus
) -> None:
    reading = corpus.read(emodb, build_corpus() / "emodb")
    assert (reading.problems, reading.notes, reading.missing, reading.extra) == ([], [], [], [])
    assert reading.variant == "original"
    assert len(reading.utterances) == 535


def test_a_nested_folder_is_the_same_corpus(
    build_corpus: Build, emodb: Corpus, tmp_path: Path
) -> None:
    flat = corpus.read(emodb, build_corpus() / "emodb")
    shutil.move(tmp_path / "data/emodb", tmp_path / "inner")
    shutil.move(tmp_path / "inner", tmp_path / "data/emodb/download (1)/emodb")
    nested = corpus.read(emodb, tmp_path / "data/emodb")
    assert nested.utterances.keys() == flat.utterances.keys()
    assert not nested.problems


def test_the_folder_is_found_in_any_case_and_a_missing_one_names_the_remedy(
    tmp_path: Path, emodb: Corpus
) -> None:
    (tmp_path / "EmoDB").mkdir()
    assert corpus.find(emodb, tmp_path) == tmp_path / "EmoDB"
    for data, words in (
        (None, "give --data or set MSERBENCH_DATA; 'mserbench data show emodb'"),
        (tmp_path / "nowhere", "does not exist: give another --data"),
        (tmp_path / "EmoDB", "a folder 'emodb' was expected there; 'mserbench data show emodb'"),
    ):
        with pytest.raises(DataError) as caught:
            corpus.find(emodb, data)

        assert words in str(caught.value)


def test_a_file_instead_of_the_folder_is_not_taken(tmp_path: Path, emodb: Corpus) -> None:
    (tmp_path / "emodb").touch()
    with pytest.raises(DataError, match="a folder 'emodb' was expected"):
        corpus.find(emodb, tmp_path)


def test_missing_and_strange_files_are_named(build_corpus: Build, emodb: Corpus) -> None:
    folder = build_corpus() / "emodb"
    (folder / "wav/03a01Fa.wav").rename(folder / "wav/99a01Fa.wav")
    reading = corpus.read(emodb, folder)
    assert reading.missing == ["03a01Fa"]
    assert reading.problems == [
        "emodb: file 'wav/99a01Fa.wav' is no utterance of the published corpus",
        "emodb: utterance '03a01Fa' is missing",
    ]


def test_an_empty_folder_says_how_to_unpack(tmp_path: Path, emodb: Corpus) -> None:
    assert corpus.read(emodb, tmp_path).problems == [
        f"folder {str(tmp_path)!r} holds no utterance of corpus 'emodb' among 0 files: "
        f"{emodb.card.unpack}"
    ]


def test_junk_is_ignored_and_audio_of_no_utterance_is_extra(
    build_corpus: Build, emodb: Corpus
) -> None:
    folder = build_corpus() / "emodb"
    shutil.copytree(folder / "wav", folder / "__MACOSX/wav")
    for name in ("._03a01Fa.wav", ".DS_Store", "Thumbs.db", "desktop.ini", "readme.txt"):
        (folder / "wav" / name).write_bytes(b"junk")

    shutil.copy(folder / "wav/03a01Fa.wav", folder / "wav/03a01Fa (copy).wav")
    reading = corpus.read(emodb, folder)
    assert reading.problems == []
    assert reading.extra == ["wav/03a01Fa (copy).wav"]


def test_files_that_the_card_skips_are_neither_utterances_nor_extra(build_corpus: Build) -> None:
    data = build_corpus("ravdess")
    # song, two kinds of video
    for stem in ("03-02-01-01-01-01-01", "01-01-01-01-01-01-01", "02-01-01-01-01-01-01"):
        shutil.copy(
            data / "ravdess/Actor_01/03-01-01-01-01-01-01.wav",
            data / f"ravdess/Actor_01/{stem}.wav",
        )

    reading = corpus.read(lookup.corpus("ravdess"), data / "ravdess")
    assert (reading.problems, reading.extra) == ([], [])


def test_a_copy_counts_once_and_is_noted(build_corpus: Build, emodb: Corpus) -> None:
    folder = build_corpus() / "emodb"
    (folder / "again").mkdir()
    shutil.copy(folder / "wav/03a01Fa.wav", folder / "again/03a01Fa.wav")
    reading = corpus.read(emodb, folder)
    assert reading.problems == []
    assert reading.notes == [
        "'wav/03a01Fa.wav' is a copy of 'again/03a01Fa.wav': one of the two is used"
    ]
    assert reading.utterances["03a01Fa"].audio == "again/03a01Fa.wav"


def test_two_recordings_of_one_name_are_a_problem(build_corpus: Build, emodb: Corpus) -> None:
    folder = build_corpus() / "emodb"
    (folder / "again").mkdir()
    shutil.copy(folder / "wav/03a01Nc.wav", folder / "again/03a01Fa.wav")
    assert corpus.read(emodb, folder).problems == [
        "'wav/03a01Fa.wav' and 'again/03a01Fa.wav' are both utterance '03a01Fa' but "
        "differ: remove one"
    ]


def test_wav_and_flac_of_one_recording_are_copies(build_corpus: Build, emodb: Corpus) -> None:
    folder = build_corpus() / "emodb"
    samples, rate = soundfile.read(folder / "wav/03a01Fa.wav", dtype="int16")
    soundfile.write(folder / "wav/03a01Fa.flac", samples, rate)
    reading = corpus.read(emodb, folder)
    assert reading.problems == []
    assert len(reading.notes) == 1


def test_a_copy_that_cannot_be_read_is_a_problem(build_corpus: Build, emodb: Corpus) -> None:
    folder = build_corpus() / "emodb"
    (folder / "wav/03a01Fa.flac").write_bytes(b"cut off")
    assert len(corpus.read(emodb, folder).problems) == 1


def test_links_to_folders_are_followed_and_loops_end(
    build_corpus: Build, emodb: Corpus, tmp_path: Path
) -> None:
    folder = build_corpus() / "emodb"
    shutil.move(folder / "wav", tmp_path / "elsewhere")
    (folder / "wav").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere/up").symlink_to(folder, target_is_directory=True)
    (tmp_path / "elsewhere/self").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    reading = corpus.read(emodb, folder)
    assert reading.problems == []
    assert len(reading.utterances) == 535
    assert reading.extra == ["loop.wav"]


def test_a_label_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"label file '.*labels\.csv' cannot be read: No such file"):
        trees.Folder(tmp_path).read("labels.csv")


def test_names_that_are_no_unicode_do_not_stop_the_listing(
    build_corpus: Build, emodb: Corpus
) -> None:
    folder = build_corpus() / "emodb"
    (folder / b"Col\x8are".decode("utf-8", "surrogateescape")).mkdir()
    path = folder / b"Col\x8are/03a01Fa.wav".decode("utf-8", "surrogateescape")
    shutil.copy(folder / "wav/03a01Fa.wav", path)
    reading = corpus.read(emodb, folder)
    assert reading.problems == []
    "".join(reading.notes).encode("utf-8")  # a note goes into the record, which is UTF-8


def test_a_corpus_with_a_changed_class_tells_the_counts(
    build_corpus: Build, tmp_path: Path
) -> None:
    from dataclasses import replace

    emodb = lookup.corpus("emodb")
    unlisted = replace(emodb, card=replace(emodb.card, inventory=None))
    folder = build_corpus() / "emodb"
    (folder / "wav/03a01Fa.wav").unlink()
    (problem,) = corpus.read(unlisted, folder).problems
    assert problem.startswith("emodb: 534 utterances were found, 535 expected; by raw label")


def test_a_name_that_is_no_text_is_a_problem_by_its_name(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    """Ids go into hashes and tables, which hold text: a run must not end in a fault of ours."""
    (tmp_path / "mine").mkdir()
    for name in (b"x_1.wav", b"y_\xff.wav"):
        with open(os.fsencode(tmp_path / "mine") + b"/" + name, "wb") as file:
            file.write(WAV_HEADER + bytes(4_800))

    (tmp_path / "mine.toml").write_text(
        'name = "no-text"\nlanguage = "de"\naudio = "mine"\npattern = "(?P<label>[xy])_.*"\n'
        '[labels]\nx = "happy"\ny = "sad"\n'
    )
    done = cli("run", "--model", "prior", "--task", tmp_path / "mine.toml")
    assert done.code == 3
    assert (
        "file 'y_\\udcff.wav' has a name that is not UTF-8 text: give it another name" in done.err
    )
