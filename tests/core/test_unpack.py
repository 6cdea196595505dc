"""Archives of strangers: what is right comes out whole, what is hostile or broken leaves nothing
anywhere.
"""

from __future__ import annotations

import io
import lzma
import os
import stat
import struct
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.errors import DataError
from mserbench.fetching import unpack
from mserbench.fetching.staging import relative, staging

GOOD = {"Actor_01/a.wav": b"one", "Actor_02/b c (1).wav": b"two", "labels.csv": b"id,label\n"}


def make_zip(path: Path, files: dict[str, bytes], **options: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = options.get("mode", stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data)

    return path


def make_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz", **fields: object) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for field, value in fields.items():
                setattr(info, field, value)

            archive.addfile(info, io.BytesIO(data))

    return path


def take(
    archive: Path, target: Path, most_bytes: int = 10**6, most_files: int = 1_000
) -> dict[str, bytes]:
    """Unpack an archive; return what the folder then holds."""
    with staging(target, f"archive {archive.name!r}", most_bytes) as stage:
        stage.most_files = most_files
        unpack.unpack(archive, stage)

    return content(target)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(archive: Path, tmp_path: Path, expected: str, **bounds: int) -> None:
    """Assert that an archive gives one sentence that says `expected`, and that nothing is left of
    it anywhere.
    """
    target = tmp_path / "deep" / "er" / "corpus"
    target.parent.mkdir(parents=True, exist_ok=True)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(DataError) as error:
        take(archive, target, **bounds)

    assert expected in str(error.value)
    assert "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before, (
        "a refused archive must leave nothing, inside or outside"
    )


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_every_kind_of_archive_comes_out_whole(tmp_path: Path, suffix: str) -> None:
    """A corpus that loses or changes a file in unpacking gives wrong numbers."""
    path = tmp_path / f"x.{suffix}"
    kind = suffix.rpartition(".")[2]
    packed = (
        make_zip(path, GOOD)
        if suffix == "zip"
        else make_tar(path, GOOD, "w:" if kind == "tar" else f"w:{kind}")
    )
    assert take(packed, tmp_path / "corpus") == GOOD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", f"x.{suffix}"]


def test_the_files_of_an_archive_may_be_read_by_their_owner_whatever_it_says(
    tmp_path: Path,
) -> None:
    """Publishers' archives hold files of mode 000 and set-user-id bits; neither belongs here."""
    archive = make_zip(tmp_path / "x.zip", {"a.wav": b"1"}, mode=stat.S_IFREG | 0o4000)
    take(archive, tmp_path / "corpus")
    assert stat.S_IMODE((tmp_path / "corpus" / "a.wav").stat().st_mode) & 0o4600 == 0o600


def test_shadow_files_stay_out_and_misread_names_stay_as_they_are(tmp_path: Path) -> None:
    """AppleDouble files look like audio; CaFE's folder names do not survive the common unzip, and
    need not.
    """
    names = [
        "ColŠre/01-C-1-1.wav",
        "__MACOSX/ColŠre/01-C-1-1.wav",
        "a/._b.wav",
        "._c",
        ".DS_Store",
        "a/",
    ]
    archive = make_zip(
        tmp_path / "x.zip", {name: b"" if name.endswith("/") else b"x" for name in names}
    )
    assert take(archive, tmp_path / "corpus") == {"ColŠre/01-C-1-1.wav": b"x"}


def test_tar_entries_for_the_folder_itself_are_no_fault(tmp_path: Path) -> None:
    """`tar -C folder .` writes them, and half of all tar archives are made so."""
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in ("./", "./a"):
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE
            archive.addfile(info)

        info = tarfile.TarInfo("./a/b.wav")
        archive.addfile(info)

    assert take(tmp_path / "x.tar", tmp_path / "corpus") == {"a/b.wav": b""}


