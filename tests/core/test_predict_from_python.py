"""`mserbench.predict`: what the command hears, it hears too, and a clip that fails is named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_adapting import Centred

import mserbench
from mserbench import Clip, Model, ModelCard
from mserbench.errors import ClipError, DataError, ModelError, UsageError

Tone = Callable[..., Any]
LABELS = ["sad", "surprise"]


@pytest.fixture
def calls(tmp_path: Path, tone: Tone) -> Path:
    """Make a folder with two calls of 20 s: one side speaks, then the other."""
    folder = tmp_path / "calls"
    folder.mkdir()
    for name, hertz in (("a", 220.0), ("b", 330.0)):
        side, at = tone(20.0, hertz=hertz), np.arange(320_000) / 16_000 % 5
        both = [np.where(at < 2, side, 0), np.where((at >= 2.5) & (at < 4.5), side, 0)]
        noise = np.random.default_rng(0).normal(0, 1e-3, (320_000, 2))
        soundfile.write(folder / f"{name}.wav", np.stack(both, axis=1) + noise, 16_000)

    return folder


def test_calls_are_heard_as_the_command_hears_them(
    calls: Path, tmp_path: Path, cli: Callable[..., Any]
) -> None:
    """One mechanism: the same rows, the same summary, whichever way they are asked for."""
    summary = tmp_path / "python.json"
    predicted = mserbench.predict(
        calls, "logmel", segments="pauses", channels="each", summary=summary
    )
    words = ["predict", calls, "--model", "logmel", "--segments", "pauses", "--channels", "each"]
    done = cli(*words, "--csv", "--summary", tmp_path / "command.json")

    printed = list(csv.DictReader(io.StringIO(done.out)))
    frame = predicted.to_frame()
    assert list(frame.columns) == list(printed[0])
    assert frame["channel"].astype(str).tolist() == [row["channel"] for row in printed]
    assert frame["prediction"].tolist() == [row["prediction"] for row in printed]
    starts = [float(row["start"]) for row in printed]
    np.testing.assert_allclose(frame["start"], starts, atol=1e-3)

    assert json.loads(summary.read_text()) == json.loads((tmp_path / "command.json").read_text())
    assert predicted.summary["channel"].tolist() == [1, 2, 1, 2]
    assert "a.wav [2]: " in repr(predicted)
    assert predicted.adaptation is None
    assert "adapted" not in frame


def test_a_room_is_heard_first_and_the_callers_model_stays_as_it_is(
    calls: Path, tmp_path: Path, tone: Tone
) -> None:
    """A model that has heard one room may not hear another: the next call would be a lie."""
    quiet = tmp_path / "quiet.wav"
    soundfile.write(quiet, 0.01 * tone(2.0), 16_000)
    model = Centred()
    plain = mserbench.predict(calls, model, labels=LABELS)
    adapted = mserbench.predict(calls, model, labels=LABELS, adapt=[calls, quiet])
    second = mserbench.predict(calls, model, labels=LABELS, adapt=[calls, quiet])

    assert adapted.rows[0].scores != plain.rows[0].scores
    assert adapted.rows == second.rows
    assert mserbench.predict(calls, model, labels=LABELS).rows == plain.rows
    assert adapted.adaptation is not None
    assert (adapted.adaptation.clips, adapted.adaptation.predicted) == (3, 2)
    assert set(adapted.to_frame()["adapted"]) == {3}
    assert any(note.startswith("adapted:3: ") for note in adapted.notes)


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"segments": "words"}, UsageError, "segments is 'words', but 'pauses' or none"),
        ({"channels": "left"}, UsageError, "channels is 'left', but 'mix' or 'each'"),
        ({"segments": "pauses", "hop": 2}, UsageError, "segments was given with window or hop"),
        ({"summary": "s.txt"}, UsageError, "summary is 's.txt', but a file that ends in .csv"),
        ({"summary": "no/s.csv"}, UsageError, "name a file in a folder that exists"),
        ({"summary": 5}, UsageError, "summary is int '5'"),
        ({"adapt": 5}, UsageError, "adapt is int '5'"),
        ({"adapt": "nowhere.wav"}, UsageError, "'prior' cannot adapt"),
        ({"window": float("inf"), "hop": 2}, UsageError, "hop was given with window inf"),
        ({"labels": ["sad"]}, UsageError, "'sad' alone"),
    ],
)
def test_a_wrong_request_is_a_typed_error(
    more: dict[str, Any], error: type[Exception], words: str, calls: Path
) -> None:
    with pytest.raises(error, match=words):
        mserbench.predict(calls, "prior", **more)


def test_a_room_without_audio_is_a_typed_error(calls: Path) -> None:
    with pytest.raises(DataError, match="no recording to adapt to can be read"):
        mserbench.predict(calls, Centred(), labels=LABELS, adapt="nowhere.wav")


class Choosy(Model):
    """A model that fails at the second clip."""

    @property
    def card(self) -> ModelCard:
        return ModelCard("choosy", "Choosy", "1", "MIT", "", exposure=(), exposure_complete=True)

    def predict(self, clips: Sequence[Clip], labels: Sequence[str]) -> list[str]:
        raise ClipError("the model heard nothing", 1)


def test_a_file_at_which_a_model_fails_is_named(calls: Path) -> None:
    """`failed at one of 4,000 files` would leave the user to search."""
    with pytest.raises(ModelError, match=r"at clip '.*b\.wav', the model heard nothing"):
        mserbench.predict(calls, Choosy(), labels=LABELS)
    with pytest.raises(ModelError, match=r"at clip '.*a\.wav \[1\] from 5 to 10 s', the model"):
        mserbench.predict(calls, Choosy(), labels=LABELS, window=5, channels="each")
