"""A real checkpoint, made of Whisper and a classifier learnt here, through `hf` and its plugin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("transformers")
pytest.importorskip("whisper")

from mserbench.data import dataset, lookup
from mserbench.errors import UsageError
from mserbench.labels import CANONICAL
from mserbench.model import TrainingItem
from mserbench.results import runs
from mserbench.results.runs import Run
from mserbench.running.spec import Spec
from mserbench_hf.whisper_checkpoint import export

# What a checkpoint of transformers hears, and so what its twin must.
HEARD: dict[str, Any] = {"length": "whole", "pooling": "mean", "pauses": "kept", "tempo": "own"}
WEIGHTS = "whisper-linear-it-whole"
ON_THE_BOARD = Path(__file__).parents[2] / "leaderboard" / "results"
TWINS = ("emodb-sample",)


def items_of(n: int) -> list[TrainingItem]:
    """Return clips of the packaged sample, 2 to 6 s each."""
    target = dataset.load(lookup.task("emodb-sample"), None)
    items = [item for item in target.items if item.label in CANONICAL][:n]
    name = target.card.name
    return [
        TrainingItem(item.clip(name), item.label, item.utterance.speaker, "de", name)
        for item in items
    ]


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["2", "4", "6"])
def test_a_checkpoint_of_whisper_answers_as_the_plugin_does(
    pretrained: Path, tmp_path: Path, layer: str
) -> None:
    """The last ones too: transformers normalises what is behind the last block, and that alone."""
    if not (pretrained / "whisper-base").is_dir():
        pytest.skip("whisper-base is not here: mserbench weights get whisper-base")

    from mserbench_whisper_linear.model import WhisperLinear
    from mserbench_whisper_linear.options import WhisperLinearOptions

    items = items_of(14)
    clips = [item.clip for item in items]
    options = WhisperLinearOptions(layers=layer, **HEARD)
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


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"length": "padded"}, "rest on length=padded"),
        ({"pauses": "dropped"}, "rest on pauses=dropped"),
        ({"pooling": "mean+std"}, "rest on pooling=mean.std"),
        ({"layers": "1,2"}, "rest on several layers"),
    ],
)
def test_features_that_transformers_cannot_compute_are_refused(
    tmp_path: Path, changed: dict[str, str], expected: str
) -> None:
    """A checkpoint would be written, and answer otherwise than its weights."""
    features = {**HEARD, "layers": "2", "encoder": "whisper-base", **changed}
    record = {"features": features, "normalise": "training"}
    (tmp_path / "model.json").write_text(json.dumps(record))

    with pytest.raises(UsageError, match=expected):
        export(tmp_path, tmp_path / "out")


@pytest.mark.slow
def test_the_last_block_before_it_is_normalised_is_refused(
    pretrained: Path, tmp_path: Path
) -> None:
    """transformers gives it normalised alone: a checkpoint would answer something else."""
    if not (pretrained / "whisper-base").is_dir():
        pytest.skip("whisper-base is not here: mserbench weights get whisper-base")

    features = {**HEARD, "layers": "5", "encoder": "whisper-base"}
    record = {"features": features, "normalise": "training", "labels": []}
    (tmp_path / "model.json").write_text(json.dumps(record))

    with pytest.raises(UsageError, match="rest on layer 5, the last block before"):
        export(tmp_path, tmp_path / "out")


def test_shipped_weights_are_refused_with_what_to_train(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "plugins/mserbench_whisper_linear/weights"
    with pytest.raises(UsageError, match="one layer and its mean over 30 s: train with"):
        export(shipped / "whisper-linear-de-it-el", tmp_path)


def shares(run: Run) -> dict[str, NDArray[np.float64]]:
    """Return the scores of a run by id, those of a clip summing to one: `hf` leaves out what goes
    to labels that are not asked for.
    """
    scores = {row.id: np.array(row.scores) for row in run.rows}
    return {identity: values / values.sum() for identity, values in scores.items()}


@pytest.mark.parametrize("task", TWINS)
def test_the_checkpoint_on_the_board_answers_as_its_weights_there_do(task: str) -> None:
    """Both rows are one model asked in two ways: where a clip differs, one of the ways is wrong."""
    entries = [runs.read(folder) for folder in sorted((ON_THE_BOARD / task).iterdir())]
    (checkpoint,) = [run for run in entries if run.name == "hf:whisper-it"]
    (own,) = [run for run in entries if (part := run.record.model.weights) and part.name == WEIGHTS]

    # The one is made of the other, and both say so.
    assert str(own.record.model.weights and own.record.model.weights.recipe) in str(
        checkpoint.record.model.recipe
    )
    assert checkpoint.verdict == own.verdict == "zero-shot"

    expected = shares(own)
    off = [np.abs(scores - expected[at]).max() for at, scores in shares(checkpoint).items()]
    assert max(off) <= 1e-4
    answers = {row.id: row.prediction for row in own.rows}
    assert {row.id: row.prediction for row in checkpoint.rows} == answers
