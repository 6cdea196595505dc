"""A real checkpoint, made of Whisper and a classifier learnt here, through `hf` and its plugin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers")
pytest.importorskip("whisper")

from mserbench.contracts import Clip
from mserbench.data import dataset, lookup
from mserbench.errors import UsageError
from mserbench.labels import CANONICAL
from mserbench.model import TrainingItem
from mserbench.running.spec import Spec
from mserbench_hf.whisper_checkpoint import export

SAMPLES = 30 * 16_000  # what Whisper hears at once


def padded(n: int) -> list[TrainingItem]:
    """Return clips of the packaged sample with silence behind them, up to 30 s."""
    target = dataset.load(lookup.task("emodb-sample"), None)
    items = [item for item in target.items if item.label in CANONICAL][:n]
    made = []
    for item in items:
        clip = item.clip(target.card.name)
        wave = np.pad(clip.waveform, (0, SAMPLES - len(clip.waveform)))
        key = f"{clip.key[:-6]}padded"
        longer = Clip(key, clip.seed, SAMPLES / 16_000, lambda wave=wave: wave, None)
        made.append(TrainingItem(longer, item.label, item.utterance.speaker, "de", "emodb"))

    return made


@pytest.mark.slow
def test_a_checkpoint_of_whisper_answers_as_the_plugin_does(
    pretrained: Path, tmp_path: Path
) -> None:
    if not (pretrained / "whisper-base").is_dir():
        pytest.skip("whisper-base is not here: mserbench weights get whisper-base")

    from mserbench_whisper_linear.model import WhisperLinear
    from mserbench_whisper_linear.options import WhisperLinearOptions

    items = padded(14)
    clips = [item.clip for item in items]
    options = WhisperLinearOptions(layers="2", pooling="mean", length="padded", directions=0)
    weights = tmp_path / "weights"
    weights.mkdir()
    WhisperLinear(options).fit(items, [], weights)
    plugin = WhisperLinear(options, weights)
    plugin.prepare(lambda: iter(clips))
    expected = plugin.predict(clips, plugin.labels)

    export(weights, tmp_path / "whisper-linear-hf")
    through_hf = Spec.of(f"hf:{tmp_path / 'whisper-linear-hf'}").subject.model
    scores = through_hf.predict(clips, plugin.labels)

    assert np.abs(scores - expected).max() <= 1e-4
    assert (scores.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert len(set(scores.argmax(axis=1).tolist())) > 1


def test_what_the_head_cannot_hold_is_refused(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "plugins/mserbench_whisper_linear/weights"
    with pytest.raises(UsageError, match="one layer and its mean"):
        export(shipped / "whisper-linear-de-it-el", tmp_path)
