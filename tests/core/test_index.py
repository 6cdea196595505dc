"""Facts of clips: what decoding tells of each file, remembered while the file stays the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mserbench.contracts import Utterance
from mserbench.data import audio, index
from mserbench.data.memory import Digests, Memory

Tone = Callable[..., NDArray[np.float32]]


def utterance(name: str, start: float | None = None, end: float | None = None) -> Utterance:
    return Utterance(f"{name}-{start}", name, "x", None, "de", start, end)


def memory_file(cache: Path, root: Path) -> Path:
    return Memory(root).path


@pytest.mark.parametrize(
    ("seconds", "level", "warning"),
    [
        (1.0, 1.0, ""),
        (1.0, 0.0, "is digital silence: it is scored as it is, check the file"),
        (0.05, 1.0, "lasts only 0.050 s: it is scored as it is"),
        (300.0, 1.0, "lasts 300 s, far longer than an utterance: check it"),
    ],
)
def test_odd_clips_are_scored_and_warned_of(
    tmp_path: Path, tone: Tone, seconds: float, level: float, warning: str
) -> None:
    soundfile.write(tmp_path / "a.flac", level * tone(seconds, 8_000), 8_000)
    facts = index.index(tmp_path, [utterance("a.flac")])["a.flac-None"]
    assert facts.problem == ""
    assert facts.warning == (f"clip 'a.flac-None' {warning}" if warning else "")
    assert facts.seconds == pytest.approx(seconds)
    assert (facts.rate, facts.channels) == (8_000, 1)


def test_every_bad_clip_has_its_problem_and_stops_no_other(tmp_path: Path, tone: Tone) -> None:
    soundfile.write(tmp_path / "good.wav", tone(), 16_000)
    soundfile.write(tmp_path / "nan.wav", np.full(800, np.nan), 16_000, subtype="FLOAT")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not audio")
    names = ("good.wav", "nan.wav", "empty.wav", "text.wav", "none.wav")
    facts = index.index(tmp_path, [utterance(name) for name in names])
    words = {
        "nan.wav": "NaN",
        "empty.wav": "empty",
        "text.wav": "cannot be decoded",
        "none.wav": "does not exist",
    }
    assert facts["good.wav-None"].problem == ""

    for name, word in words.items():
        assert word in facts[f"{name}-None"].problem


def test_facts_are_remembered_until_the_file_changes(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), 16_000)
    read: list[Path] = []
    original = audio.read
    monkeypatch.setattr(
        audio, "read", lambda path, *arguments: read.append(path) or original(path, *arguments)
    )
    first = index.index(tmp_path, [utterance("a.wav")])
    assert index.index(tmp_path, [utterance("a.wav")]) == first
    assert len(read) == 1, "a second run decodes everything again"
    soundfile.write(path, -tone(), 16_000)
    os.utime(path, ns=(1, 1))
    assert index.index(tmp_path, [utterance("a.wav")]) != first, "a changed file keeps its old key"
    assert len(read) == 2


@pytest.mark.parametrize("change", ["flipped", "text"])
def test_times_and_sizes_are_no_proof(tmp_path: Path, many: list[Utterance], change: str) -> None:
    """Bits flipped in 535 clips of EmoDB, with their times kept, once gave the digest of before."""
    first = index.index(tmp_path, many)
    path = tmp_path / "05.wav"
    status, data = path.stat(), bytearray(path.read_bytes())
    data[1_000] ^= 0x10
    path.write_bytes(bytes(data) if change == "flipped" else b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = index.index(tmp_path, many)
    assert [name for name in first if first[name].key != second[name].key] == ["05.wav-None"]
    assert bool(second["05.wav-None"].problem) == (change == "text")


def test_what_is_remembered_is_of_other_types_and_not_believed(
    tmp_path: Path, tone: Tone, own_cache: Path
) -> None:
    """A cache that another program wrote into once ended a run by a TypeError."""
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    first = index.index(tmp_path, [utterance("a.wav")])
    for value in (None, "text", b"bytes", 1e9):
        with closing(sqlite3.connect(memory_file(own_cache, tmp_path))) as base, base:
            base.execute("UPDATE sounds SET seconds = ?, rate = ?", (value, value))

        assert index.index(tmp_path, [utterance("a.wav")]) == first


def test_verifying_decodes_what_is_remembered(
    tmp_path: Path, many: list[Utterance], decoded: list[str]
) -> None:
    first = index.index(tmp_path, many)
    decoded.clear()
    assert index.index(tmp_path, many, from_memory=False) == first
    assert len(decoded) == len(many)


def test_a_mended_file_is_looked_at_again(tmp_path: Path, tone: Tone) -> None:
    assert index.index(tmp_path, [utterance("a.wav")])["a.wav-None"].problem
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    assert not index.index(tmp_path, [utterance("a.wav")])["a.wav-None"].problem


def test_segments_of_one_file_have_facts_of_their_own(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.linspace(-0.5, 0.5, 16_000), 16_000)
    parts = [utterance("a.wav", 0.0, 0.5), utterance("a.wav", 0.5, 0.75)]
    for _ in range(2):  # decoded, then remembered
        facts = index.index(tmp_path, parts)
        assert [facts[part.id].seconds for part in parts] == [0.5, 0.25]
        assert len({facts[part.id].key for part in parts}) == 2


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the name of every file that is decoded."""
    names: list[str] = []
    original = audio.read
    monkeypatch.setattr(
        audio,
        "read",
        lambda path, *arguments: names.append(path.name) or original(path, *arguments),
    )

    return names


