"""`hf`: the scores of `transformers.pipeline`, in batches too, for every family of checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_checkpoints import FAMILIES, LABELS, save
from numpy.typing import NDArray

from mserbench.data import dataset, lookup

pytest.importorskip("transformers")

from mserbench_hf.checkpoint import opened
from mserbench_hf.hearing import Hearing

TOLERANCE = 1e-4


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Save a tiny checkpoint of each family."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return {family: save(family, folder / family) for family in FAMILIES}


def spoken(n: int, data: Path | None = None, task: str = "emodb-sample") -> list[Any]:
    target = dataset.load(lookup.task(task), data, limit=n)
    return [clip.waveform for clip in target.clips(range(len(target.items)))]


def of_pipeline(folder: Path, waveforms: Sequence[Any]) -> NDArray[np.float64]:
    """Return the pipeline's scores of each clip alone, in the order of the labels."""
    import transformers

    ask = transformers.pipeline("audio-classification", model=str(folder), device="cpu")
    rows = []
    for waveform in waveforms:
        by_label = {row["label"]: row["score"] for row in ask(np.array(waveform), top_k=None)}
        rows.append([by_label[label] for label in LABELS])

    return np.array(rows)


def heard(folder: Path, **settings: Any) -> Hearing:
    return Hearing.of(
        opened(str(folder)),
        settings.get("window", 30.0),
        settings.get("precision", "float32"),
        "cpu",
    )


def check_as_pipeline(folder: Path, waveforms: Sequence[Any]) -> None:
    hearing = heard(folder)
    expected = of_pipeline(folder, waveforms)
    together = hearing.probabilities(waveforms)
    alone = np.concatenate([hearing.probabilities([waveform]) for waveform in waveforms])

    assert np.abs(alone - expected).max() <= TOLERANCE
    assert np.abs(together - expected).max() <= TOLERANCE
    assert expected.std(axis=0).max() > 10 * TOLERANCE, "equal scores of all clips prove nothing"


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_those_of_the_pipeline_alone_and_in_batches(
    checkpoints: dict[str, Path], family: str
) -> None:
    check_as_pipeline(checkpoints[family], spoken(6))
