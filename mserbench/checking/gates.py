"""What makes a run fail: the strict gates of one device, and the thresholds of `--fail-on`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mserbench.checking.comparing import Comparison
from mserbench.checking.outcome import Finding
from mserbench.errors import UnknownName, UsageError
from mserbench.statistics.compare import holm

SIGNIFICANT = 0.01  # McNemar, one-sided, after Holm over the runs of a check
DROP = 0.01  # of UA, as a fraction of 1: what is smaller is no loss, however sure it is
DRIFT_FLOOR = 1e-4
"""Log-probability that may always drift where nothing else is said: a hundred times what the six
digits of a file of predictions leave open.
"""

METRICS = {"ua": "UA", "wa": "WA", "wf1": "WF1", "mf1": "MF1", "precision": "precision"}
_UNITS = {
    **dict.fromkeys(METRICS, ("-", "pt")),
    "unparsed": ("+", "pt"),
    "flips": ("+", "pt"),
    "drift": ("", ""),
    "rtf": ("+", "%"),
    "memory": ("+", "%"),
}
_FORM = re.compile(r"([a-z0-9]+):([+-]?)([0-9.]+(?:e[+-]?[0-9]+)?)(pt|%|)")


@dataclass(frozen=True)
class Condition:
    """A threshold: the run fails where `measure` changed for the worse by more than `limit`.

    `limit` >= 0: a fraction of 1 for points and percent, a log-probability for drift.
    """

    measure: str
    limit: float
    text: str


def parse(texts: Sequence[str]) -> dict[str, Condition]:
    """Read `--fail-on` conditions such as `ua:-1.0pt`; the mapping is by measure.

    Raises UsageError where one is not of the form of its measure, or a measure stands twice.
    """
    conditions: dict[str, Condition] = {}
    for text in texts:
        condition = _condition(text)
        if condition.measure in conditions:
            raise UsageError(
                f"--fail-on {condition.measure} is given twice: give one threshold of it"
            )

        conditions[condition.measure] = condition

    return conditions


def _condition(text: str) -> Condition:
    measure, _, _ = text.partition(":")
    if measure not in _UNITS:
        raise UnknownName("measure", measure, _UNITS, "docs/regression.md")

    sign, unit = _UNITS[measure]
    match = _FORM.fullmatch(text)
    number = _number(match[3]) if match else math.nan
    if not match or (match[2], match[4]) != (sign, unit) or not math.isfinite(number):
        raise UsageError(
            f"--fail-on {text!r} is not understood: {measure}:{sign}NUMBER{unit} was expected, "
            f"such as {measure}:{sign}1{unit}"
        )

    return Condition(measure, number / 100 if unit else number, text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # 1.2.3
        return math.nan


@dataclass(frozen=True)
class Measured:
    """What the gates of one run look at; changes are fractions of the baseline's, None where the
    run or its baseline does not tell.
    """

    comparison: Comparison
    rtf_change: float | None = None
    memory_change: float | None = None


def adjusted(runs: Sequence[Measured]) -> list[float]:
    """Return the McNemar p value of each run, by Holm over all of them."""
    return holm([run.comparison.p for run in runs])


def judge(run: Measured, p: float, conditions: Mapping[str, Condition]) -> list[Finding]:
    """Return what each gate says of a run; `p` is its adjusted p value.

    With no condition any flip off ties, any further answer that cannot be read, drift beyond the
    envelope, and a sure loss of UA fail. A condition stands in the place of its own gate; one on a
    metric also in that of flips and drift, unless these have conditions of their own: whoever
    compares scores across devices expects single answers to differ.
    """
    scored = [name for name in METRICS if name in conditions]
    findings = [_lost_scores(run.comparison)] if run.comparison.scores_gone else []
    findings += [_flips(run.comparison, conditions.get("flips"), bool(scored))]
    findings += [_unparsed(run.comparison, conditions.get("unparsed"))]
    findings += _drift(run.comparison, conditions.get("drift"), bool(scored))
    findings += [
        _metric(run.comparison, name, conditions.get(name), p) for name in scored or ["ua"]
    ]

    changes = {"rtf": run.rtf_change, "memory": run.memory_change}
    findings += [
        _share(name, change, conditions[name])
        for name, change in changes.items()
        if name in conditions
    ]
    return findings


def _lost_scores(comparison: Comparison) -> Finding:
    return Finding(
        "scores", True, "the run has no scores of labels, which its baseline has: look at the model"
    )


def _flips(comparison: Comparison, condition: Condition | None, by_score: bool) -> Finding:
    count, ties = len(comparison.off_ties), len(comparison.flips) - len(comparison.off_ties)
    text = f"{count} of {comparison.n} answers flipped off ties, {ties} at ties"
    if condition is not None:
        fails = count / comparison.n > condition.limit + 1e-12
        return Finding("flips", fails, f"{text} ({condition.text})")
    if by_score:
        return Finding("flips", False, f"{text}, which is not judged beside a condition on scores")

    return Finding("flips", count > 0, f"{text}: off ties none may")


def _unparsed(comparison: Comparison, condition: Condition | None) -> Finding:
    more = comparison.unparsed_after - comparison.unparsed_before
    text = (
        f"{comparison.unparsed_after} answers could not be read, "
        f"{comparison.unparsed_before} before"
    )
    if condition is None:
        return Finding("unparsed", more > 0, f"{text}: no more may be")

    return Finding(
        "unparsed", more / comparison.n > condition.limit + 1e-12, f"{text} ({condition.text})"
    )


def _drift(comparison: Comparison, condition: Condition | None, by_score: bool) -> list[Finding]:
    if comparison.drift is None:
        sentence = "there are no scores in which drift could be seen"
        return [Finding("drift", False, sentence, is_judged=False)] if condition else []

    text = f"log-probabilities moved by up to {comparison.drift:.2g} ({comparison.drift_id})"
    if condition is not None:
        fails = comparison.drift > condition.limit
        return [Finding("drift", fails, f"{text} ({condition.text})")]
    if by_score:
        return [Finding("drift", False, f"{text}, not judged beside a condition on scores")]

    limit = drift_limit(comparison.epsilon)
    return [Finding("drift", comparison.drift > limit, f"{text}: up to {limit:.2g} may be noise")]


def drift_limit(epsilon: float) -> float:
    """Return the drift (log-probability) above which a run of one device fails."""
    return max(epsilon, DRIFT_FLOOR)


def _metric(comparison: Comparison, measure: str, condition: Condition | None, p: float) -> Finding:
    """Judge a loss: it must be both sure and large, so that neither noise nor trivia fails."""
    name, limit = METRICS[measure], DROP if condition is None else condition.limit
    before, after = comparison.metrics_before or {}, comparison.metrics_after or {}
    drop = before[name] - after[name]
    sentence = (
        f"{name} is {100 * after[name]:.1f} %, {100 * before[name]:.1f} before; "
        f"{comparison.lost} clips lost off ties, {comparison.gained} gained, McNemar "
        f"p = {p:.2g}: a drop above {100 * limit:g} points with p < {SIGNIFICANT:g} fails"
    )
    return Finding(measure, drop > limit + 1e-12 and p < SIGNIFICANT, sentence)


def _share(measure: str, change: float | None, condition: Condition) -> Finding:
    title = {"rtf": "time beside that of a matrix product", "memory": "peak memory"}[measure]
    if change is None:
        return Finding(
            measure,
            False,
            f"{title} stands in only one of the run and its baseline, or in none: run it with this "
            "version, and add the baseline anew",
            is_judged=False,
        )

    return Finding(
        measure,
        change > condition.limit + 1e-12,
        f"{title} changed by {100 * change:+.1f} % ({condition.text})",
    )
