"""Corpora that we have seen whole: what they were is known, so what they became is told, always."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile

from damaged import own_corpus
from damaged.fails_today import marked
from mserbench.data import lookup

Cli = Callable[..., Any]


def flip(path: Path) -> None:
    """Flip bits in the middle of a file; its size and times stay."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    for position in range(len(data) // 2, len(data) // 2 + 64):
        data[position] ^= 0x55

    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_text(path: Path) -> None:
    """Put text of the same size into the place of a file; its times stay."""
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def digest(text: str) -> str:
    """Return the digest that `data verify` prints."""
    found = re.search(r"audio digest ([0-9a-f]{8})", text)
    assert found, text
    return found[1]


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> own_corpus.OwnCorpus:
    lookup._owned.clear()
    monkeypatch.chdir(tmp_path)
    made = own_corpus.build(tmp_path)
    made.write()
    return made


def run_digests(cli: Cli) -> set[str]:
    """Run a model and return the digests in the records of all runs that are there."""
    assert cli("run", "--model", "prior", "--task", "./t.toml").code == 0
    records = [json.loads(path.read_text()) for path in Path("runs").rglob("run.json")]
    return {record["corpus"]["index_digest"] for record in records}


@pytest.mark.parametrize("name", [marked("verify after bits flipped, times kept")])
def test_verify_opens_every_file_every_time(name: str, cli: Cli, corpus: Any) -> None:
    """If what was known by size and time were told again, rotten discs would verify for ever."""
    before = digest(cli("data", "verify", "./t.toml").out)
    flip(corpus.path(3))
    assert digest(cli("data", "verify", "./t.toml").out) != before


@pytest.mark.parametrize("name", [marked("verify after text in a file's place, times kept")])
def test_verify_sees_text_in_place_of_sound(name: str, cli: Cli, corpus: Any) -> None:
    """If a file that is no audio any more passed, nothing that verify says would hold."""
    assert cli("data", "verify", "./t.toml").code == 0
    replace_by_text(corpus.path(3))
    done = cli("data", "verify", "./t.toml")
    assert (done.code, "ada_happy_2" in done.out) == (1, True)


@pytest.mark.parametrize("name", [marked("run after bits flipped, times kept")])
def test_a_run_keeps_the_digest_of_what_it_heard(name: str, cli: Cli, corpus: Any) -> None:
    """If a run bore the digest of other audio, its number would be of a corpus nobody heard."""
    before = run_digests(cli)
    flip(corpus.path(3))
    assert run_digests(cli) - before, "the record is of what was there before"


@pytest.mark.parametrize("name", [marked("sizes swapped between two files, times kept")])
def test_two_files_swapped_with_their_times(name: str, cli: Cli, corpus: Any) -> None:
    """If labels were swapped by a copy that keeps times, sizes alone would not tell."""
    before = digest(cli("data", "verify", "./t.toml").out)
    for number in (3, 4):
        os.utime(corpus.path(number), ns=(1, 1))

    assert digest(cli("data", "verify", "./t.toml").out) == before
    first, second = corpus.path(3).read_bytes(), corpus.path(4).read_bytes()
    for number, data in ((3, second), (4, first)):
        corpus.path(number).write_bytes(data)
        os.utime(corpus.path(number), ns=(1, 1))

    assert digest(cli("data", "verify", "./t.toml").out) != before


@pytest.fixture
def emodb(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data folder whose EmoDB is the real one, as links that a test may replace."""
    monkeypatch.chdir(tmp_path)
    source, target = real_data / "emodb", tmp_path / "data" / "emodb"
    if not source.is_dir():
        pytest.skip("EmoDB is not here: set MSERBENCH_DATA")

    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)

    return tmp_path / "data"


def overwritten(wav: Path) -> None:
    """Overwrite a happy recording by an angry one of the same speaker."""
    (wav / "03a01Fa.flac").unlink()
    shutil.copyfile(wav / "03a01Wa.flac", wav / "03a01Fa.flac")


def swapped(wav: Path) -> None:
    """Swap two recordings of two labels."""
    first, second = (wav / name for name in ("03a01Fa.flac", "03a01Wa.flac"))
    one_of_both = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(one_of_both)


def one_sample(wav: Path) -> None:
    """Change one sample of a recording by one step."""
    samples, rate = soundfile.read(wav / "03a01Fa.flac", dtype="int16")
    samples[1_000] ^= 1
    soundfile.write(wav / "03a01Fa.flac", samples, rate)


def cut(wav: Path) -> None:
    """Keep half of a recording, as a whole file."""
    samples, rate = soundfile.read(wav / "03a01Fa.flac", dtype="int16")
    soundfile.write(wav / "03a01Fa.flac", samples[: len(samples) // 2], rate)


CHANGES = {change.__name__: change for change in (overwritten, swapped, one_sample, cut)}


@pytest.mark.real
@pytest.mark.parametrize(
    "name", [marked(f"emodb {name}, {told}") for name in CHANGES for told in ("verify", "run")]
)
def test_a_known_corpus_names_the_files_that_differ(name: str, cli: Cli, emodb: Path) -> None:
    """If a recording of EmoDB were another one, every model's number on it would be wrong."""
    change, command = name.removeprefix("emodb ").split(", ")
    CHANGES[change](emodb / "emodb" / "wav")
    arguments = (
        ("data", "verify", "emodb", "--data", emodb)
        if command == "verify"
        else ("run", "--model", "prior", "--task", "emodb", "--data", emodb)
    )
    done = cli(*arguments)
    assert "03a01Fa" in done.out + done.err, f"nothing was said by {command}"


@pytest.mark.real
def test_the_real_one_has_nothing_said(cli: Cli, emodb: Path) -> None:
    """If the unchanged corpus were doubted, every change would seem to be told."""
    done = cli("data", "verify", "emodb", "--data", emodb)
    assert (done.code, "0 problem(s)" in done.out, "(original)" in done.out) == (0, True, True)
