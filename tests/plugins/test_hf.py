"""`hf`: the scores of `transformers.pipeline`, in batches too, for every family of checkpoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_checkpoints import FAMILIES, LABELS, save
from numpy.typing import NDArray

from mserbench.data import dataset, lookup
from mserbench.testing import check_model

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
    # On a CPU clips go one by one: batches are those of a GPU.
    together = dataclasses.replace(hearing, most=8).probabilities(waveforms)
    alone = hearing.probabilities(waveforms)

    off = [np.abs(scores - expected).max() for scores in (alone, together)]
    # With `-s`: the figures of docs/measured/hf.md.
    print(
        f"\n{folder.name}, {len(waveforms)} clips: off by {off[0]:.1e} alone, {off[1]:.1e} in batches"
    )

    assert max(off) <= TOLERANCE
    assert expected.std(axis=0).max() > 3 * TOLERANCE, "equal scores of all clips prove nothing"


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_are_those_of_the_pipeline_alone_and_in_batches(
    checkpoints: dict[str, Path], family: str
) -> None:
    check_as_pipeline(checkpoints[family], spoken(6))


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("family", FAMILIES)
def test_scores_of_200_real_clips_are_those_of_the_pipeline(
    checkpoints: dict[str, Path], family: str, real_data: Path
) -> None:
    check_as_pipeline(checkpoints[family], spoken(200, real_data, "ravdess"))


def test_a_long_clip_is_the_mean_of_the_logits_of_equal_windows(
    checkpoints: dict[str, Path],
) -> None:
    clip = np.concatenate(spoken(4))[: 9 * 16_000]
    hearing = heard(checkpoints["wav2vec2-group"], window=4.0)
    parts = [hearing.probabilities([part]) for part in np.array_split(clip, 3)]
    mean = np.mean(np.log(parts), axis=0)
    expected = np.exp(mean) / np.exp(mean).sum()

    assert hearing.probabilities([clip]) == pytest.approx(expected, abs=1e-6)


def test_nothing_of_a_clip_is_cut_off_unless_it_is_asked_for(checkpoints: dict[str, Path]) -> None:
    """AST hears 10.24 s: what comes after must count, where the pipeline drops it."""
    clip = np.concatenate(spoken(8))[: 16 * 16_000]
    other = np.concatenate([clip[: 11 * 16_000], -0.2 * clip[11 * 16_000 :]])
    whole = heard(checkpoints["ast"]).probabilities([clip, other])
    assert np.abs(whole[0] - whole[1]).max() > TOLERANCE

    cut = heard(checkpoints["ast"], window=None).probabilities([clip])
    assert np.abs(cut - of_pipeline(checkpoints["ast"], [clip])).max() <= TOLERANCE


def test_bfloat16_is_near_and_depends_on_no_batch(checkpoints: dict[str, Path]) -> None:
    waveforms = spoken(4)
    half = heard(checkpoints["wav2vec2-layer"], precision="bfloat16")
    together = half.probabilities(waveforms)
    alone = np.concatenate([half.probabilities([waveform]) for waveform in waveforms])

    assert np.array_equal(together, alone)
    exact = heard(checkpoints["wav2vec2-layer"]).probabilities(waveforms)
    assert 0 < np.abs(together - exact).max() < 0.1


def test_the_kit_passes(checkpoints: dict[str, Path]) -> None:
    for family in ("wav2vec2-group", "hubert-layer"):
        wrong = [f for f in check_model(f"hf:{checkpoints[family]}") if f.ok is not True]
        assert not wrong
