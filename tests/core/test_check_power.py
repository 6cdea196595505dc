"""Which test sees a loss by scores alone: the one that `check` uses, beside two others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, norm

from mserbench.checking.gates import DROP, SIGNIFICANT
from mserbench.statistics.changes import one_sided_mcnemar

CLIPS, RIGHT = 3_000, 0.6
TRIALS = 20_000

Counts = NDArray[np.int64]


def drawn(drop: float, churn: float, trials: int, seed: int) -> tuple[Counts, Counts, Counts]:
    """Return how many clips were right before, how many of them are lost, how many gained."""
    rng = np.random.default_rng(seed)
    right = rng.binomial(CLIPS, RIGHT, trials)
    lost = rng.binomial(right, (churn + drop) / 2 / RIGHT)
    gained = rng.binomial(CLIPS - right, (churn - drop) / 2 / (1 - RIGHT))
    return right, lost, gained


def rates(drop: float, churn: float, trials: int = TRIALS, seed: int = 11) -> dict[str, float]:
    """Return in which share of runs each test fails, with the drop that the gate also asks for."""
    right, lost, gained = drawn(drop, churn, trials, seed)
    changed, above = lost + gained, binom.sf(lost - 1, lost + gained, 0.5)
    variance = lost * (1 - lost / right) + gained * (1 - gained / (CLIPS - right))
    pvalues = {
        "exact": above,
        "mid-p": above - 0.5 * binom.pmf(lost, changed, 0.5),
        "given": norm.sf((lost - gained) / np.sqrt(variance)),
    }
    is_large = (lost - gained) / CLIPS > DROP
    return {name: float(np.mean((p < SIGNIFICANT) & is_large)) for name, p in pvalues.items()}


def test_the_exact_test_here_is_that_of_the_gate() -> None:
    _, lost, gained = drawn(0.03, 0.2, 50, seed=1)
    above = binom.sf(lost - 1, lost + gained, 0.5)
    pairs = zip(lost, gained, strict=True)
    assert [one_sided_mcnemar(int(a), int(b)) for a, b in pairs] == pytest.approx(list(above))


@pytest.mark.slow
@pytest.mark.parametrize("churn", [0.1, 0.2])
def test_what_sees_more_than_the_exact_test_errs_more(churn: float) -> None:
    alarms, seen = rates(0.0, churn), rates(0.03, churn)
    for name in alarms:
        print(
            f"{100 * churn:g} % change, {name}: false alarms {100 * alarms[name]:.2f} %, "
            f"3 points seen in {100 * seen[name]:.1f} %"
        )

    assert alarms["exact"] <= SIGNIFICANT
    assert alarms["given"] > 1.25 * SIGNIFICANT
    assert seen["exact"] <= seen["mid-p"] <= seen["given"]


@pytest.mark.slow
def test_no_test_reaches_95_percent_where_a_fifth_changes() -> None:
    """By the normal law: 90 more losses than gains, deviation the square root of 600."""
    best = norm.sf(norm.isf(SIGNIFICANT) - 90 / np.sqrt(600))
    assert best == pytest.approx(0.91, abs=0.005)
    assert rates(0.03, 0.2)["exact"] == pytest.approx(best, abs=0.01)
