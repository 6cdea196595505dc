"""What each alteration does to real speech, measured: length, level, band, pitch, alignment."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from mserbench.contracts import SAMPLE_RATE
from mserbench.data import dataset, lookup
from mserbench.errors import UsageError
from mserbench.stress import codecs
from mserbench.stress.alteration import SEVERITIES
from mserbench.stress.alterations import ALTERATIONS
from mserbench.stress.floors import speech_level

Samples = NDArray[np.float32]
ALL = [(name, severity) for name in ALTERATIONS for severity in SEVERITIES]
KEEP_LENGTH = {
    "level", "white-noise", "speech-noise", "bandwidth", "mp3", "opus", "telephone", "room",
    "microphone",
}  # fmt: skip

# Prints a digest of all altered samples of a made signal, in a process of its own.
DIGEST = """
import hashlib
import numpy as np
from mserbench.stress.alterations import ALTERATIONS
samples = (np.sin(np.arange(16_000) ** 1.2) * np.hanning(16_000) / 2).astype(np.float32)
parts = [a.apply(samples, s, "key").tobytes() for a in ALTERATIONS.values() for s in (1, 2, 3)]
print(hashlib.sha256(b"".join(parts)).hexdigest())
"""


@pytest.fixture(scope="module")
def speech(own_cache: object) -> list[Samples]:
    """Five recordings of people, from the sample that ships."""
    target = dataset.load(lookup.task("emodb-sample"), None, limit=5)
    return [clip.waveform for clip in target.clips(range(5))]


def altered(name: str, severity: int, samples: Samples, key: str = "key") -> Samples:
    return ALTERATIONS[name].apply(samples, severity, key)


def decibels(ratio: float) -> float:
    return 20 * float(np.log10(ratio))


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def lag(before: Samples, after: Samples) -> int:
    """Return by how many samples `after` comes late."""
    likeness = signal.correlate(after, before, "full", method="fft")
    return int(likeness.argmax()) - (len(before) - 1)


def test_every_process_alters_alike() -> None:
    """Runs that are resumed, and workers, would else hear other clips."""
    done = [
        subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert done[0].stdout == done[1].stdout
    assert len(done[0].stdout.strip()) == len(hashlib.sha256().hexdigest())


@pytest.mark.parametrize(("name", "severity"), ALL)
def test_what_comes_out_is_a_clip(name: str, severity: int, speech: list[Samples]) -> None:
    before = speech[0].copy()
    after = altered(name, severity, speech[0])
    assert after.dtype == np.float32
    assert np.isfinite(after).all()
    assert np.abs(after).max() <= 1
    assert not np.array_equal(after, before)
    assert np.array_equal(speech[0], before), "the model's own clip was changed"


@pytest.mark.parametrize(("name", "severity"), ALL)
def test_odd_clips_are_altered_too(name: str, severity: int) -> None:
    """A corpus may hold silence, clicks, and clips of a few samples."""
    odd = [np.zeros(1), np.ones(3), np.full(200, 0.1), np.zeros(5_000), np.zeros(0)]
    for samples in odd:
        after = altered(name, severity, samples.astype(np.float32))
        assert np.isfinite(after).all()
        assert bool(len(after)) == bool(len(samples))


@pytest.mark.parametrize(("name", "severity"), ALL)
def test_length_is_known_before_the_samples(
    name: str, severity: int, speech: list[Samples]
) -> None:
    """Batches are planned by it."""
    for number, samples in enumerate(speech):
        after = altered(name, severity, samples, str(number))
        told = ALTERATIONS[name].seconds(len(samples) / SAMPLE_RATE, severity, str(number))
        assert abs(told * SAMPLE_RATE - len(after)) <= 4
        if name in KEEP_LENGTH:
            assert len(after) == len(samples)


def test_chance_follows_from_the_clip(speech: list[Samples]) -> None:
    noisy = [altered("white-noise", 2, speech[0], key) for key in ("a", "a", "b")]
    assert np.array_equal(noisy[0], noisy[1])
    assert not np.array_equal(noisy[0], noisy[2])
    with pytest.raises(ValueError, match="must be 1, 2 or 3"):
        altered("level", 0, speech[0])


@pytest.mark.parametrize(("severity", "expected"), [(1, -10), (2, -20), (3, -30)])
def test_level_falls_by_what_is_said(severity: int, expected: float, speech: list[Samples]) -> None:
    after = altered("level", severity, speech[0])
    assert decibels(rms(after) / rms(speech[0])) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("name", "severity", "expected"),
    [
        ("white-noise", 1, 30), ("white-noise", 2, 20), ("white-noise", 3, 10),
        ("speech-noise", 1, 20), ("speech-noise", 2, 10), ("speech-noise", 3, 5),
    ],
)  # fmt: skip
def test_noise_lies_below_the_speech_by_what_is_said(
    name: str, severity: int, expected: float, speech: list[Samples]
) -> None:
    samples = 0.2 * speech[0]  # so that no peak passes 1, which would scale all of it
    noise = altered(name, severity, samples) - samples
    apart = decibels(speech_level(samples.astype(np.float64)) / rms(noise))
    assert apart == pytest.approx(expected, abs=0.1)


def test_speech_noise_has_the_slope_of_speech() -> None:
    samples = (0.1 * np.random.default_rng(0).standard_normal(160_000)).astype(np.float32)
    noise = altered("speech-noise", 3, samples) - samples
    frequencies, power = signal.welch(noise, SAMPLE_RATE, nperseg=1_024)
    at = {hertz: power[np.argmin(np.abs(frequencies - hertz))] for hertz in (250, 1_000, 4_000)}
    assert 10 * np.log10(at[250] / at[1_000]) == pytest.approx(9, abs=2)
    assert 10 * np.log10(at[1_000] / at[4_000]) == pytest.approx(18, abs=2)


@pytest.mark.parametrize(
    ("name", "severity", "low", "high"),
    [
        ("bandwidth", 1, 0, 5_500), ("bandwidth", 2, 0, 4_000), ("bandwidth", 3, 300, 3_400),
        ("telephone", 1, 0, 4_100), ("telephone", 2, 0, 4_100),
    ],
)  # fmt: skip
def test_nothing_is_left_outside_of_a_band(
    name: str, severity: int, low: float, high: float
) -> None:
    samples = (0.1 * np.random.default_rng(0).standard_normal(64_000)).astype(np.float32)
    after = altered(name, severity, samples)
    frequencies, power = signal.welch(after, SAMPLE_RATE, nperseg=1_024, detrend=False)
    inside = (frequencies > low + 100) & (frequencies < high * 0.9)
    outside = (frequencies > high + 100) | (frequencies < low - 100)
    assert 10 * np.log10(power[outside].max() / np.median(power[inside])) < -40


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", ["mp3", "opus", "telephone", "bandwidth", "microphone", "room"])
def test_channels_are_aligned(name: str, severity: int, speech: list[Samples]) -> None:
    """A lag would be a cut of the ends, which is another alteration."""
    assert abs(lag(speech[0], altered(name, severity, speech[0]))) <= 16


@pytest.mark.parametrize("name", ["mp3", "opus", "telephone"])
def test_codecs_lose_more_at_each_severity(name: str, speech: list[Samples]) -> None:
    """Else a severity would be no more than a number."""
    lost = [rms(altered(name, severity, speech[0]) - speech[0]) for severity in SEVERITIES]
    assert lost[0] < lost[1] < lost[2]


def test_a_codec_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, speech: list[Samples]
) -> None:
    monkeypatch.setattr(codecs, "_OPUS", (7.0, 7.0, 7.0))  # no level of libsndfile
    with pytest.raises(UsageError, match=r"cannot write OGG as OPUS .*: install soundfile"):
        altered("opus", 1, speech[0])


@pytest.mark.parametrize("name", ["room", "microphone"])
def test_rooms_and_microphones_leave_the_level(name: str, speech: list[Samples]) -> None:
    """But for peaks above 1, which scale a clip down."""
    samples = 0.2 * speech[0]
    for severity in SEVERITIES:
        after = altered(name, severity, samples)
        assert decibels(rms(after) / rms(samples)) == pytest.approx(0, abs=0.01)


def test_a_room_decays_as_long_as_is_said() -> None:
    click = np.zeros(48_000, dtype=np.float32)
    click[0] = 1
    for severity, seconds in ((1, 0.3), (2, 0.6), (3, 1.0)):
        heard = altered("room", severity, click)[1:].astype(np.float64)
        left = 10 * np.log10(np.cumsum(heard[::-1] ** 2)[::-1] / np.sum(heard**2) + 1e-12)
        # From -5 to -35 dB, twice of which is the time to -60 dB (ISO 3382).
        fell = np.argmax(left < -35) - np.argmax(left < -5)
        assert 2 * fell / SAMPLE_RATE == pytest.approx(seconds, rel=0.1)


def test_silence_is_the_floor_of_the_recording(speech: list[Samples]) -> None:
    after = altered("padding", 2, speech[0])
    start = after[:SAMPLE_RATE]
    assert 0 < rms(start) < 0.1 * rms(speech[0])
    assert np.array_equal(after[SAMPLE_RATE : SAMPLE_RATE + len(speech[0])], speech[0])


def test_pauses_leave_what_was_said(speech: list[Samples]) -> None:
    """Between them all samples are there, but for 5 ms of fading at each edge."""
    samples, after = speech[0], altered("pauses", 1, speech[0])
    added = round(0.2 * SAMPLE_RATE)
    assert len(after) == len(samples) + added
    same_start = int(np.argmin(after[: len(samples)] == samples))
    same_end = int(np.argmin(after[::-1][: len(samples)] == samples[::-1]))
    assert same_start + same_end >= len(samples) - 2 * 80


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", ["slower", "faster"])
def test_tempo_keeps_the_pitch(name: str, severity: int, speech: list[Samples]) -> None:
    """F0 within 2 % in the median over clips, duration within 1 %."""
    parselmouth = pytest.importorskip("parselmouth")
    factor = {"slower": (0.85, 0.7, 0.6), "faster": (1.2, 1.4, 1.6)}[name][severity - 1]
    apart = []
    for samples in speech:
        after = altered(name, severity, samples)
        assert len(after) == pytest.approx(len(samples) / factor, rel=0.01)

        medians = []
        for part in (samples, after):
            sound = parselmouth.Sound(part.astype(np.float64), SAMPLE_RATE)
            pitch = sound.to_pitch(0.01, 60, 500).selected_array["frequency"]
            medians.append(np.median(pitch[pitch > 0]))

        apart.append(abs(medians[1] / medians[0] - 1))

    assert np.median(apart) < 0.02


def test_speed_moves_the_pitch() -> None:
    seconds = np.arange(32_000) / SAMPLE_RATE
    tone = (0.5 * np.sin(2 * np.pi * 200 * seconds)).astype(np.float32)
    heard = set()
    for key in "abcdef":
        after = altered("speed", 3, tone, key)
        peak = np.abs(np.fft.rfft(after)).argmax() / (len(after) / SAMPLE_RATE)
        heard.add(round(peak / 200, 2))

    assert heard == {1.15, 0.87}


def test_the_pages_say_what_is_done() -> None:
    """As the code has it, each with its reason and its limits."""
    docs = Path(__file__).parents[2] / "docs"
    use, measured = (
        (docs / name).read_text("utf-8") for name in ("stress.md", "measured/stress.md")
    )
    for alteration in ALTERATIONS.values():
        done = " | ".join(alteration.severities)
        assert f"`{alteration.name}`: {alteration.title} | {done} |" in use
        assert f"| `{alteration.name}` | {alteration.why} | {alteration.limits} |" in measured
