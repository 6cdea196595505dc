"""Calls: channels by themselves, segments between pauses, what is said of narrow bands, summaries."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from mserbench.contracts import SAMPLE_RATE
from mserbench.data.audio import Recording
from mserbench.errors import UsageError
from mserbench.predicting import segments, summaries
from mserbench.predicting.hearing import Hearing
from mserbench.predicting.listening import Failed, Piece, Remark, Source, listen
from mserbench.predicting.predicting import Row
from mserbench.predicting.traits import DIFFER, NARROW, Look, Trait, sentences

RATE = 16_000
Signal = NDArray[np.float32]


def voice(seconds: float, seed: int = 0, rate: int = RATE) -> Signal:
    """Return broadband noise whose loudness goes up and down four times a second, as syllables."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(0, 0.1, round(seconds * rate))
    time = np.arange(len(noise)) / rate
    return np.asarray(noise * (0.55 + 0.45 * np.sin(8 * np.pi * time)), np.float32)


def talk(*parts: float, noise: float = 0.0, seed: int = 0) -> Signal:
    """Return speech where a part is positive, a pause where it is negative; each in seconds."""
    pieces = [
        voice(part, seed + at) if part > 0 else np.zeros(round(-part * RATE), np.float32)
        for at, part in enumerate(parts)
    ]
    joined = np.concatenate(pieces)
    return joined + np.random.default_rng(9).normal(0, noise, len(joined)).astype(np.float32)


def spans_of(samples: Signal, block: float = 10.0) -> list[tuple[float, float]]:
    step = round(block * RATE)
    blocks = [Recording(samples[at : at + step, None], RATE) for at in range(0, len(samples), step)]
    spans = segments.spans(segments.levels(blocks), segments.frame_seconds(RATE))
    return [(start / RATE, end / RATE) for start, end in spans]


@pytest.mark.parametrize("noise", [0.0, 1e-4, 3e-3])
@pytest.mark.parametrize("block", [0.33, 10.0])
def test_pauses_part_segments_and_are_no_part_of_them(noise: float, block: float) -> None:
    samples = talk(4.0, -0.5, 5.0, -2.0, 1.0, -0.4, 3.0, -20.0, 0.6, noise=noise)
    expected = [(0, 4.0), (4.5, 9.5), (11.5, 15.9), (35.9, 36.5)]
    np.testing.assert_allclose(spans_of(samples, block), expected, atol=0.17)


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    samples = voice(40.0)
    for at in (9.0, 21.0, 31.0):  # shorter than a pause
        samples[round(at * RATE) : round((at + 0.16) * RATE)] *= 0.01

    cut = spans_of(samples)
    assert cut[0][0] == 0
    assert cut[-1][1] == pytest.approx(40.0, abs=0.03)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(cut))
    assert max(end - start for start, end in cut) <= segments.MOST
    np.testing.assert_allclose([end for _, end in cut[:3]], [9.08, 21.08, 31.08], atol=0.1)


@pytest.mark.parametrize("samples", [np.zeros(RATE * 40, np.float32), voice(40.0) * 0 + 0.3])
def test_a_recording_without_speech_is_cut_all_the_same(samples: Signal) -> None:
    """Else a file would have no row, and nobody would be told why."""
    cut = spans_of(samples)
    assert (cut[0][0], cut[-1][1]) == (0, 40)


@pytest.mark.parametrize("seed", range(5))
def test_steady_noise_loses_no_speech(seed: int) -> None:
    """Where noise is as loud as soft speech, all is heard; a quiet speaker must not get lost."""
    samples = talk(20.0, -0.2, 20.0, noise=0.03, seed=seed)
    cut = spans_of(samples)
    assert sum(end - start for start, end in cut) > 39.5


def written(folder: Path, name: str, samples: Signal, rate: int = RATE) -> Path:
    soundfile.write(folder / name, samples, rate, subtype="PCM_16")
    return folder / name


def heard(path: Path, hearing: Hearing) -> list[object]:
    return list(listen([Source(path.name, path)], hearing))


