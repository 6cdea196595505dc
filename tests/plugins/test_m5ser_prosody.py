"""Prosody of one clip put onto other speech: it is carried over, and nothing else happens."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from spoken import RATE, falling, rising, syllables

from mserbench.translator import Refusal

parselmouth = pytest.importorskip("parselmouth", reason="it is of the extra prosody")

from mserbench_m5ser import prosody  # noqa: E402 - it may be skipped
from mserbench_m5ser.prosody.contours import NoProsody, analyse  # noqa: E402

NOISE = np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)
CLICKS = np.zeros(RATE, np.float32)
CLICKS[::4_000] = 0.9
WITHOUT = {
    "nothing": (np.zeros(0, np.float32), "shorter than 64 ms"),
    "short": (syllables(seconds=0.06), "shorter than 64 ms"),
    "silence": (np.zeros(RATE, np.float32), "silent"),
    "a whisper": (NOISE, "hardly any of it is voiced"),
    "clicks": (CLICKS, "hardly any of it is voiced"),
    "one sample": (np.eye(1, RATE, 800, dtype=np.float32)[0], "hardly any of it is voiced"),
    "NaN": (np.where(np.arange(RATE) == 9, np.nan, syllables(seconds=1)), "no numbers"),
    "infinite": (np.where(np.arange(RATE) == 9, np.inf, syllables(seconds=1)), "no numbers"),
}


# What is carried over


@pytest.mark.parametrize("melody", [rising, falling])
def test_the_melody_is_the_sources_in_the_range_of_the_target(melody: object) -> None:
    """Else a question would become a statement, or a man's voice a child's."""
    source, target = syllables(melody), syllables(210.0, seconds=1.5)  # type: ignore[arg-type]
    result = prosody.transfer(source, target, RATE)
    assert prosody.measure(source, result, RATE).f0 >= 0.95  # type: ignore[operator]
    assert analyse(result, RATE).median == pytest.approx(210, rel=0.1)


def test_the_median_of_the_melody_can_be_chosen() -> None:
    """Else a loud man's clip would be spoken as low as a calm one."""
    source, target = syllables(rising), syllables(110.0)
    result = prosody.carry(source, target, RATE, median=160.0).waveform
    assert analyse(result, RATE).median == pytest.approx(160, rel=0.05)


@pytest.mark.parametrize("per_second", [3.0, 6.0])
def test_the_rate_is_the_sources(per_second: float) -> None:
    """Else sad speech would be as fast as angry speech."""
    source, target = syllables(rising, 5.0, per_second), syllables(falling, 4.0, 4.25)
    result = prosody.transfer(source, target, RATE)
    before, after = prosody.measure(source, target, RATE), prosody.measure(source, result, RATE)
    assert abs(before.rates[1] - before.rates[0]) > 0.8
    assert after.rates[1] == pytest.approx(after.rates[0], rel=0.12)


def test_pauses_are_the_sources_and_the_targets_go() -> None:
    """Else hesitation would be lost, or the synthesiser's commas would be heard as feeling."""
    source = syllables(rising, 1.6, pauses=[(0.25, 0.4)])
    target = syllables(falling, 1.6, pauses=[(0.75, 0.5)])
    result = prosody.transfer(source, target, RATE)
    likeness = prosody.measure(source, result, RATE)
    assert likeness.pauses[1] == pytest.approx(likeness.pauses[0], abs=0.05)

    (first, second) = analyse(result, RATE).segments
    assert first[1] - first[0] < second[1] - second[0], "the pause lies in the first half"


def test_level_and_energy_are_the_sources() -> None:
    """Else a shout would be as loud as a murmur."""
    fading = (syllables(rising, 2.0) * np.linspace(1, 0.15, 2 * RATE)).astype(np.float32)
    target = syllables(falling, 2.0, level=0.9)
    result = prosody.transfer(fading, target, RATE)
    assert prosody.measure(fading, result, RATE).energy > 0.8  # type: ignore[operator]
    assert np.sqrt(np.mean(result**2)) == pytest.approx(np.sqrt(np.mean(fading**2)), rel=0.25)


def test_each_part_can_be_left_out() -> None:
    """Else nobody could tell what a model learns from: melody, loudness or timing."""
    source, target = syllables(rising, 2.0, 3.0, level=0.05), syllables(falling, 1.2, 5.0)
    own = analyse(target, RATE)
    flat = prosody.transfer(source, target, RATE, prosody.Parts(melody=False))
    loud = prosody.transfer(source, target, RATE, prosody.Parts(loudness=False))
    quick = prosody.transfer(source, target, RATE, prosody.Parts(timing=False))
    assert prosody.measure(target, flat, RATE).f0 > 0.95  # type: ignore[operator]
    assert np.abs(loud).max() > 0.2 > 2 * np.abs(flat).max()
    assert len(quick) / RATE == pytest.approx(own.spoken * 0.01 + 0.06, abs=0.03)
    assert len(flat) > 1.3 * len(quick)


def test_rates_of_source_and_target_may_differ() -> None:
    """Else speech at 24 kHz would get the prosody of a clip that is half as long again."""
    source, target = syllables(rising), syllables(falling, rate=24_000)
    carried = prosody.carry(source, target, 24_000, RATE)
    assert prosody.measure(source, carried.waveform, 24_000, RATE).f0 > 0.95  # type: ignore[operator]
    assert (carried.reason, carried.waveform.dtype) == (None, np.float32)


# What always holds


