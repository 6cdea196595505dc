"""What two runs are compared by: scales, ties, drift, gates and exit statuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from mserbench.checking import gates
from mserbench.checking.comparing import Comparison, compare
from mserbench.checking.gates import Measured, parse
from mserbench.checking.outcome import EXIT, Outcome, Status, exit_code
from mserbench.errors import DataError
from mserbench.results.predictions import Prediction
from mserbench.statistics import changes

LABELS = ("a", "b", "c")


def row(key: str, *scores: float, label: str = "a", prediction: str | None = None) -> Prediction:
    answer = LABELS[int(np.argmax(scores))] if prediction is None and scores else prediction or ""
    return Prediction(key, label, answer, scores)


def test_a_label_that_a_sure_model_rules_out_is_no_drift() -> None:
    """Its probability underflows differently on each machine."""
    before, after = row("1", 1.0, 1e-30, 0.0), row("1", 1.0, 1e-20, 1e-40)
    assert compare([before], [after], LABELS, 0.0).drift == 0


def test_scores_that_are_no_probabilities_are_compared_by_their_softmax() -> None:
    """A logit that all labels share moves no answer, and is no drift."""
    comparison = compare([row("1", 2.0, 1.0, -3.0)], [row("1", 7.0, 6.0, 2.0)], LABELS, 0.0)
    assert comparison.scale == "softmax"
    assert comparison.drift == pytest.approx(0.0, abs=0.01)


def test_the_baseline_says_what_scores_are() -> None:
    """Else a model that forgets its softmax would be compared by another rule, and pass."""
    comparison = compare([row("1", 0.5, 0.3, 0.2)], [row("1", 5.0, 3.0, 2.0)], LABELS, 0.0)
    assert comparison.scale == "probabilities"
    assert comparison.drift == pytest.approx(np.log(10))


def test_a_third_label_from_far_below_is_no_tie() -> None:
    """Both runs have a tie, but not of the same labels."""
    before, after = row("1", 0.45, 0.4499, 0.1001), row("1", 0.1001, 0.4499, 0.45)
    (flip,) = compare([before], [after], LABELS, 1e-3).flips
    assert not flip.is_tie


def test_an_answer_against_its_own_scores_is_no_tie() -> None:
    """The scores lie near one another, but the second one was answered: answering is broken."""
    before, after = row("1", 0.5001, 0.4999, 0.0), row("1", 0.5001, 0.4999, 0.0, prediction="b")
    (flip,) = compare([before], [after], LABELS, 1e-2).flips
    assert flip.margin_after is not None
    assert flip.margin_after < 0
    assert not flip.is_tie


def test_answers_in_text_have_no_ties() -> None:
    before, after = row("1", prediction="a"), row("1", prediction="b")
    comparison = compare([before], [after], LABELS, 1.0)
    assert (comparison.drift, comparison.scale, len(comparison.off_ties)) == (None, None, 1)


def test_scores_that_are_gone_fail_though_no_answer_changed() -> None:
    comparison = compare([row("1", 0.6, 0.3, 0.1)], [row("1", prediction="a")], LABELS, 1.0)
    findings = gates.judge(Measured(comparison), 1.0, {})
    assert [finding.measure for finding in findings if finding.fails] == ["scores"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "at least one row"),
        ([row("1", 1.0, 0.0, 0.0)] * 2, "each id once"),
        ([row("1", float("nan"), 0.0, 0.0)], "NaN or infinite for clip '1'"),
        ([row("1", 1.0, 0.0, 0.0), row("2", prediction="a")], "some have none"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(rows: list[Prediction], sentence: str) -> None:
    whole = [row(key, 1.0, 0.0, 0.0) for key in ("1", "2")][: max(1, len({r.id for r in rows}))]
    with pytest.raises(DataError, match=sentence):
        compare(whole, rows, LABELS, 0.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test(lost: int, gained: int) -> None:
    p = changes.one_sided_mcnemar(lost, gained)
    if lost + gained:
        assert p == pytest.approx(binomtest(lost, lost + gained, alternative="greater").pvalue)
    else:
        assert p == 1


def losing(clips: int, lost: int) -> Comparison:
    before = [row(f"{at:04}", 0.8, 0.1, 0.1) for at in range(clips)]
    after = [row(f"{at:04}", 0.1, 0.8, 0.1) for at in range(lost)]
    return compare(before, [*after, *before[lost:]], LABELS, 0.0)


BY_SCORE = parse(["ua:-1.0pt"])


@pytest.mark.parametrize(
    ("clips", "lost", "fails"),
    [
        (100, 6, False),  # 6 points, p = 1/64: large and unsure
        (100, 7, True),  # p = 1/128
        (3_000, 20, False),  # sure and trifling: 0.7 points
        (3_000, 31, True),
    ],
)
def test_a_loss_must_be_sure_and_large(clips: int, lost: int, fails: bool) -> None:
    run = Measured(losing(clips, lost))
    findings = gates.judge(run, gates.adjusted([run])[0], BY_SCORE)
    assert any(finding.fails for finding in findings) == fails


def test_several_runs_need_surer_losses() -> None:
    """Else a check of many tasks would cry wolf more often than that of one."""
    runs = [Measured(losing(100, 7)), *[Measured(losing(100, 0))] * 9]
    p = gates.adjusted(runs)[0]
    assert p == pytest.approx(10 / 128)
    assert not any(finding.fails for finding in gates.judge(runs[0], p, BY_SCORE))


def test_a_condition_on_scores_leaves_flips_to_their_own_condition() -> None:
    run = Measured(losing(3_000, 25))
    both = gates.judge(run, 1e-6, parse(["ua:-1.0pt", "flips:+0.5pt"]))
    assert [finding.measure for finding in both if finding.fails] == ["flips"]


def test_every_status_has_an_exit_status_and_the_gravest_decides() -> None:
    assert EXIT.keys() == set(Status)

    def code(*ends: Status) -> int:
        return exit_code([Outcome("run", "task", "model", "key", end, "") for end in ends])

    assert code(Status.SAME, Status.TIES) == 0
    assert code(Status.SAME, Status.NO_BASELINE) == 2
    assert code(Status.NO_BASELINE, Status.DEVICE) == 3
    assert code(Status.DEVICE, Status.CRASH) == 4
    assert code(Status.CRASH, Status.REGRESSION, Status.STALE) == 1
