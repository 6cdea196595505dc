"""The check on runs whose truth is known: how often it cries wolf, and how often it sees one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mserbench.checking.comparing import compare
from tests.simulated_checks import (
    JITTER,
    LABELS,
    REFERENCES,
    Tail,
    epsilon,
    fails,
    model,
    noisy,
    worse,
)

CLIPS = 3_000
ON_SCORES = ("ua:-1.0pt",)


def false_alarms(trials: int, clips: int, tail: Tail, seed: int) -> tuple[float, float]:
    """Return the share of false alarms, and of runs in which an answer flipped at a tie."""
    rng = np.random.default_rng(seed)
    alarms = flipped = 0
    for _ in range(trials):
        simulated = model(rng, clips)
        before = noisy(rng, simulated, tail)
        references = [noisy(rng, simulated, tail) for _ in range(REFERENCES)]
        comparison = compare(
            before, noisy(rng, simulated, tail), LABELS, epsilon(before, references)
        )
        alarms += fails([comparison])[0]
        flipped += bool(comparison.flips)

    return alarms / trials, flipped / trials


@pytest.mark.parametrize("tail", ["normal", "heavy"])
def test_with_no_change_hardly_a_run_fails(tail: Tail) -> None:
    rate, flipped = false_alarms(40, 64, tail, seed=1)
    assert rate <= 0.025  # of 40 at most one
    assert flipped > 0  # else nothing was there to excuse


@pytest.mark.slow
@pytest.mark.parametrize("tail", ["normal", "heavy"])
@pytest.mark.parametrize("clips", [64, 512])
def test_with_no_change_at_most_one_run_in_a_hundred_fails(tail: Tail, clips: int) -> None:
    rate, flipped = false_alarms(2_000, clips, tail, seed=2)
    print(
        f"false alarms over 2,000 runs of {clips} clips, {tail}: {100 * rate:.2f} %; "
        f"flips at ties in {100 * flipped:.0f} %"
    )
    assert rate <= 0.01
    assert flipped > 0.2


def detections(
    trials: int,
    drop: float,
    churn: float,
    tasks: int,
    conditions: tuple[str, ...],
    seed: int,
    clips: int = CLIPS,
) -> float:
    """Return in which share of checks the first of some tasks fails, which alone got worse."""
    rng = np.random.default_rng(seed)
    simulated = model(rng, clips)
    before = simulated.rows()
    same = [compare(before, worse(rng, simulated, 0.0, churn), LABELS, 0.0)] * (tasks - 1)
    hits = 0
    for _ in range(trials):
        comparison = compare(before, worse(rng, simulated, drop, churn), LABELS, 0.0)
        hits += fails([comparison, *same], *conditions)[0]

    return hits / trials


def test_a_drop_of_three_points_on_3000_clips_is_seen_by_scores_alone() -> None:
    assert detections(20, 0.03, 0.05, 6, ON_SCORES, seed=3) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("churn", "power"), [(0.03, 0.95), (0.05, 0.95), (0.1, 0.95), (0.2, 0.75)])
@pytest.mark.parametrize("tasks", [1, 6])
def test_power_by_how_many_answers_change(churn: float, power: float, tasks: int) -> None:
    rate = detections(500, 0.03, churn, tasks, ON_SCORES, seed=4)
    print(
        f"3 points on 3,000 clips, {100 * churn:g} % of answers change, {tasks} task(s): "
        f"seen in {100 * rate:.1f} %"
    )
    assert rate >= power


@pytest.mark.slow
def test_few_clips_hide_what_many_show() -> None:
    """Whoever gates by scores on a small set shall know what passes."""
    rate = detections(500, 0.03, 0.05, 1, ON_SCORES, seed=8, clips=512)
    print(f"3 points on 512 clips, 5 % of answers change: seen in {100 * rate:.1f} %")
    assert 0.6 <= rate <= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("churn", [0.05, 0.2])
def test_scores_alone_hardly_ever_fail_where_answers_change_but_get_no_worse(churn: float) -> None:
    """As on another device."""
    rate = detections(500, 0.0, churn, 1, ON_SCORES, seed=5)
    print(f"no drop, {100 * churn:g} % of answers change: {100 * rate:.1f} % fail by scores")
    assert rate <= 0.01


@pytest.mark.parametrize("clips", [64, 512])
def test_two_percent_of_answers_flipped_off_ties_are_always_seen(clips: int) -> None:
    """Whichever they are: as many gains as losses leave every score as it was."""
    rng = np.random.default_rng(6)
    for _ in range(10):
        simulated = model(rng, clips)
        before = noisy(rng, simulated, "normal")
        references = [noisy(rng, simulated, "normal") for _ in range(REFERENCES)]
        tolerance = epsilon(before, references)
        logits = simulated.logits.copy()

        # Those that lead most nearly, yet off ties: the least that can be seen.
        ordered = np.sort(logits, axis=1)
        lead = ordered[:, -1] - ordered[:, -2]
        off = np.flatnonzero(lead > 2 * tolerance)
        at = off[lead[off].argsort()][: max(1, round(0.02 * clips))]
        order = logits[at].argsort(axis=1)
        top = logits[at, order[:, -1]].copy()
        logits[at, order[:, -1]] = logits[at, order[:, -2]]
        logits[at, order[:, -2]] = top
        changed = dataclasses.replace(simulated, logits=logits)

        comparison = compare(before, noisy(rng, changed, "normal"), LABELS, tolerance)
        assert len(comparison.off_ties) == len(at)
        assert fails([comparison]) == [True]


def test_flips_at_ties_never_fail_and_the_same_flips_off_ties_do() -> None:
    rng = np.random.default_rng(7)
    simulated = model(rng, 200, ties=0.0)
    order = simulated.logits.argsort(axis=1)
    rows, at = np.arange(200), slice(0, 20)
    tolerance = 10 * JITTER

    for gap, is_fault in ((0.4 * tolerance, False), (2.0, True)):
        logits = simulated.logits.copy()
        first, second = order[at, -1], order[at, -2]
        logits[rows[at], first] = 3.0 + gap
        logits[rows[at], second] = 3.0
        swapped = logits.copy()
        swapped[rows[at], first], swapped[rows[at], second] = 3.0, 3.0 + gap

        comparison = compare(simulated.rows(logits), simulated.rows(swapped), LABELS, tolerance)
        assert len(comparison.flips) == 20
        assert {flip.is_tie for flip in comparison.flips} == {not is_fault}
        assert fails([comparison]) == [is_fault]
