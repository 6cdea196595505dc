"""The typed record: what is on disk stays as it is, byte for byte, whatever else stands in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mserbench.results.record import READ, RunRecord

ROOT = Path(__file__).parents[2]
COMMITTED = sorted((ROOT / "leaderboard" / "results").glob("*/*/run.json"))


def written(record: RunRecord) -> str:
    """Return the text of a record's file."""
    return json.dumps(record.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def test_there_are_committed_records() -> None:
    assert len(COMMITTED) > 50


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_committed_record_is_written_as_it_was_read(path: Path) -> None:
    """Else the first `--rescore` would change every published file, and a reader could not say
    why.
    """
    text = path.read_text(encoding="utf-8")
    record = RunRecord.from_json(json.loads(text))
    assert written(record) == text
    assert record.model.unknown == record.task.unknown == record.unknown == {}


def test_what_a_later_version_adds_is_kept_in_its_place() -> None:
    value: dict[str, Any] = json.loads(COMMITTED[0].read_text(encoding="utf-8"))
    value = {"first": [1, {"a": None}], **value, "last": {"b": 2.5}}
    value["model"]["more"], value["statistics"]["more"] = {"c": []}, "text"
    value["model"]["exposure"][0]["more"] = True
    record = RunRecord.from_json(value)
    assert written(record) == json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    assert record.unknown == {"first": [1, {"a": None}], "last": {"b": 2.5}}


def test_fields_are_typed() -> None:
    record = RunRecord.from_json(json.loads(COMMITTED[0].read_text(encoding="utf-8")))
    assert record.schema in READ
    assert isinstance(record.task.labels, tuple)
    assert record.counts.scored == len(record.clusters or ())
    lower, upper = record.intervals["UA"] or (0, 0)
    assert lower < record.metrics["UA"] < upper


WRONG = {
    "'model' is missing or no object": lambda value: value.update(model=[]),
    "'model.name' is None, which is no valid value": lambda value: value["model"].pop("name"),
    "'metrics.UA' is 1.5, which is no valid value": lambda value: value["metrics"].update(UA=1.5),
    "'intervals.UA' is [0.9, 0.1], which is no valid value": lambda value: value[
        "intervals"
    ].update(UA=[0.9, 0.1]),
    "'model.weights' is 'x', which is no valid value": lambda value: value["model"].update(
        weights="x"
    ),
    "an object with schema 1 or 2 was expected": lambda value: value.update(schema=3),
    "'canonical.n' is None, which is no valid value": lambda value: value.update(
        canonical={"labels": ["sad"]}
    ),
    "'seconds' is {'predict': 'long'}, which is no valid value": lambda value: value.update(
        seconds={"predict": "long"}
    ),
    "'facts' must be an object of texts, finite numbers, flags, nulls, and lists and "
    "objects of them": (lambda value: value.update(facts=[])),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_wrong_value_is_named_in_one_sentence(sentence: str) -> None:
    value = json.loads(COMMITTED[0].read_text(encoding="utf-8"))
    WRONG[sentence](value)
    with pytest.raises(ValueError, match=r"expected|valid value|missing|must be") as caught:
        RunRecord.from_json(value)

    assert str(caught.value) == sentence
