"""Files that are no plain files: pipes, devices, links out of the corpus, folders that vanish."""

from __future__ import annotations

import os
from pathlib import Path

from damaged.hostile import (
    DATA,
    DONE,
    PROPOSE,
    RUN,
    SCORE,
    STATUS,
    VERIFY,
    Place,
    hostile,
)

COMPARE = ("compare", "runs/a", "runs/b")
ADD = ("leaderboard", "--dir", "board", "--no-pictures", "--add", "runs/a")


def replaced_by_a_pipe(path: Path) -> None:
    """Put a pipe that nobody writes to in the place of a file."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)


def replaced_by(path: Path, target: str) -> None:
    """Put a link in the place of a file."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def sparse(path: Path, size: int = 20 << 30) -> None:
    """Make a file of 20 GiB that takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


def two_runs(place: Place) -> None:
    """Make two folders that look like runs, with files that are none."""
    for name in ("a", "b"):
        folder = place.folder / "runs" / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
        (folder / "predictions.csv").write_text("id,label,prediction\n")

    (place.folder / "board" / "results").mkdir(parents=True)


def finished_run(place: Place) -> Path:
    """Run `prior` on the good corpus; returns the folder of the run."""
    import subprocess
    import sys

    from damaged.child import environment

    command = [sys.executable, "-m", "mserbench", *RUN]
    subprocess.run(
        command, cwd=place.folder, env=environment(place), check=True, capture_output=True
    )
    (record,) = (place.folder / "runs").rglob("run.json")
    return record.parent


# What a path is replaced by.
KINDS = {
    "a pipe": replaced_by_a_pipe,
    "/dev/zero": lambda path: replaced_by(path, "/dev/zero"),
    "a link to itself": lambda path: replaced_by(path, path.name),
    "20 GiB": sparse,
    "a folder": lambda path: (path.unlink(missing_ok=True), path.mkdir(parents=True)),
}
# Where it lies, and which commands read it with which codes.
PLACES: dict[str, tuple[str, tuple[tuple[str, ...], ...], tuple[int, ...]]] = {
    "a table": ("c/labels.csv", (VERIFY, RUN), DATA),
    "a table proposed": ("c/labels.csv", (PROPOSE,), (0, 3)),
    "a TOML file": ("t.toml", (VERIFY,), (2, 3)),
    "a recording": ("c/wav/ada_happy_2.wav", (VERIFY, RUN), (1, 3)),
    "a header of audformat": ("c/db.yaml", (PROPOSE,), (0, 3)),
    "a label file of a publisher": ("data/meld/train_sent_emo.csv", (STATUS,), DONE),
    "a card": ("card.json", ((*SCORE, "--card", "card.json"),), (2, 3)),
    "a record": ("runs/a/run.json", (COMPARE, ADD), (2, 3)),
    "predictions of a run": ("runs/a/predictions.csv", (COMPARE, ADD), (2, 3)),
}


def _replacing(kind: str, what: str) -> None:
    path, commands, codes = PLACES[what]

    @hostile(f"{kind} as {what}", *commands, codes=codes)
    def _make(place: Place) -> None:
        (place.folder / "p.csv").write_text("\n".join(place.predictions()) + "\n")
        two_runs(place)
        KINDS[kind](place.folder / path)


for _what in PLACES:
    for _kind in KINDS:
        _replacing(_kind, _what)


def _linking(target: str) -> None:
    @hostile(f"a folder link to {target}", VERIFY, RUN, PROPOSE, STATUS, codes=(0, 1, 3))
    def _make(place: Place) -> None:
        (place.folder / "c" / "more").symlink_to(target)
        (place.folder / "data").mkdir()
        (place.folder / "data" / "meld").symlink_to(target)


for _target in ("/proc", "/", "/sys", "..", "."):
    _linking(_target)


@hostile("a link out of the corpus to another's file", VERIFY, codes=(1,), says="ada_happy_2")
def _link_out(place: Place) -> None:
    """A recording is a link to a file that is none of the corpus: what is heard is another's."""
    secret = place.folder / "secret.wav"
    place.corpus.path(4).rename(secret)
    place.corpus.rows.pop(4)
    place.corpus.path(3).unlink()
    place.corpus.path(3).symlink_to(secret)
    place.corpus.write()


VANISHES = """
import os, shutil

real = os.scandir


class Listed(list):
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def close(self):
        return None

    def __next__(self):
        if not self:
            raise StopIteration
        return self.pop(0)


def scandir(path="."):
    with real(path) as found:
        entries = Listed(found)
    for entry in entries:
        if entry.name == "{name}":
            entry.is_dir()
            shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)
    return entries


os.scandir = scandir
"""


@hostile("a folder that vanishes during the walk", VERIFY, PROPOSE, codes=(0, 1, 3))
def _vanishing(place: Place) -> None:
    (place.folder / "c" / "gone").mkdir()
    (place.folder / "site").mkdir()
    (place.folder / "site" / "sitecustomize.py").write_text(VANISHES.replace("{name}", "gone"))


@hostile("a table that vanishes during the walk", VERIFY, PROPOSE, codes=(0, 1, 3))
def _vanishing_file(place: Place) -> None:
    (place.folder / "site").mkdir()
    (place.folder / "site" / "sitecustomize.py").write_text(
        VANISHES.replace("{name}", "labels.csv")
    )


@hostile("a corpus folder that vanishes", VERIFY, PROPOSE, codes=(2, 3))
def _vanishing_corpus(place: Place) -> None:
    (place.folder / "site").mkdir()
    (place.folder / "site" / "sitecustomize.py").write_text(VANISHES.replace("{name}", "c"))
    os.rename(place.folder / "c", place.folder / "hidden")


@hostile("folders nested 3,000 deep", VERIFY, PROPOSE, codes=(0, 1, 3))
def _deep(place: Place) -> None:
    here = os.getcwd()
    try:
        os.chdir(place.folder / "c")
        for _ in range(3_000):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)


@hostile("20,000 files without a row", VERIFY, codes=DONE, says="19,?999 more like this")
def _many(place: Place) -> None:
    for number in range(20_000):
        (place.folder / "c" / f"{number}.wav").touch()


@hostile("a leftover in the board", ADD, codes=DONE, says="added")
def _leftover(place: Place) -> None:
    """What a killed `--add` leaves must not be what the next one complains of."""
    finished_run(place).rename(place.folder / "runs" / "a")
    folder = place.folder / "board" / "results" / "t" / "prior-0"
    folder.mkdir(parents=True)
    (folder / ".run.json.abcdefgh").write_text("{}")
