"""What shipped weights say of themselves, and which of them are taken where there is no task."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from mserbench.results import runs, tried
from mserbench.running import choosing
from mserbench.running.lookup import model_class, model_entry, shipped_weights

BOARD = Path(__file__).parents[2] / "leaderboard" / "results"


def test_a_row_for_each_run_of_weights_that_ship_and_for_no_other():
    """Who asks for weights that he has wants their figures, not those of another training."""
    all_runs = [runs.read(path) for path in sorted(BOARD.glob("*/*"))]
    rows = json.loads(tried.text_of(all_runs))
    shipped = [
        run for run in all_runs if run.record.model.weights and run.record.model.weights.shipped
    ]
    assert len(rows) == len(shipped) > 10

    first = shipped[0]
    lost = replace(first.record.model.weights, shipped=False)
    record = replace(first.record, model=replace(first.record.model, weights=lost))
    assert json.loads(tried.text_of([runs.Run(first.folder, record)])) == []


def test_weights_show_says_what_weights_answer_and_how_far_they_were_tried(cli):
    """A figure without verdict and marks would be taken for more than it is."""
    told = json.loads(cli("weights", "show", "egemaps", "emovo-ravdess", "--json").out)
    facts = told["emovo-ravdess"]
    assert facts["trained on"] == "emovo, ravdess"
    assert {"happy", "sad", "angry"} <= set(facts["answers"].split(", "))
    assert any(text.startswith("emodb-sample UA ") for text in facts["tried"])
    assert all("zero-shot" in text for text in facts["tried"] if "emodb-sample" in text)


def test_without_a_task_weights_for_people_come_first(tmp_path, monkeypatch):
    """`predict` has no target to stay blind to, so it goes by all corpora at hand."""
    entry = model_entry("logmel")
    first = shipped_weights(entry, "emodb-emovo")
    weights = {"emodb-emovo": first, "people": shipped_weights(entry, "emovo-ravdess")}
    monkeypatch.setattr(choosing, "shipped_weights", lambda entry, name: weights[name])

    named = type(entry)(entry.name, entry.target, entry.title, weights=dict.fromkeys(weights, "x"))
    options = model_class("logmel").Options
    assert choosing._preferred(named, options(), None)[0] == "people"
    # Who asks for something else gets what was trained that way.
    assert choosing._preferred(named, options(C=3.0), None)[0] == "emodb-emovo"
