"""Copies of training clips whose samples differ: known by the fingerprints that lie beside weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from mserbench import evaluate, train
from mserbench.data import audio, lookup
from mserbench.data.corpus import find
from mserbench.errors import DataError
from mserbench.fingerprints import kept
from mserbench.fingerprints.copies import copies
from mserbench.fingerprints.words import LENGTH, RATES, at_rates, fingerprint
from mserbench.results import binding
from mserbench.results.manifest import FINGERPRINTS, Source, read_manifest, write_manifest
from mserbench.results.runs import Run
from mserbench.running import leaks

RATE = 16_000
Wave = NDArray[np.float32]
SAMPLE = find(lookup.corpus("emodb-sample"), None)
NAMES = sorted(path.stem for path in SAMPLE.glob("*.flac"))


def sped(wave: Wave, rate: float) -> Wave:
    return soxr.resample(wave, RATE * rate, RATE)


def one_bit(wave: Wave) -> Wave:
    changed = wave.copy()
    changed[len(wave) // 2] += 1 / 32_768
    return changed


def noisy(wave: Wave) -> Wave:
    noise = np.random.default_rng(0).normal(0, 1, len(wave))
    return (wave + noise * np.sqrt(np.square(wave).mean() / 1_000)).astype(np.float32)


ALTERED: dict[str, Callable[[Wave], Wave]] = {
    "gain of 0.98": lambda wave: wave * np.float32(0.98),
    "one sample by one bit": one_bit,
    "10 ms cut": lambda wave: wave[160:],
    "10 ms added": lambda wave: np.concatenate([np.zeros(160, np.float32), wave]),
    "noise at 30 dB": noisy,
    "turned polarity": lambda wave: -wave,
    "by way of 8 kHz": lambda wave: soxr.resample(soxr.resample(wave, RATE, 8_000), 8_000, RATE),
    **{
        f"rate of {rate}": lambda wave, rate=rate: sped(wave, rate)
        for rate in (0.9, 0.97, 0.98, 0.99, 1.01, 1.02, 1.03, 1.1)
    },
}


def waves() -> list[Wave]:
    return [audio.decode(SAMPLE / f"{name}.flac") for name in NAMES[::5]]


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_copy_is_known_again_and_no_other(name: str) -> None:
    """Each of these made a model that knew its test clips zero-shot."""
    stored = np.stack([fingerprint(wave) for wave in waves()])
    tested = np.stack([at_rates(ALTERED[name](wave)).ravel() for wave in waves()])
    assert copies(tested, stored).tolist() == list(range(len(stored)))


def test_other_recordings_of_the_same_speakers_and_sentences_are_no_copies() -> None:
    """Else every test on another take of a sentence would be called a leak."""
    every = [audio.decode(SAMPLE / f"{name}.flac") for name in NAMES]
    stored = np.stack([fingerprint(wave) for wave in every[::2]])
    tested = np.stack([at_rates(wave).ravel() for wave in every[1::2]])
    assert (copies(tested, stored) == -1).all()


def test_what_is_silent_or_short_is_no_copy() -> None:
    short = [np.zeros(RATE, np.float32), np.ones(99, np.float32), np.zeros(0, np.float32)]
    tested = np.stack([at_rates(wave).ravel() for wave in short])
    stored = np.stack([fingerprint(wave) for wave in short])
    assert copies(tested, stored).tolist() == [-1, -1, -1]
    assert copies(tested, np.zeros((0, LENGTH), np.uint32)).tolist() == [-1, -1, -1]
    assert copies(tested[:0], stored).shape == (0,)
    assert tested.shape == (3, len(RATES) * LENGTH)


# Through training and the verdict


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of `prior` on the sample: what was trained on is all that matters here."""
    return train("prior", ["emodb-sample"], tmp_path_factory.mktemp("trained") / "w")


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, each clip 10 ms shorter, as a corpus of another name and language."""
    folder = tmp_path_factory.mktemp("renamed")
    (folder / "c").mkdir()
    for name in NAMES[:20]:
        wave = audio.decode(SAMPLE / f"{name}.flac")[160:]
        soundfile.write(folder / "c" / f"{name}.wav", wave, RATE, subtype="PCM_16")

    (folder / "renamed.toml").write_text(
        "title = 'Renamed'\nlanguage = 'it'\naudio = 'c'\n"
        "pattern = '(?P<speaker>..)...(?P<label>.).*'\n"
        "[labels]\nW = 'angry'\nL = 'bored'\nE = 'disgust'\nA = 'fear'\nF = 'happy'\n"
        "T = 'sad'\nN = 'neutral'\n",
        encoding="utf-8",
    )
    return folder / "renamed.toml"


def scored(weights: Path, renamed: Path) -> Run:
    return evaluate("prior", str(renamed), weights=weights, out=renamed.parent / "runs")


def test_the_corpus_under_another_name_with_other_samples_is_leaked(
    weights: Path, renamed: Path
) -> None:
    run = scored(weights, renamed)
    assert run.verdict == "leaked"
    assert run.reasons == (
        "20 test clip(s) are the same recordings as clips that were trained on, though their "
        "samples differ (by fingerprint), in emodb (training manifest, task emodb-sample)",
    )


def test_weights_from_before_keep_their_verdict_and_say_what_was_not_looked_at(
    weights: Path, renamed: Path, tmp_path: Path
) -> None:
    old = shutil.copytree(weights, tmp_path / "old")
    (old / FINGERPRINTS).unlink()
    record = json.loads((old / "model.json").read_text())
    del record[binding.KEY]
    (old / "model.json").write_text(json.dumps(record))

    content = json.loads((old / "manifest.json").read_text())
    digest = hashlib.sha256((old / "model.json").read_bytes()).hexdigest()
    content["files"] = {"model.json": digest}
    del content["fingerprints"]
    (old / "manifest.json").write_text(json.dumps(content))

    run = scored(old, renamed)
    assert run.verdict == "zero-shot"
    assert run.record.verdict.note == f"{leaks.NOT_KEPT}; {leaks.NOT_BOUND}"
    assert "note" not in scored(weights, renamed).record.verdict.to_json()


def test_the_fingerprints_take_little_room_and_are_read_as_written(weights: Path) -> None:
    manifest = read_manifest(weights)
    words = kept.read(weights, manifest)
    (source,) = manifest.sources
    assert words.shape == (len(source.clips), LENGTH)
    assert (weights / FINGERPRINTS).stat().st_size < 1_600 * len(source.clips) + 300


def test_a_second_stage_keeps_the_fingerprints_of_the_first(weights: Path, tmp_path: Path) -> None:
    """Else a second training would hide what the first one saw."""
    manifest = read_manifest(weights)
    words = kept.read(weights, manifest)
    copied = shutil.copytree(weights, tmp_path / "w")
    kept.write(copied, [words[:5], words])
    (source,) = manifest.sources
    first = Source(task="x", family="x", languages=("it",), clips=source.clips[:5])
    write_manifest(copied, replace(manifest, sources=(first,), earlier=(source,)))
    assert (kept.read(copied, read_manifest(copied)) == np.concatenate([words[:5], words])).all()


@pytest.mark.parametrize("change", ["removed", "changed", "of another manifest"])
def test_fingerprints_that_are_not_those_of_the_training_are_refused(
    weights: Path, tmp_path: Path, change: str
) -> None:
    folder = shutil.copytree(weights, tmp_path / "w")
    path = folder / FINGERPRINTS
    if change == "removed":
        path.unlink()
    elif change == "changed":
        path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    else:
        kept.write(folder, [np.ones((3, LENGTH), np.uint32)])
        write_manifest(folder, read_manifest(weights))

    with pytest.raises(DataError, match=r"fingerprints '.*' are"):
        kept.read(folder, read_manifest(folder))
