"""A file appears whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mserbench.disk import files, folders
from mserbench.disk.files import cache_dir, write_atomic


def test_text_and_bytes_are_written_and_replaced(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a/b/file", "grün")
    assert (tmp_path / "a/b/file").read_bytes() == "grün".encode()
    write_atomic(tmp_path / "a/b/file", b"\0")
    assert (tmp_path / "a/b/file").read_bytes() == b"\0"
    assert os.listdir(tmp_path / "a/b") == ["file"], "a temporary file was left behind"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_fault_at_any_step_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_atomic(tmp_path / "file", "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomic(tmp_path / "file", "new")

    assert (tmp_path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_who_may_read_a_file_is_what_the_umask_says(tmp_path: Path, umask: int, mode: int) -> None:
    """If it were fixed, a private corpus would leak by its runs, or a group could not work."""
    before = os.umask(umask)
    try:
        write_atomic(tmp_path / "file", "x")
        with folders.whole(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~umask


def test_what_a_killed_writer_left_goes_away_and_nothing_else(tmp_path: Path) -> None:
    """If it stayed, a folder that is looked through would hold what nobody wrote."""
    for name in (".run.json.0a1b2c3d", ".run.json.ab_defg8"):
        (tmp_path / name).write_text("half")
    for name in (".run.json.mine", "run.json.0a1b2c3d", ".other.json.0a1b2c3d"):
        (tmp_path / name).write_text("kept")

    write_atomic(tmp_path / "run.json", "{}")
    assert sorted(os.listdir(tmp_path)) == [
        ".other.json.0a1b2c3d", ".run.json.mine", "run.json", "run.json.0a1b2c3d",
    ]  # fmt: skip


def test_a_writer_that_lives_keeps_its_file(tmp_path: Path) -> None:
    """If another took it for a leftover, a rename would fail in the middle of a run."""
    handle, temporary = files._temporary(tmp_path / "file")
    write_atomic(tmp_path / "file", "other")
    assert temporary.exists()
    os.close(handle)
    write_atomic(tmp_path / "file", "third")
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_as_long_as_names_may_be_can_be_written(tmp_path: Path) -> None:
    write_atomic(tmp_path / ("n" * 255), "x")
    assert os.listdir(tmp_path) == ["n" * 255]


def test_a_fault_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    """If it named the temporary one, nobody would know which."""
    with pytest.raises(OSError, match="too long") as caught:
        write_atomic(tmp_path / ("n" * 256), "x")
    assert caught.value.filename == str(tmp_path / ("n" * 256))


def test_the_cache_lies_where_the_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("MSERBENCH_CACHE")
    assert cache_dir().name == "mserbench"