@pytest.fixture
def many(tmp_path: Path, tone: Tone) -> list[Utterance]:
    """Forty recordings, each another."""
    names = [f"{number:02d}.wav" for number in range(40)]
    for number, name in enumerate(names):
        soundfile.write(tmp_path / name, tone(0.15, hertz=200 + 5 * number), 16_000)

    return [utterance(name) for name in names]


def test_of_many_files_only_the_changed_one_is_decoded_again(
    tmp_path: Path, tone: Tone, many: list[Utterance], decoded: list[str]
) -> None:
    first = index.index(tmp_path, many)
    assert sorted(decoded) == [entry.audio for entry in many]
    decoded.clear()
    soundfile.write(tmp_path / "07.wav", tone(0.2), 16_000)
    second = index.index(tmp_path, many)
    assert decoded == ["07.wav"]
    assert {identity for identity in first if first[identity] != second[identity]} == {
        "07.wav-None"
    }


def test_a_touched_or_renamed_file_keeps_its_facts(
    tmp_path: Path, many: list[Utterance], decoded: list[str]
) -> None:
    first = index.index(tmp_path, many)
    decoded.clear()
    os.utime(tmp_path / "11.wav", ns=(5, 5))
    assert index.index(tmp_path, many) == first
    assert decoded == [], "times are no proof, neither that it changed"


def test_a_removed_file_has_a_problem_and_is_known_again_when_it_is_back(
    tmp_path: Path, many: list[Utterance], decoded: list[str]
) -> None:
    first = index.index(tmp_path, many)
    decoded.clear()
    os.rename(tmp_path / "03.wav", tmp_path / "aside")
    assert "does not exist" in index.index(tmp_path, many)["03.wav-None"].problem
    os.rename(tmp_path / "aside", tmp_path / "03.wav")
    assert index.index(tmp_path, many) == first
    assert decoded == ["03.wav"], "the others are decoded again, or the one that was not there"


def test_a_part_of_a_corpus_does_not_forget_the_rest(
    tmp_path: Path, many: list[Utterance], decoded: list[str]
) -> None:
    """A task of four labels after one of seven must not make the next run decode all again."""
    index.index(tmp_path, many[:30])
    index.index(tmp_path, many[20:])
    decoded.clear()
    index.index(tmp_path, many)
    assert decoded == []


def test_facts_hold_the_size_of_the_file(tmp_path: Path, many: list[Utterance]) -> None:
    for _ in range(2):  # decoded, then remembered
        facts = index.index(tmp_path, many)
        assert {entry.id: facts[entry.id].bytes for entry in many} == {
            entry.id: 44 + 2 * 2_400 for entry in many
        }


