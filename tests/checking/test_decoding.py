"""Decoding of made recordings: an answer that another resampler, or a lost channel, does not give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mserbench.checking import decoding
from mserbench.data import audio

COMMITTED = Path(__file__).parents[2] / "leaderboard" / "baselines"


def test_decoding_is_what_is_committed() -> None:
    assert (COMMITTED / decoding.FILE).is_file()
    assert decoding.findings(COMMITTED) == []


@pytest.mark.parametrize("quality", ["QQ", "LQ", "MQ", "HQ"])
def test_every_other_quality_of_the_resampler_is_seen(
    quality: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import soxr

    plain = soxr.resample

    def other(*arguments: Any, **named: Any) -> Any:
        return plain(*arguments, **{**named, "quality": quality})

    monkeypatch.setattr(soxr, "resample", other)

    (finding,) = decoding.findings(COMMITTED)
    assert "look at the resampler" in finding


def test_channel_that_is_dropped_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "mix_down", lambda samples: np.ascontiguousarray(samples[:, 0]))

    (finding,) = decoding.findings(COMMITTED)
    assert "2 channel(s)" in finding
    assert "1 channel(s)" not in finding


def test_damaged_file_is_told(tmp_path: Path) -> None:
    assert decoding.findings(tmp_path) == []

    decoding.write(tmp_path)
    assert decoding.findings(tmp_path) == []

    (tmp_path / decoding.FILE).write_text("[1, 2")
    assert "is damaged" in decoding.findings(tmp_path)[0]