def pieces_of(outcomes: Sequence[object]) -> list[Piece]:
    return [outcome for outcome in outcomes if isinstance(outcome, Piece)]


def traits_of(outcomes: Sequence[object]) -> list[str]:
    return [outcome.about for outcome in outcomes if isinstance(outcome, Trait)]


@pytest.mark.parametrize("seconds", [8.0, 47.0])
@pytest.mark.parametrize("pauses", [False, True])
def test_each_channel_is_heard_by_itself(tmp_path: Path, seconds: float, pauses: bool) -> None:
    near, far = voice(seconds, 1), voice(seconds, 2) * np.float32(0.5)
    path = written(tmp_path, "a.wav", np.stack([near, far], 1))
    outcomes = heard(path, Hearing(pauses=pauses, channels=True))
    assert traits_of(outcomes) == []

    for channel, signal in ((1, near), (2, far)):
        own = [piece for piece in pieces_of(outcomes) if piece.channel == channel]
        assert own[0].start == 0
        assert own[-1].last
        together = np.concatenate([piece.clip.waveform for piece in own])
        np.testing.assert_allclose(together, signal[: len(together)], atol=1e-4)
        assert len(together) > (seconds - 0.3) * RATE

    # Whatever keeps what it computed of a clip must not take one side for the other.
    keys = [piece.clip.key for piece in pieces_of(outcomes)]
    assert len(set(keys)) == len(keys)


def test_a_file_that_was_trained_on_is_known_by_each_of_its_channels(tmp_path: Path) -> None:
    path = written(tmp_path, "a.wav", np.stack([voice(2, 1), voice(2, 2)], 1))
    (mixed,) = pieces_of(heard(path, Hearing()))
    sides = pieces_of(heard(path, Hearing(channels=True)))
    assert [side.trained_key for side in sides] == [mixed.trained_key] * 2


@pytest.mark.parametrize("seconds", [3.0, 40.0])
def test_channels_that_differ_are_told_where_they_are_mixed(tmp_path: Path, seconds: float) -> None:
    near, far = voice(seconds, 1), voice(seconds, 2)
    room = near + np.float32(0.3) * far
    cases = {
        "call.wav": (near, far, [DIFFER]),
        "room.wav": (near, room, []),
        "half.wav": (near, np.zeros_like(near), []),
        "mono.wav": (near, near, []),
    }
    for name, (first, second, expected) in cases.items():
        path = written(tmp_path, name, np.stack([first, second], 1))
        assert traits_of(heard(path, Hearing())) == expected, name


def test_what_is_wrong_with_one_channel_does_not_hide_the_other(tmp_path: Path) -> None:
    square = np.sign(np.sin(np.arange(3 * RATE) / 20)).astype(np.float32)
    path = written(tmp_path, "a.wav", np.stack([square, voice(3)], 1))
    outcomes = heard(path, Hearing(channels=True))
    (failed,) = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    assert "'a.wav', channel 1," in str(failed.error)
    assert [piece.channel for piece in pieces_of(outcomes)] == [2]

    silent = written(tmp_path, "b.wav", np.stack([voice(3), 0 * square], 1))
    outcomes = heard(silent, Hearing(channels=True))
    assert len(pieces_of(outcomes)) == 2
    assert any(isinstance(part, Remark) and "silence" in part.sentence for part in outcomes)


@pytest.mark.parametrize("seconds", [2.0, 40.0])
def test_a_narrow_band_is_told_whatever_the_rate_says(tmp_path: Path, seconds: float) -> None:
    wide = voice(seconds)
    telephone = np.asarray(soxr.resample(wide, RATE, 8_000), np.float32)
    widened = np.asarray(soxr.resample(telephone, 8_000, 48_000), np.float32)
    assert traits_of(heard(written(tmp_path, "a.wav", wide), Hearing())) == []
    assert traits_of(heard(written(tmp_path, "b.wav", telephone, 8_000), Hearing())) == [NARROW]
    assert traits_of(heard(written(tmp_path, "c.wav", widened, 48_000), Hearing())) == [NARROW]


