"""What shipped weights say of themselves, and which of them are taken where there is no task."""

from __future__ import annotations

import pytest

from mserbench.errors import DataError
from mserbench.results.weights_card import Tried, WeightsCard, card_path, read_card, write_card
from mserbench.running import choosing
from mserbench.running.lookup import model_class, model_entry, shipped_weights


def test_a_card_is_read_as_it_was_written(tmp_path):
    """Figures and what they are of belong together."""
    card = WeightsCard(
        "abc", ("happy", "sad"), (Tried("ravdess", 61.7, True),), (("worst", -12.5),)
    )
    folder = tmp_path / "weights"
    assert read_card(folder) is None
    write_card(folder, card)
    assert read_card(folder) == card


@pytest.mark.parametrize("text", ["{", "[]", '{"hash": "a"}', '{"hash": 1, "labels": 3}'])
def test_a_damaged_card_is_named(tmp_path, text):
    """Nobody may take half a figure for a whole one."""
    card_path(tmp_path / "weights").write_text(text)
    with pytest.raises(DataError, match=r"card of weights .*weights\.json' cannot be read"):
        read_card(tmp_path / "weights")


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
