"""Marks: each that a number can bear is explained wherever it stands, and models are called by what
they are.
"""

from __future__ import annotations

import re
import typing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mserbench.experiments import facts
from mserbench.results import marks
from mserbench.results.exposure import Heard

RESULTS = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")


def record(**changed: Any) -> Any:
    """Return the parts of a run's record that marks and names rest on, without any mark."""
    plain = {
        "model": {"name": "good", "weights": None, "development": []},
        "task": {"name": "emodb", "labels": ["happy", "sad"]},
        "corpus": {"synthetic": False},
        "verdict": {"transductive": False, "development": False},
        "counts": {"partial": False},
        "intervals": {"UA": [0.5, 0.6]},
        "statistics": {"cluster": "speaker"},
        "adaptation": None,
        "knows": None,
        "facts": None,
    }

    return as_parts(plain | changed)


def as_parts(value: Any, name: str = "") -> Any:
    """Return nested dictionaries as a record has them: parts with attributes, mappings where those
    are mappings.
    """
    if isinstance(value, list):
        return [as_parts(part) for part in value]
    if not isinstance(value, dict) or name in ("intervals", "options", "facts"):
        return value
    return SimpleNamespace(**{key: as_parts(part, key) for key, part in value.items()})


@pytest.mark.parametrize(
    ("changed", "mark"),
    [
        ({"corpus": {"synthetic": True}}, "synthetic"),
        ({"verdict": {"transductive": True, "development": False}}, "transductive"),
        ({"verdict": {"transductive": False, "development": True}}, "development"),
        (
            {"model": {"name": "old", "weights": None, "development": None}},
            "development not stated",
        ),
        ({"counts": {"partial": True}}, "partial"),
        ({"facts": {"mixed": True}}, "mixed"),
        ({"knows": ["happy"]}, "covers:1/2"),
        ({"task": {"name": "emodb:labels(happy+sad)", "labels": ["happy", "sad"]}}, "fewer labels"),
        ({"intervals": {"UA": [0.5, 0.7]}}, "wide"),
        ({"intervals": {"UA": None}}, "few speakers"),
        ({"statistics": {"cluster": "clip"}}, "unknown speakers"),
    ],
)
def test_each_mark_stands_where_its_reason_does_and_is_explained(
    changed: dict[str, Any], mark: str
) -> None:
    assert marks.of_record(record()) == []
    assert marks.of_record(record(**changed)) == [mark]
    name, meanings = mark.partition(":")[0], marks.MEANING | marks.OFF_BOARD
    assert marks.meanings([mark]) == [f"{name}: {meanings[name]}"]


@pytest.mark.parametrize("mark", marks.MEANING)
def test_a_mark_is_explained_in_experiments_and_in_the_documents(mark: str) -> None:
    """A word that no page explains is read as praise."""
    assert facts.meanings({mark}) == [f"{mark}: {marks.MEANING[mark]}"]
    assert f"| `{mark}` |" in RESULTS


def test_the_mark_of_adaptation_says_how_many_clips_were_heard() -> None:
    assert marks.of_record(record(adaptation={"clips": 10})) == ["adapted:10"]
    assert marks.meanings(["adapted:10"]) == [f"adapted: {marks.MEANING['adapted']}"]


def test_every_value_of_heard_is_explained() -> None:
    assert set(marks.HEARD) == set(typing.get_args(Heard))
    (sentence,) = re.findall(r"\*\*heard\*\*: (.*?)\. And marks", RESULTS.replace("\n", " "))
    assert all(f"`{value}`" in sentence for value in marks.HEARD)


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        (None, "good"),
        ({"name": "w", "trained": []}, "good, w"),
        ({"name": "w", "trained": [{"options": {"seed": 1}}]}, "good, w"),
        (
            {
                "name": "w",
                "trained": [{"options": {"preset": "tiny"}}, {"options": {"preset": "mini"}}],
            },
            "good (mini), w",
        ),
    ],
)
def test_a_model_is_called_with_the_preset_of_its_weights(weights: Any, name: str) -> None:
    model = {"name": "good", "called": "good", "weights": weights, "development": []}
    assert marks.name_of(record(model=model)) == name


def test_frozen_subset_is_marked_and_its_task_is_not() -> None:
    assert marks.of_record(record(task={"name": "emodb:frozen"})) == ["frozen"]
    assert marks.meanings(["frozen"]) == [f"frozen: {marks.OFF_BOARD['frozen']}"]