def test_progress_counts_every_clip_as_each_is_opened(
    tmp_path: Path, many: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_CHUNK", 16)
    heard: list[tuple[int, int]] = []
    index.index(tmp_path, many, lambda done, total: heard.append((done, total)))
    assert heard == sorted(heard)
    assert heard[-1] == (40, 40)
    assert 2 <= len(heard) <= 3, "it tells as often as it saves"
    heard.clear()
    index.index(tmp_path, many, lambda done, total: heard.append((done, total)))
    assert heard[-1] == (40, 40), "files are read again, which takes time for large corpora"


def test_work_that_is_interrupted_is_not_lost(
    tmp_path: Path, many: list[Utterance], decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_CHUNK", 16)

    saved: list[int] = []

    def stop(done: int, total: int) -> None:
        saved.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.index(tmp_path, many, stop)

    decoded.clear()
    index.index(tmp_path, many)
    assert saved[0] >= 16
    assert len(decoded) == len(many) - saved[0]


CHILD = """
import sys, time
from pathlib import Path
from mserbench.data import audio, index
from mserbench.contracts import Utterance

index._CHUNK = 8
original = audio.read
audio.read = lambda *given: time.sleep(0.02) or original(*given)
names = [f"{number:02d}.wav" for number in range(40)]
index.index(Path(sys.argv[1]), [Utterance(f"{name}-None", name, "x", None, "de") for name in names],
            lambda done, total: print(done, flush=True))
"""


def test_a_killed_process_loses_a_chunk_at_most(
    tmp_path: Path, many: list[Utterance], decoded: list[str], own_cache: Path
) -> None:
    """Hours of decoding must survive a power cut."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    done = [int(child.stdout.readline()) for _ in range(3)]
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert done == [8, 16, 24]
    index.index(tmp_path, many)
    assert len(decoded) <= len(many) - 24, "what was saved is decoded again"


def test_two_processes_at_once_give_the_same_facts_and_keep_both(
    tmp_path: Path, many: list[Utterance]
) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    children = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    memory, digests = Memory(tmp_path), Digests()
    facts = index.index(tmp_path, many)
    for clip in many:
        sound = memory.get(digests.of(tmp_path, clip.audio), clip)
        assert sound is not None
        assert sound.key == facts[clip.id].key

    assert len(memory.rows) == len(many)


def test_threads_that_index_parts_at_once_lose_nothing(
    tmp_path: Path, many: list[Utterance], decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_CHUNK", 2)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda part: index.index(tmp_path, many[part::4]), range(4)))

    decoded.clear()
    index.index(tmp_path, many)
    assert decoded == []


def test_an_unchanged_corpus_of_thousands_is_looked_up_and_not_decoded(
    tmp_path: Path, tone: Tone, decoded: list[str]
) -> None:
    soundfile.write(tmp_path / "one.wav", tone(), 16_000)
    parts = [utterance("one.wav", number / 1e5, 0.1 + number / 1e5) for number in range(2_000)]
    index.index(tmp_path, parts)
    decoded.clear()
    started = time.perf_counter()
    index.index(tmp_path, parts)
    assert decoded == []
    assert time.perf_counter() - started < 1.0


def test_names_that_are_no_unicode_are_remembered(
    tmp_path: Path, tone: Tone, decoded: list[str]
) -> None:
    name = b"Col\x8are.wav".decode("utf-8", "surrogateescape")
    soundfile.write(os.fsencode(tmp_path / name), np.zeros(800), 16_000)
    first = index.index(tmp_path, [utterance(name)])
    assert "digital silence" in first[f"{name}-None"].warning
    assert index.index(tmp_path, [utterance(name)]) == first
    assert decoded == [name]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"SQLite format 3\0" + bytes(200), bytes(5_000), b"\xff" * 4_096]
)
def test_a_damaged_memory_is_made_anew(
    tmp_path: Path, tone: Tone, own_cache: Path, content: bytes
) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    first = index.index(tmp_path, [utterance("a.wav")])
    path = memory_file(own_cache, tmp_path)
    path.write_bytes(content)
    assert index.index(tmp_path, [utterance("a.wav")]) == first
    assert Memory(tmp_path).rows, "what was damaged stays unusable"


def test_a_memory_cut_off_in_the_middle_is_made_anew(
    tmp_path: Path, many: list[Utterance], own_cache: Path
) -> None:
    first = index.index(tmp_path, many)
    path = memory_file(own_cache, tmp_path)
    path.write_bytes(path.read_bytes()[:5_000])
    assert index.index(tmp_path, many) == first


def test_a_memory_with_other_columns_is_not_believed(
    tmp_path: Path, many: list[Utterance], own_cache: Path
) -> None:
    """A file of another make must neither stop a run nor be taken for facts."""
    path = memory_file(own_cache, tmp_path)
    path.unlink()
    base = sqlite3.connect(path)
    digest = Digests().of(tmp_path, "00.wav")
    base.execute("CREATE TABLE sounds (name BLOB PRIMARY KEY, key TEXT)")
    base.execute("INSERT INTO sounds VALUES (?, 'wrong')", (f"{digest}|.wav|None|None".encode(),))
    base.commit()
    base.close()
    assert index.index(tmp_path, many)["00.wav-None"].key != "wrong"


def test_a_cache_that_cannot_be_written_stops_nothing(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    (tmp_path / "file").touch()
    monkeypatch.setenv("MSERBENCH_CACHE", str(tmp_path / "file/cache"))
    assert not index.index(tmp_path, [utterance("a.wav")])["a.wav-None"].problem


def test_the_digest_is_of_contents_alone(tmp_path: Path, tone: Tone) -> None:
    digests = []
    for folder, order in (("one", ("a", "b")), ("two", ("b", "a"))):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            soundfile.write(tmp_path / folder / f"{name}.wav", tone(hertz=200 + ord(name)), 16_000)

        digests.append(
            index.digest(
                index.index(tmp_path / folder, [utterance(f"{name}.wav") for name in order])
            )
        )

    assert digests[0] == digests[1], "the digest depends on the folder or the order"
    soundfile.write(tmp_path / "two/a.wav", tone(hertz=99), 16_000)
    changed = index.index(tmp_path / "two", [utterance("a.wav"), utterance("b.wav")])
    assert index.digest(changed) != digests[0]
