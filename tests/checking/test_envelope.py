"""Envelopes: ten circumstances and more, and an epsilon that follows from them alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mserbench import evaluate
from mserbench.checking import envelope
from mserbench.checking.again import Means
from mserbench.checking.envelope import CIRCUMSTANCES, FLOOR, LEAST, epsilon_of
from mserbench.errors import UsageError


def test_ten_reference_runs_differ_in_all_that_is_asked_for() -> None:
    first = CIRCUMSTANCES[:LEAST]

    assert len(set(first)) == len(first) == 10
    assert {under.threads for under in first} == {1, 2, 4}
    assert {under.batch for under in first} == {1, 8, 16}
    assert {under.processor for under in first} == {"", "avx2", "basic"}


def test_epsilon_is_three_times_the_largest_drift_and_has_a_floor() -> None:
    assert epsilon_of([1e-4, 3e-4, None]) == pytest.approx(9e-4)
    assert epsilon_of([0.0, 0.0]) == epsilon_of([None]) == FLOOR


def test_no_flip_of_the_reference_runs_lies_off_a_tie() -> None:
    """Two scores that move by the drift, each towards the other, change places within epsilon."""
    drift = 2e-4
    for margin in (0.0, drift, 2 * drift):
        assert margin <= epsilon_of([drift])


@pytest.mark.parametrize("count", [1, 9, 99])
def test_too_few_reference_runs_are_no_envelope(count: int, tmp_path: Path) -> None:
    run = evaluate("random", "emodb-sample", out=tmp_path)

    with pytest.raises(UsageError, match="10 to 15 make an envelope"):
        envelope.envelopes([run], Means(), count, print)


@pytest.mark.slow
def test_reference_runs_of_a_model_that_does_not_move(tmp_path: Path) -> None:
    run = evaluate("random", "emodb-sample", out=tmp_path)
    told: list[str] = []
    (found,) = envelope.envelopes([run], Means(), LEAST, told.append)

    assert len(found.runs) == len(told) == LEAST
    assert {(own.drift, own.flips) for own in found.runs} == {(0.0, ())}
    assert found.epsilon == FLOOR