def test_real_speech_is_not_taken_for_a_telephone(sample_audio: Path) -> None:
    for path in sorted(sample_audio.glob("*.flac")):
        assert NARROW not in traits_of(heard(path, Hearing())), path.name


@pytest.fixture(scope="module")
def sample_audio() -> Path:
    import mserbench_tasks

    return Path(str(mserbench_tasks.__file__)).parent / "sample"


def test_equal_things_are_told_once() -> None:
    traits = [Trait(f"{n}.wav", NARROW, 8_000) for n in range(1_000)]
    (sentence,) = sentences([*traits, *traits])
    assert sentence.startswith("'0.wav' and 999 more have a narrow band")
    assert "(sampled at 8,000 Hz)" in sentence
    (both,) = sentences([*traits, Trait("b", NARROW, 0)])
    assert "(sampled at 8,000 Hz or nothing above 4 kHz)" in both
    assert sentences([Trait("a.wav", DIFFER, 2)])[0].startswith("'a.wav' has channels that differ")


def test_an_empty_recording_is_looked_at_without_a_fault() -> None:
    look = Look()
    list(look.through([Recording(np.zeros((10, 2), np.float32), SAMPLE_RATE)]))
    assert list(look.traits("a.wav", mixed=True)) == []


def part(start: float, end: float, label: str, name: str = "a", channel: int = 0) -> Row:
    return Row(name, start, end, "window", label, (0.5, 0.5), channel=channel)


def whole(end: float, label: str, name: str = "a", windows: int = 3, channel: int = 0) -> Row:
    return Row(name, 0, end, "file", label, (0.25, 0.75), "", windows, channel)


def test_a_summary_has_shares_the_longest_stretch_and_mean_scores(tmp_path: Path) -> None:
    summary = summaries.Summaries(("happy", "sad"), channels=False)
    for row in (part(0, 4, "sad"), part(5, 6, "sad"), part(8, 10, "happy"), whole(20, "sad")):
        summary.add(row)
    # Parts of a recording that broke off are not the next one's.
    summary.add(part(0, 9, "happy", "b"))
    summary.add_failed(Failed("b", UsageError("b broke off")))
    summary.add(whole(2, "sad", "=c", windows=1))
    summary.write(tmp_path / "s.json")
    summary.write(tmp_path / "s.csv")

    first, second, third = json.loads((tmp_path / "s.json").read_text())
    assert first == {
        "file": "a", "seconds": 20, "heard": 7, "parts": 3, "prediction": "sad",
        "share_happy": 0.285714, "share_sad": 0.714286, "share_unread": 0.0,
        "longest": "sad", "longest_start": 0, "longest_end": 6,
        "score_happy": 0.25, "score_sad": 0.75, "error": "",
    }  # fmt: skip
    assert second == {"file": "b", "error": "b broke off"}
    assert (third["parts"], third["share_sad"]) == (1, 1.0)

    with open(tmp_path / "s.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["file"] for line in lines] == ["a", "b", "'=c"]
    assert list(lines[0])[-1] == "error"


def test_a_summary_counts_what_could_not_be_read(tmp_path: Path) -> None:
    summary = summaries.Summaries(("happy", "sad"), channels=True)
    rows = [Row("a", at, at + 1, "window", label, channel=2) for at, label in
            enumerate(["", "", "sad", ""])]  # fmt: skip
    for row in (*rows, Row("a", 0, 4, "file", "sad", (), "", 4, 2)):
        summary.add(row)
    summary.write(tmp_path / "s.json")
    (line,) = json.loads((tmp_path / "s.json").read_text())
    assert (line["share_unread"], line["longest"], line["channel"]) == (0.75, "sad", 2)
    assert "score_sad" not in line


@pytest.mark.parametrize("name", ["s.txt", "summary", "absent/s.csv", "."])
def test_a_summary_that_cannot_be_written_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"^summary "):
        summaries.require_suffix(tmp_path / name)
