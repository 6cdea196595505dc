"""Facts of clips: what decoding tells of each file, remembered while the file stays the same."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mserbench import audio, index
from mserbench.contracts import Utterance

Tone = Callable[..., NDArray[np.float32]]


def utterance(name: str, start: float | None = None, end: float | None = None) -> Utterance:
    return Utterance(f"{name}-{start}", name, "x", None, "de", start, end)


def memory_file(cache: Path, root: Path) -> Path:
    return index._Memory(root).path


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
    words = {"nan.wav": "NaN", "empty.wav": "empty", "text.wav": "cannot be decoded", "none.wav": "does not exist"}
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
    monkeypatch.setattr(audio, "read", lambda path, *rest: read.append(path) or original(path, *rest))
    first = index.index(tmp_path, [utterance("a.wav")])
    assert index.index(tmp_path, [utterance("a.wav")]) == first
    assert len(read) == 1, "a second run decodes everything again"
    soundfile.write(path, -tone(), 16_000)
    os.utime(path, ns=(1, 1))
    assert index.index(tmp_path, [utterance("a.wav")]) != first, "a changed file keeps its old key"
    assert len(read) == 2


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


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"schema": %d}' % index.SCHEMA,
        b'{"schema": %d, "rows": 5}' % index.SCHEMA,
        b'{"schema": 0, "rows": {}}',
        b"[" * 99_999,
    ],
)
def test_a_damaged_memory_is_made_anew(tmp_path: Path, tone: Tone, own_cache: Path, content: bytes) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    first = index.index(tmp_path, [utterance("a.wav")])
    memory_file(own_cache, tmp_path).write_bytes(content)
    assert index.index(tmp_path, [utterance("a.wav")]) == first


@pytest.mark.parametrize("row", [None, 5, {}, {"state": [1]}, {"state": [1], "facts": {"other": 1}}])
def test_a_damaged_row_of_the_memory_is_made_anew(tmp_path: Path, tone: Tone, own_cache: Path, row: object) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), 16_000)
    first = index.index(tmp_path, [utterance("a.wav")])
    path = memory_file(own_cache, tmp_path)
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "rows": dict.fromkeys(held["rows"], row)}))
    assert index.index(tmp_path, [utterance("a.wav")]) == first


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
        digests.append(index.digest(index.index(tmp_path / folder, [utterance(f"{name}.wav") for name in order])))
    assert digests[0] == digests[1], "the digest depends on the folder or the order"
    soundfile.write(tmp_path / "two/a.wav", tone(hertz=99), 16_000)
    changed = index.index(tmp_path / "two", [utterance("a.wav"), utterance("b.wav")])
    assert index.digest(changed) != digests[0]
