"""A file appears whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mserbench.disk.files import cache_dir, write_atomic


def test_text_and_bytes_are_written_and_replaced(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a/b/file", "grün")
    assert (tmp_path / "a/b/file").read_bytes() == "grün".encode()
    write_atomic(tmp_path / "a/b/file", b"\0")
    assert (tmp_path / "a/b/file").read_bytes() == b"\0"
    assert os.listdir(tmp_path / "a/b") == ["file"], "a temporary file was left behind"


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
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


def test_others_may_read_what_was_written(tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", "x")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_the_cache_lies_where_the_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("MSERBENCH_CACHE")
    assert cache_dir().name == "mserbench"