def test_archives_inside_an_archive_are_unpacked_where_they_lie(tmp_path: Path) -> None:
    """MELD.Raw.tar.gz holds train, dev and test as archives of their own."""
    inner = make_tar(
        tmp_path / "train.tar.gz", {"train_splits/dia0_utt0.mp4": b"m", "train_sent_emo.csv": b"c"}
    )
    deeper = make_zip(tmp_path / "deeper.zip", {"x": b"y"})
    outer = make_tar(
        tmp_path / "o.tar.gz",
        {
            "MELD.Raw/train.tar.gz": inner.read_bytes(),
            "MELD.Raw/test_sent_emo.csv": b"t",
            "d.zip": deeper.read_bytes(),
        },
    )
    assert take(outer, tmp_path / "corpus") == {
        "MELD.Raw/test_sent_emo.csv": b"t",
        "MELD.Raw/train_sent_emo.csv": b"c",
        "MELD.Raw/train_splits/dia0_utt0.mp4": b"m",
        "x": b"y",
    }


def test_an_archive_inside_an_archive_is_a_stranger_too(tmp_path: Path) -> None:
    """The second layer is where scanners stop looking."""
    inner = make_tar(tmp_path / "i.tar.gz", {"../../evil": b"x"})
    refused(
        make_zip(tmp_path / "x.zip", {"a/i.tar.gz": inner.read_bytes()}),
        tmp_path,
        "no path inside its folder",
    )
    bomb = make_zip(tmp_path / "b.zip", {"zeros": bytes(10**6)})
    outer = make_zip(tmp_path / "y.zip", {"b.zip": bomb.read_bytes()})
    refused(outer, tmp_path, "beyond the bound of 100000 bytes", most_bytes=100_000)


HOSTILE = [
    "../evil", "a/../../evil", "a/..", "/evil", "//evil", "C:/evil", "c:evil", "..\\evil",
    "a\\..\\..\\evil", "\\evil",
    "a\nb", "a\x1b[2Jb",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_no_member_leads_out_of_the_folder(
    tmp_path: Path, name: str, make: Callable[..., Path]
) -> None:
    """A published archive could write into the user's home."""
    archive = make(tmp_path / "x.any", {"good.wav": b"1", name: b"evil"})
    refused(archive, tmp_path, "is no path inside its folder")


def test_a_name_with_a_nul_is_not_taken_for_what_stands_before_it(tmp_path: Path) -> None:
    """The library cuts such a name; a checker and a reader that differ are how files slip
    through.
    """
    archive = make_zip(tmp_path / "x.zip", {"a.wavXexe": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"a.wavXexe", b"a.wav\0exe"))
    refused(archive, tmp_path, "is no path inside its folder")


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(["..", "a", ".", "", "/", "C:", "\\"])).map("/".join)
)
def test_what_counts_as_inside_is_inside(name: str) -> None:
    """The one check that all others lean on; whatever the name, the answer is right, and never an
    exception.
    """
    path = relative(name)
    if path is not None:
        inside = os.path.normpath(os.path.join("/data/corpus", str(path)))
        assert inside.startswith("/data/corpus/")
        assert "\\" not in name
        assert "\0" not in name


