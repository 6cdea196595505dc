"""Files from outside: plain ones of bounded size are read, and nothing hangs or fills the memory."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from mserbench.data.trees import Folder
from mserbench.disk import outside
from mserbench.errors import DataError


def refusal(path: Path, most: int = 100, **how: object) -> str:
    with pytest.raises(outside.Refused) as caught:
        outside.read(path, most, **how)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_plain_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a" * 100)
    assert outside.read(path, 100) == b"a" * 100
    path.write_bytes(b"a" * 101)
    assert refusal(path) == "it has 101 bytes, but 100 bytes at most were expected"


@pytest.mark.parametrize("piped", [False, True])
def test_what_is_no_file_is_named(tmp_path: Path, piped: bool) -> None:
    """If a device or folder were read, memory would fill or a message would name the wrong fault."""
    assert refusal(tmp_path, piped=piped) == "it is a folder, but a plain file was expected"
    assert refusal(Path("/dev/zero"), piped=piped).startswith("it is a device")
    (tmp_path / "zero").symlink_to("/dev/zero")
    assert refusal(tmp_path / "zero", piped=piped).startswith("it is a device")
    assert refusal(Path("a\0b"), piped=piped) == "its name is none that a file can have"
    assert refusal(Path("a\ud800"), piped=piped) == "its name is none that a file can have"


def test_a_file_that_says_it_is_empty_is_bounded_too() -> None:
    """If only the told size counted, /proc/kcore or a growing log would be read without end."""
    assert "grew while it was read" in refusal(Path("/proc/self/smaps"), 10)


def test_a_pipe_is_refused_at_once_unless_it_was_asked_for(tmp_path: Path) -> None:
    """If it were opened, a corpus with a pipe would stop all commands."""
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "it is a pipe, but a plain file was expected"


def test_a_pipe_that_nobody_writes_into_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "WAIT", 0.2)
    os.mkfifo(tmp_path / "pipe")
    assert "nobody wrote anything into it" in refusal(tmp_path / "pipe", piped=True)


def written(path: Path, *blocks: bytes, pause: float) -> None:
    with path.open("wb", buffering=0) as file:
        for block in blocks:
            time.sleep(pause)
            file.write(block)


def test_a_slow_writer_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If patience ended while a program computes, `score <(model)` would fail for slow models."""
    monkeypatch.setattr(outside, "WAIT", 0.2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=written, args=(pipe, b"ab", b"cd"), kwargs={"pause": 0.5})
    writer.start()
    assert outside.read(pipe, 4, piped=True) == b"abcd"
    writer.join()


def test_a_pipe_is_bounded(tmp_path: Path) -> None:
    """If it were not, `score <(yes)` would fill the memory."""
    ours, theirs = os.pipe()
    os.write(theirs, b"y" * 60_000)
    assert "longer, but 100 bytes" in refusal(Path(f"/dev/fd/{ours}"), piped=True)
    os.close(ours)
    os.close(theirs)


def test_links_lead_nowhere_out_of_a_folder(tmp_path: Path) -> None:
    """If they did, a corpus could have any file of the machine read as its labels."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    (folder / "own").write_text("own")
    (folder / "sub/link").symlink_to("../own")
    (folder / "out").symlink_to("../secret")
    assert outside.read(folder / "sub/link", 100, inside=folder) == b"own"
    assert "leads out of" in refusal(folder / "out", inside=folder)
    assert "leads out of" in refusal(folder / "../secret", inside=folder)

    # The folder itself may be reached by a link.
    (tmp_path / "alias").symlink_to(folder)
    assert outside.read(tmp_path / "alias/sub/link", 100, inside=tmp_path / "alias") == b"own"


def test_folder_links_to_everything_are_not_followed(tmp_path: Path) -> None:
    """If they were, a walk would take the whole disk for the corpus."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "x.wav").touch()
    for name, target in {"a": "/", "b": "/proc", "c": "..", "d": "/proc/self", "e": "."}.items():
        (folder / name).symlink_to(target)

    assert Folder(folder).names == ("x.wav",)
    assert Folder(folder).links_out == ("a", "b", "c", "d")


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mserbench.data.trees.MOST", 3)
    for number in range(4):
        (tmp_path / f"{number}.wav").touch()

    with pytest.raises(DataError, match="holds more than 3 files: give the folder of one corpus"):
        _ = Folder(tmp_path).names


def test_a_folder_that_vanishes_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it were, a corpus that is being tidied up would end in a traceback."""
    (tmp_path / "gone").mkdir()
    (tmp_path / "x.wav").touch()
    scandir = os.scandir

    def vanishing(path: str) -> object:
        if path.endswith("gone/"):
            raise FileNotFoundError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert Folder(tmp_path).names == ("x.wav",)
