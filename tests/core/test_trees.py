"""Corpus folders as parsers see them: every file once, in one order, without junk."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.data import trees
from mserbench.errors import DataError

NAMES = st.lists(st.text("ab./ {}[]*?é", max_size=12), max_size=12)


def make(root: Path, *names: str) -> trees.Folder:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()

    return trees.Folder(root)


def test_names_are_sorted_paths_below_the_root_whatever_the_order_on_disk(tmp_path: Path) -> None:
    """Another order of the same files would give another journal, plan and seed of a split."""
    names = ["b/2.wav", "a.wav", "b/10.wav", "b/c/x.wav", "B/1.wav"]
    assert make(tmp_path, *names).names == ("B/1.wav", "a.wav", "b/10.wav", "b/2.wav", "b/c/x.wav")
    assert make(tmp_path, *reversed(names)).names == (
        "B/1.wav",
        "a.wav",
        "b/10.wav",
        "b/2.wav",
        "b/c/x.wav",
    )


def test_junk_of_every_kind_is_left_out(tmp_path: Path) -> None:
    junk = (
        "._a.wav", ".DS_Store", "Thumbs.db", "desktop.ini", "sub/._b.wav", "sub/.hidden.wav",
        "__MACOSX/a.wav",
        "sub/__MACOSX/._c.wav", ".git/config", ".\nodd",
    )  # fmt: skip
    assert make(tmp_path, "a.wav", "sub/b.wav", "my Thumbs.db", "x.ini", *junk).names == (
        "a.wav", "my Thumbs.db", "sub/b.wav", "x.ini",
    )  # fmt: skip


def test_skipped_files_are_matched_on_the_whole_path(tmp_path: Path) -> None:
    """A pattern of known bad files must not take others with it."""
    make(tmp_path, "train/dia1_utt1.mp4", "train/dia1_utt10.mp4", "test/dia1_utt1.mp4")
    patterns = ("*train/dia1_utt1.*", "nothing*")
    assert trees.Folder(tmp_path, patterns).names == ("test/dia1_utt1.mp4", "train/dia1_utt10.mp4")
    assert len(trees.Folder(tmp_path).names) == 3


def test_an_absent_folder_has_no_names(tmp_path: Path) -> None:
    assert trees.Folder(tmp_path / "none").names == ()


def test_a_folder_reached_twice_is_listed_once(tmp_path: Path) -> None:
    folder = make(tmp_path / "root", "a/x.wav")
    (tmp_path / "root/b").symlink_to(tmp_path / "root/a", target_is_directory=True)
    (tmp_path / "root/a/up").symlink_to(tmp_path / "root", target_is_directory=True)
    assert folder.names == ("a/x.wav",)


def test_the_order_of_links_does_not_matter(tmp_path: Path) -> None:
    """`a` links to `b`: the files are below the name that comes first, on every machine."""
    folder = make(tmp_path / "root", "b/x.wav")
    (tmp_path / "root/a").symlink_to(tmp_path / "root/b", target_is_directory=True)
    assert folder.names == ("a/x.wav",)


def test_a_label_file_is_read_as_bytes_or_named(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_bytes(b"\xff\r\n")
    folder = trees.Folder(tmp_path)
    assert folder.read("labels.txt") == b"\xff\r\n"
    (tmp_path / "folder").mkdir()

    for name, reason in (("none.txt", "No such file"), ("folder", "it is a folder")):
        with pytest.raises(DataError, match=f"label file '.*{name}' cannot be read: {reason}"):
            folder.read(name)


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("a.wav", ("a.wav", "a")),
        ("d/a.WAV", ("d/a.WAV", "a")),
        ("d/a.Flac", ("d/a.Flac", "a")),
        ("d.wav/a (1).b.wav", ("d.wav/a (1).b.wav", "a (1).b")),
        ("a.mp3", None),
        ("wav", None),
        (".wav", None),
        ("a.wav.txt", None),
        ("a.wav/", None),
    ],
)
def test_audio_is_known_by_its_suffix_in_any_case(name: str, pair: tuple[str, str] | None) -> None:
    assert list(trees.audio_names([name], ("wav",))) == ([pair] if pair else [])


@given(NAMES)
def test_audio_names_keep_order_and_lose_nothing(names: list[str]) -> None:
    paths = [f"{name}x.wav" for name in names]
    assert [path for path, _ in trees.audio_names(paths, ("wav",))] == paths
    assert all(path == f"{path.rpartition('/')[0]}/{stem}.wav".removeprefix("/") or path.startswith("/")
               for path, stem in trees.audio_names(paths, ("wav",)))  # fmt: skip


@given(
    st.lists(st.text("ab*?[]!.", min_size=1, max_size=5), min_size=1, max_size=4),
    st.text("ab.", max_size=5),
)
def test_several_patterns_match_as_each_alone_would(patterns: list[str], name: str) -> None:
    """Joining them into one expression must not change what any of them means."""
    alone = any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    assert bool(trees._any_of(patterns).match(name)) == alone


def test_an_inventory_gives_each_name_the_first_suffix_and_no_label_file() -> None:
    tree = trees.Inventory(["a", "b/c.d"])
    assert list(tree.audio("m4a", "wav")) == [("a.m4a", "a"), ("b/c.d.m4a", "b/c.d")]
    with pytest.raises(
        DataError, match=r"label file 'x\.csv' is only in the corpus itself: give --data"
    ):
        tree.read("x.csv")


@pytest.mark.skipif(os.name != "posix", reason="names of any bytes are a thing of POSIX")
def test_names_that_are_no_unicode_are_listed(tmp_path: Path) -> None:
    name = b"D\x82go\x96t.wav".decode("utf-8", "surrogateescape")
    assert make(tmp_path, name).names == (name,)
