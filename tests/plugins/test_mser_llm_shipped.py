"""The connectors that ship with mser-llm: small, whole, chosen for the right tasks, and asked with
the real parts.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("whisper", reason="the extra train is not installed")

import mserbench
from mserbench import options
from mserbench.data import lookup
from mserbench.plugins import registry
from mserbench.plugins.hookspecs import ModelEntry
from mserbench.results.manifest import read_manifest
from mserbench.running import choosing
from mserbench.running.lookup import shipped_weights
from mserbench_mser_llm import WEIGHTS, weights_folder
from mserbench_mser_llm.model import MserLlm
from mserbench_mser_llm.presets import PRESETS, MserLlmOptions

ROOT = Path(__file__).parents[2]
ENTRY = registry.entries(ModelEntry)["mser-llm"]
FOLDERS = {name: shipped_weights(ENTRY, name) for name in WEIGHTS}


def test_together_they_stay_below_25_megabytes():
    """Git keeps every version for ever, and every install carries them."""
    files = [path for folder in FOLDERS.values() for path in folder.iterdir()]
    assert sum(path.stat().st_size for path in files) < 25_000_000
    names = {path.name for path in files}
    # The first ones that shipped are from before fingerprints were kept.
    assert names - {"fingerprints.npy"} == {
        "manifest.json",
        "model.json",
        "model.safetensors",
        "training.csv",
    }


@pytest.mark.parametrize("name", WEIGHTS)
def test_they_are_what_the_preset_gives(name):
    """Else the command of their card would train something else."""
    settings = json.loads((FOLDERS[name] / "model.json").read_text())["settings"]
    assert settings == options.told(PRESETS["mini"])
    assert read_manifest(FOLDERS[name]).options == options.told(MserLlmOptions())
    card = (ROOT / "docs/cards" / f"{name}.md").read_text()
    assert f"mserbench train --model mser-llm --on {WEIGHTS[name]} " in card


@pytest.mark.parametrize("name", WEIGHTS)
def test_they_load_unchanged_though_options_were_added_since(name):
    """They say nothing of `checkpointing` and `encoder_precision`, the first ones nor of
    `centring`: what they do is what was done without these.
    """
    settings = json.loads((FOLDERS[name] / "model.json").read_text())["settings"]
    assert not {"checkpointing", "encoder_precision"} & set(settings)
    read = weights_folder.read(FOLDERS[name], "mser-llm")
    before = {"checkpointing": False, "encoder_precision": "float32", "centring": "none"}
    assert read["settings"] == {**before, **settings}
    assert weights_folder.settings_of(FOLDERS[name], read, MserLlmOptions()) == PRESETS["mini"]


@pytest.mark.parametrize(
    ("task", "best"), [("demo-fa", "mini-demo"), ("ravdess", "mini-real"), ("aesdd", "mini-demo")]
)
def test_the_default_is_the_strictest_and_of_the_same_kind_of_speech(task, best, target):
    """If AESDD were asked of weights that were trained on it, the number would be no transfer."""
    assert (
        choosing.find_weights("mser-llm", MserLlm, MserLlmOptions(), None, target(task))[0] == best
    )


@pytest.fixture
def target(build_corpus, tmp_path, no_settings):
    """Return a task with tiny clips."""
    from mserbench.data import dataset

    def load(task: str):
        if not task.startswith("demo"):
            build_corpus(task, tmp_path / "D")
        return dataset.load(lookup.task(task), tmp_path / "D")

    return load


def test_with_the_real_parts_a_connector_knows_clips_that_it_was_trained_on(
    no_settings, tmp_path, pretrained
):
    """Else something between waveform and answer is not what it was in training."""
    missing = [
        name
        for name in ("whisper-base", "smollm2-135m-instruct")
        if not (pretrained / name).exists()
    ]
    if missing:
        pytest.skip(f"mserbench weights get {missing[0]}")

    run = mserbench.evaluate("mser-llm", "emodb-sample", weights="mini-real", out=tmp_path / "runs")
    assert run.record.facts["prompt"] == "The speaker feels"
    assert set(run.record.facts["label_tokens"].values()) == {1}
    assert run.verdict == "leaked"
    assert run.metrics["UA"] > 0.8
