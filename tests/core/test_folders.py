"""Folders whole or not at all: killed at any point, what is at the place is the old folder, the new
one, or nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mserbench.disk import folders

KILLED = """
    import os, signal, sys
    from pathlib import Path
    from mserbench.disk import folders

    def die(*arguments, **named):
        os.kill(os.getpid(), signal.SIGKILL)

    place, when = Path(sys.argv[1]), sys.argv[2]
    with folders.held(place.parent / "lock"), folders.whole(place) as work:
        (work / "a").write_text("new")
        if when == "filling":
            die()
        (work / "b").write_text("new")
        if when == "durable":
            folders._make_durable = die
        if when == "renaming":
            folders.os.replace = die
        if when == "exchanging":
            rename = os.replace
            folders.os.replace = lambda source, target: (
                die() if Path(source) == work else rename(source, target)
            )
        if when == "renamed":
            folders.sync_folder = lambda folder: die() if folder == place.parent else None
"""


def kill(place: Path, when: str) -> None:
    code = "\n".join(line.removeprefix("    ") for line in KILLED.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", code, str(place), when], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def content(place: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in place.iterdir()}


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("when", ["filling", "durable", "renaming", "exchanging", "renamed"])
@pytest.mark.parametrize("old", [False, True])
def test_killed_at_any_point_the_place_holds_all_or_nothing_new(
    tmp_path: Path, when: str, old: bool
) -> None:
    place = tmp_path / "place"
    if old:
        place.mkdir()
        (place / "a").write_text("old")

    kill(place, when)

    # Between the two renames no folder is at the place: the next start brings the old one back.
    if when == "exchanging":
        assert not place.exists()

    with folders.held(tmp_path / "lock"):  # the lock of a killed process is free
        folders.clear_leftovers(tmp_path, "place")

        if when == "renamed":
            assert content(place) == {"a": "new", "b": "new"}
        else:
            assert (content(place) if place.exists() else None) == ({"a": "old"} if old else None)

        with folders.whole(place) as work:
            (work / "c").write_text("next")

    assert content(place) == {"c": "next"}
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_the_next_start_removes_what_was_killed_and_leaves_what_lives(tmp_path: Path) -> None:
    """If a folder that is being filled went away too, two trainings beside would end each other."""
    place = tmp_path / "place"
    kill(place, "filling")
    with folders.scratch(place) as living:
        assert [path.name for path in tmp_path.glob(".*.part")] == [living.name]
        with folders.scratch(place):
            assert living.is_dir()

        folders.clear_leftovers(tmp_path)
        assert living.is_dir()

    assert list(tmp_path.glob(".*")) == []


def test_a_folder_is_claimed_by_one_process_without_a_file(tmp_path: Path) -> None:
    with folders.alone_in(tmp_path):
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(folders.Busy), folders.alone_in(tmp_path):
            pass

    with folders.alone_in(tmp_path):
        pass


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_a_start_that_clears_nothing_brings_an_old_folder_back_too(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "a").write_text("old")
    kill(place, "exchanging")

    with pytest.raises(ValueError, match="no luck"), folders.whole(place):
        raise ValueError("no luck")

    assert content(place) == {"a": "old"}


def test_an_old_folder_stays_where_the_new_one_cannot_be_renamed(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "a").write_text("old")

    with pytest.raises(FileNotFoundError):
        folders.put_in_place(tmp_path / "missing", place)

    assert content(place) == {"a": "old"}
    assert list(tmp_path.glob(".*")) == []


def test_what_fails_leaves_the_place_as_it_was(tmp_path: Path) -> None:
    def fails() -> None:
        with folders.whole(tmp_path / "place") as work:
            (work / "a").write_text("half")
            raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        fails()

    assert list(tmp_path.iterdir()) == []


def test_without_replace_nothing_that_is_there_gives_way(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with folders.whole(place, replace=False) as work:
        (work / "a").write_text("first")

    with (
        pytest.raises(OSError, match=r"not empty|exists"),
        folders.whole(place, replace=False) as work,
    ):
        (work / "a").write_text("second")

    assert content(place) == {"a": "first"}


def test_many_files_are_written_out_too(tmp_path: Path) -> None:
    with folders.whole(tmp_path / "place") as work:
        for number in range(folders._MANY + 1):
            (work / f"{number}").write_text("clip")

    assert len(list((tmp_path / "place").iterdir())) == folders._MANY + 1


def test_a_lock_is_refused_or_waited_for(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from mserbench.disk import folders
with folders.held(Path({str(tmp_path / "lock")!r})):
    print("held", flush=True)
    sys.stdin.readline()
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    with pytest.raises(folders.Busy), folders.held(tmp_path / "lock"):
        pass

    calls = []

    def waiting() -> None:
        calls.append("waiting")
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()

    with folders.held(tmp_path / "lock", waiting):
        assert calls == ["waiting"]

    assert holder.wait(10) == 0