def test_the_same_bytes_each_time_whatever_ran_before() -> None:
    """Praat repeats noise by chance, from one state for the process: a build that was killed and
    went on would hold other samples.
    """
    rng = np.random.default_rng(1)
    target = np.concatenate([syllables(falling), rng.normal(0, 0.02, 1_600), syllables(200.0)])
    source, other = syllables(rising, 3.0, 2.0), syllables(180.0, 2.5)
    first = prosody.transfer(source, target, RATE)
    prosody.transfer(other, target, RATE)
    parselmouth.praat.run("a = randomUniform (0, 1)")
    assert prosody.transfer(source, target, RATE).tobytes() == first.tobytes()


@pytest.mark.parametrize("name", WITHOUT)
def test_a_source_without_prosody_changes_nothing(name: str) -> None:
    """Else one whisper would end a build, or be spoken with an invented melody."""
    source, why = WITHOUT[name]
    target = syllables(falling)
    waveform, reason = prosody.carry(source, target, RATE)
    assert waveform.tobytes() == target.tobytes()
    assert reason is not None
    assert reason.startswith("the source has no prosody to carry over: it") or "voiced" in reason
    assert why in reason
    assert prosody.transfer(source, target, RATE).tobytes() == target.tobytes()


@pytest.mark.parametrize("name", WITHOUT)
def test_a_target_that_takes_none_comes_back(name: str) -> None:
    """Else what a translator failed at would be an error of another clip's."""
    target, why = WITHOUT[name]
    waveform, reason = prosody.carry(syllables(rising), target, RATE)
    assert waveform.tobytes() == target.astype(np.float32).tobytes()
    assert reason is not None
    assert why in reason
    assert reason.startswith("the target cannot take a prosody: ")


def test_likeness_of_what_has_no_prosody_is_an_error_that_says_so() -> None:
    with pytest.raises(NoProsody, match="it is silent"):
        prosody.measure(syllables(rising), np.zeros(RATE), RATE)


PIECES = st.lists(
    st.tuples(
        st.sampled_from(["voice", "noise", "silence", "click"]),
        st.floats(0.01, 0.6),
        st.floats(60, 500),
        st.floats(0, 1),
    ),
    max_size=5,
)


def sound(pieces: list[tuple[str, float, float, float]]) -> NDArray[np.float32]:
    """Any row of voice, noise, silence and clicks."""
    parts = [np.zeros(0, np.float32)]
    for kind, seconds, hertz, level in pieces:
        count = round(seconds * RATE)
        if kind == "voice":
            parts.append(syllables(hertz, seconds, level=level))
        elif kind == "noise":
            parts.append(np.resize(NOISE, count) * level)
        else:
            parts.append(np.zeros(count, np.float32))
            parts[-1][: kind == "click"] = level

    return np.concatenate(parts).astype(np.float32)


@settings(max_examples=60)
@given(PIECES, PIECES)
def test_whatever_it_is_given_speech_comes_out(
    first: list[tuple[str, float, float, float]], second: list[tuple[str, float, float, float]]
) -> None:
    """A million clips hold everything: none may end the build, clip, or grow without bound."""
    source, target = sound(first), sound(second)
    waveform, reason = prosody.carry(source, target, RATE)
    assert waveform.dtype == np.float32
    assert waveform.ndim == 1
    assert np.isfinite(waveform).all()
    if reason is not None:
        assert waveform.tobytes() == target.tobytes()
        return

    assert np.abs(waveform).max() <= 1
    # Speech is drawn out to two and a half times at most; pauses take their share of the source.
    share = analyse(source, RATE).pause_share
    assert 0.1 * RATE < len(waveform) <= (2.5 * len(target) + 0.1 * RATE) / (1 - share)


# On real speech


def held(count: int) -> tuple[float, float, float, float]:
    """Return the mean F0 and energy correlation, and by how much rates are off, before and after."""
    from mserbench_m5ser import measuring

    pairs = list(measuring.compare(measuring.sources(count)))
    whole = [pair for pair in pairs if not isinstance(pair, Refusal)]
    assert len(whole) == count
    off = [
        np.mean([abs(np.subtract(*getattr(pair, when).rates)) for pair in whole])
        for when in ("before", "after")
    ]
    melody = float(np.mean([pair.after.f0 for pair in whole if pair.after.f0 is not None]))
    energy = float(np.mean([pair.after.energy for pair in whole if pair.after.energy is not None]))

    return melody, energy, float(off[0]), float(off[1])


@pytest.mark.real
@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_the_prosody_of_real_speech_is_carried_over(
    count: int, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the set would have the labels of emotions that cannot be heard in it."""
    pytest.importorskip("espeakng_loader", reason="it is of the extra demo")
    monkeypatch.setenv("MSERBENCH_DATA", str(real_data))
    melody, energy, before, after = held(count)
    assert melody >= 0.8
    assert energy >= 0.5
    assert after < before / 2


@pytest.mark.real
def test_the_table_of_figures_says_each_language_and_emotion(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the published table could not be remade."""
    pytest.importorskip("espeakng_loader", reason="it is of the extra demo")
    from mserbench_m5ser import measuring

    monkeypatch.setenv("MSERBENCH_DATA", str(real_data))
    pairs = [
        pair for pair in measuring.compare(measuring.sources(5)) if not isinstance(pair, Refusal)
    ]
    lines = measuring.table(pairs).splitlines()
    names = [line.split("|")[1].strip() for line in lines[2:]]
    labels = [label for label, _ in itertools.groupby(sorted(pair.label for pair in pairs))]
    assert names == ["all", *measuring.LANGUAGES, *labels]
    assert {line.count("|") for line in lines} == {13}
