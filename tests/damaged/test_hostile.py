"""Hostile and broken input ends in time and within memory, with a documented code, one sentence, no
traceback, and nothing left behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from damaged import child, hostile
from damaged.fails_today import marked

CASES = hostile.load()


@pytest.mark.slow
@pytest.mark.parametrize("name", [marked(name) for name in CASES])
def test_hostile_input_is_met_with_a_sentence(name: str, tmp_path: Path) -> None:
    """If hostile input could hang, exhaust or crash the program, anyone's folder could stop it."""
    case = CASES[name]
    place = hostile.place(tmp_path)
    case.make(place)
    faults = []
    for command in case.commands:
        ended = child.run(place, case, command)
        faults += [
            f"{' '.join(command)[:60]!a}: {fault}" for fault in ended.faults(case.codes, case.says)
        ]
        if ended.code is None:  # the next would only hang as long
            break

    assert not faults, "\n".join(faults)


SLEEPS = """
    def predict(self, clips, labels):
        print("asked", file=sys.stderr, flush=True)
        time.sleep(60)
"""


def started(place: hostile.Place, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start the program in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "mserbench", *command],
        cwd=place.folder,
        env=child.environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [marked("Ctrl-C while a model is asked")])
def test_an_interrupted_run_says_how_to_go_on(name: str, tmp_path: Path) -> None:
    """If Ctrl-C said nothing, nobody would know that the same command goes on."""
    place = hostile.place(tmp_path)
    place.model(SLEEPS)
    process = started(place, ("run", "--model", "bad", "--task", "./t.toml"))
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"asked"):
            break

    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, b"goes on" in err, b"Traceback" in err) == (130, True, False)


@pytest.mark.slow
@pytest.mark.parametrize("name", [marked("Ctrl-C in the first second")])
def test_an_early_interrupt_shows_no_traceback(name: str, tmp_path: Path) -> None:
    """If imports were interrupted with a traceback, a mistyped command would look like a crash."""
    place = hostile.place(tmp_path)
    shown = []
    for wait in (0.05, 0.15, 0.3, 0.5, 0.8):
        process = started(place, ("run", "--model", "logmel", "--task", "./t.toml"))
        time.sleep(wait)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        # Before any module of ours, Python itself starts, and tells of an interrupt as it likes.
        ours = b"/mserbench/" in err or process.returncode == 130
        shown += [wait] if b"Traceback" in err and ours else []

    assert not shown, f"tracebacks after {shown} s"


@pytest.mark.slow
@pytest.mark.parametrize("name", [marked("a pattern's process outlives the program")])
def test_a_pattern_ends_with_its_parent(name: str, tmp_path: Path) -> None:
    """If a pattern's process outlived a killed program, a core would be busy for ever."""
    place = hostile.place(tmp_path)
    for number in range(3):
        (tmp_path / "c" / "wav" / f"{'a' * 60}{number}!.wav").touch()

    text = "language = 'de'\naudio = 'c'\npattern = '(?P<label>(a+)+)b'\n"
    (tmp_path / "t.toml").write_text(f"{text}[labels]\nangry = 'angry'\nsad = 'sad'\n")
    text = (tmp_path / "t.toml").read_text().replace("(?P<label>", "wav/(?P<label>")
    (tmp_path / "t.toml").write_text(text)
    process = started(place, hostile.VERIFY)
    time.sleep(6)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(2)
    assert child.survivors(process.pid) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [marked("umask 077")])
def test_files_obey_the_umask(name: str, tmp_path: Path) -> None:
    """If files were readable by all whatever the umask says, a private corpus would leak by its
    runs.
    """
    place = hostile.place(tmp_path)
    before = os.umask(0o077)
    try:
        process = started(place, hostile.RUN)
        process.communicate(timeout=60)
    finally:
        os.umask(before)

    (record,) = (tmp_path / "runs").rglob("run.json")
    assert record.stat().st_mode & 0o077 == 0
