"""Filters at their exact thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mserbench.errors import UsageError
from mserbench_m5ser.building import flac
from mserbench_m5ser.building.filters import PUBLISHED, Filters, reason


def silence(n_samples: int) -> np.ndarray:
    return np.zeros(n_samples, dtype=np.int16)


@pytest.mark.parametrize(
    ("corpus", "n_samples", "expected"),
    [
        ("ravdess", 7_999, "shorter than 0.5 s"),
        ("ravdess", 8_000, ""),
        # 20 * 1,024 bytes less the header of 44 are 10,218 samples.
        ("iemocap", 10_217, "smaller than 20 KB"),
        ("meld", 10_218, ""),
        ("mead", 25_577, "smaller than 50 KB"),
        ("mosei", 25_577, "smaller than 50 KB"),
        ("msp-podcast", 25_578, ""),
        # The first rule that a clip breaks is the one that is counted.
        ("mead", 7_999, "shorter than 0.5 s"),
    ],
)
def test_published_thresholds(corpus: str, n_samples: int, expected: str) -> None:
    assert reason(Filters(), silence(n_samples), corpus, 1.0) == expected


@given(
    n_samples=st.integers(1, 60_000),
    corpus=st.sampled_from([*PUBLISHED, "ravdess"]),
    seconds=st.integers(0, 30).map(lambda tenths: tenths / 10),
    kilobytes=st.integers(0, 100),
)
def test_what_is_under_a_threshold_goes_and_nothing_else(
    n_samples: int, corpus: str, seconds: float, kilobytes: int
) -> None:
    filters = Filters(seconds, {corpus: kilobytes})
    too_short = n_samples < seconds * 16_000
    too_small = 44 + 2 * n_samples < 1_024 * kilobytes
    assert bool(reason(filters, silence(n_samples), corpus, 1.0)) == (too_short or too_small)
    assert reason(filters, silence(n_samples), "another", 1.0) == (
        f"shorter than {seconds:g} s" if too_short else ""
    )


@given(n_samples=st.integers(1, 5_000))
def test_sizes_are_those_of_files(n_samples: int) -> None:
    import io

    import soundfile

    file = io.BytesIO()
    soundfile.write(file, silence(n_samples), 16_000, format="WAV", subtype="PCM_16")
    assert flac.pcm16_bytes(n_samples) == len(file.getvalue())


def test_further_rules_are_off_unless_they_are_asked_for() -> None:
    quiet = np.full(16_000, 10, dtype=np.int16)  # -70 dBFS
    loud = np.full(16_000, -32_768, dtype=np.int16)
    for samples in (quiet, loud, silence(16_000)):
        assert reason(Filters(), samples, "ravdess", 9.0) == ""

    assert reason(Filters(silence_db=-60), quiet, "ravdess", 1.0) == "quieter than -60 dBFS"
    assert reason(Filters(silence_db=-71), quiet, "ravdess", 1.0) == ""
    assert reason(Filters(silence_db=-90), silence(16_000), "x", 1.0) == "quieter than -90 dBFS"
    assert reason(Filters(clipped=0.5), loud, "ravdess", 1.0) == "more than 0.5 at full scale"
    assert reason(Filters(clipped=1.0), loud, "ravdess", 1.0) == ""

    half = Filters(ratio=(0.5, 2.0))
    assert reason(half, quiet, "ravdess", 2.0) == reason(half, quiet, "ravdess", 0.5) == ""
    assert "times the length" in reason(half, quiet, "ravdess", 2.001)
    assert "times the length" in reason(half, quiet, "ravdess", 0.499)


@pytest.mark.parametrize(
    "values",
    [{"min_seconds": -1}, {"min_kb": {"meld": float("nan")}}, {"clipped": 2}, {"ratio": (2, 1)}],
)
def test_thresholds_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Filters(**values)


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=400))
def test_samples_come_back_from_flac_as_they_were(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    data = flac.encoded(samples)
    assert flac.encoded(samples) == data
    assert (flac.decoded(data) == samples).all()
    assert (flac.to_pcm16(flac.floats(samples), 16_000) == samples).all()