@given(names=st.lists(st.text(alphabet="ab./\\:é\0~ ", min_size=1, max_size=8), max_size=4))
def test_any_names_give_files_inside_or_one_sentence(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Strange names must end in a refusal, never in a traceback or a file elsewhere."""
    folder = tmp_path_factory.mktemp("any")
    with tarfile.open(folder / "x.tar", "w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))

    (folder / "deep").mkdir()
    try:
        files_taken = take(folder / "x.tar", folder / "deep" / "corpus")
    except DataError:
        files_taken = None

    assert sorted(path.name for path in folder.iterdir()) == ["deep", "x.tar"]
    assert [path.name for path in (folder / "deep").iterdir()] == (
        [] if files_taken is None else ["corpus"]
    )


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z"],
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    """A link makes the next member write, or the corpus read, where the archive says."""
    archive = make_tar(tmp_path / "x.tar.gz", {"a.wav": b""}, type=kind, linkname="/etc/passwd")
    refused(archive, tmp_path, "is a link or a device")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_zip_are_refused(tmp_path: Path, kind: int) -> None:
    """Zip keeps the kind of a file in a field that few look at."""
    refused(
        make_zip(tmp_path / "x.zip", {"a.wav": b"/etc/passwd"}, mode=kind | 0o777),
        tmp_path,
        "a link or a device",
    )


def test_a_bomb_stops_at_the_bound_whatever_its_header_says(tmp_path: Path) -> None:
    """Ten kilobytes that unpack to gigabytes fill the disk; their header is written by the same
    hand.
    """
    bomb = make_zip(tmp_path / "x.zip", {"zeros": bytes(5_000_000)})
    refused(bomb, tmp_path, "beyond the bound of 1000000 bytes")
    data = bytearray(bomb.read_bytes())

    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(mark) + offset, 10)  # claims ten bytes

    bomb.write_bytes(data)
    refused(bomb, tmp_path, "zeros")
    refused(
        make_tar(tmp_path / "y.tar.gz", {"zeros": bytes(5_000_000)}),
        tmp_path,
        "beyond the bound of 1000000 bytes",
    )


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    """A million empty files take every inode of a disk, and no byte."""
    archive = make_tar(tmp_path / "x.tar.gz", {f"{number}.wav": b"" for number in range(12)})
    refused(archive, tmp_path, "beyond the bound of 10 files", most_files=10)


def test_the_bound_follows_the_size_and_has_an_end() -> None:
    """Small archives of silence must pass; no archive may fill any disk."""
    assert unpack.bound(1_000) == 100 * 2**20
    assert unpack.bound(208_468_073) == 20 * 208_468_073
    assert unpack.bound(10**15) == 200 * 2**30


@pytest.mark.parametrize(
    "names",
    [("a.wav", "a.wav"), ("a.wav", "A.WAV"), ("é.wav", "e\u0301.wav"), ("a", "a/b"), ("a/b", "A")],
)
def test_names_that_meet_on_some_disk_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    """On macOS and Windows the second would take the place of the first: another corpus than on
    Linux.
    """
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))

    refused(tmp_path / "x.tar", tmp_path, "is in the way of")


def test_an_encrypted_archive_is_named_as_such(tmp_path: Path) -> None:
    """Password-protected corpora exist; 'bad password' without a password asked for helps
    nobody.
    """
    archive = make_zip(tmp_path / "x.zip", {"a.wav": b"1"})
    data = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1

    archive.write_bytes(data)
    refused(archive, tmp_path, "'a.wav', which is encrypted")


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.8])
def test_an_archive_cut_off_anywhere_leaves_nothing(
    tmp_path: Path, suffix: str, share: float
) -> None:
    """Half a corpus that looks whole is worse than none."""
    files = {f"{number}.wav": os.urandom(3_000) for number in range(20)}
    path, kind = tmp_path / f"x.{suffix}", suffix.rpartition(".")[2]
    packed = (
        make_zip(path, files)
        if suffix == "zip"
        else make_tar(path, files, "w:" if kind == "tar" else f"w:{kind}")
    )
    data = packed.read_bytes()
    packed.write_bytes(data[: int(len(data) * share)])
    refused(packed, tmp_path, "damaged")


def test_a_tar_cut_between_two_members_does_not_pass_for_whole(tmp_path: Path) -> None:
    """The library takes a missing or broken header for the end of the archive, and says nothing."""
    whole = make_tar(tmp_path / "x.tar", {"a": b"1", "b": b"2"}, "w:").read_bytes()
    for name, data in {
        "cut": whole[:1024],
        "broken": whole[:1024] + b"\xff" + whole[1025:],
    }.items():
        path = tmp_path / f"{name}.tar"
        path.write_bytes(data)
        refused(path, tmp_path, "damaged")


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 and no more", b"<html>log in</html>", lzma.compress(b"no tar")]
)
def test_what_is_no_archive_is_said_so(tmp_path: Path, data: bytes) -> None:
    """Servers send their log-in page under the name of the archive."""
    (tmp_path / "x.zip").write_bytes(data)
    refused(tmp_path / "x.zip", tmp_path, "damaged or of a kind that cannot be read")


@given(noise=st.binary(max_size=80), place=st.integers(0, 400))
def test_changed_bytes_give_the_files_or_one_sentence(
    noise: bytes, place: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any damage must end in a sentence; none may end in a traceback or a leftover."""
    folder = tmp_path_factory.mktemp("noise")
    archive = make_zip(folder / "x.zip", GOOD)
    data = archive.read_bytes()
    archive.write_bytes(data[:place] + noise + data[place + len(noise) :])

    try:
        files_taken = take(archive, folder / "corpus")
    except DataError:
        assert sorted(path.name for path in folder.iterdir()) == ["x.zip"]
    else:
        assert set(files_taken.values()) <= set(GOOD.values())


def test_files_that_are_there_stay_and_others_join_them(tmp_path: Path) -> None:
    """A user who has half a corpus, or notes beside it, loses nothing."""
    corpus = tmp_path / "corpus"
    (corpus / "Actor_01").mkdir(parents=True)
    (corpus / "Actor_01" / "a.wav").write_bytes(b"one")
    (corpus / "my notes.txt").write_bytes(b"mine")
    assert take(make_zip(tmp_path / "x.zip", GOOD), corpus) == {**GOOD, "my notes.txt": b"mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "x.zip"]


@pytest.mark.parametrize(
    "present", [{"labels.csv": b"mine"}, {"Actor_02": b"a file"}, {"labels.csv/x": b"a folder"}]
)
def test_a_file_of_another_content_is_never_overwritten(
    tmp_path: Path, present: dict[str, bytes]
) -> None:
    """Labels that somebody corrected by hand are gone for good otherwise."""
    corpus = tmp_path / "corpus"
    for name, data in present.items():
        (corpus / name).parent.mkdir(parents=True)
        (corpus / name).write_bytes(data)

    with pytest.raises(DataError, match=r"1 file\(s\) that differ from .*nothing was overwritten"):
        take(make_zip(tmp_path / "x.zip", GOOD), corpus)

    assert content(corpus) == present


def test_a_killed_unpacking_leaves_no_half_corpus_and_the_next_one_works(tmp_path: Path) -> None:
    """Power goes, jobs are killed; the folder of the corpus must hold all of it or not be there."""
    archive = make_zip(tmp_path / "x.zip", GOOD)
    code = f"""
        import os, signal
        from pathlib import Path
        from mserbench.fetching import unpack
        from mserbench.fetching.staging import staging
        with staging(Path({str(tmp_path / "corpus")!r}), "x", 10**6) as stage:
            unpack.unpack(Path({str(archive)!r}), stage, lambda done, total: os.kill(os.getpid(), signal.SIGKILL))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -9
    leftover, archive_name = sorted(path.name for path in tmp_path.iterdir())
    assert (leftover.startswith(".corpus."), leftover.endswith(".part"), archive_name) == (
        True,
        True,
        "x.zip",
    )
    assert take(archive, tmp_path / "corpus") == GOOD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "x.zip"]


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commonest fault of a large download."""
    import errno

    def full(self: object, *arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = make_zip(tmp_path / "x.zip", GOOD)
    monkeypatch.setattr("mserbench.fetching.staging.Stage.write", full)
    with pytest.raises(
        DataError, match=r"No space left on device\): make room or choose another folder"
    ):
        take(archive, tmp_path / "corpus")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.zip"]
