"""Chance: what one and the same answer to every clip reaches at best, in each column of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from mserbench.experiments.answers import Answers
from mserbench.experiments.shapes import AVERAGE
from mserbench.statistics.metrics import best_constant

TITLE = "*chance*"
NOTE = (
    "Chance is the best that one and the same answer to every clip can reach. Of UA that is 100 "
    "divided by the number of emotions that the target has, whichever is answered; of the other "
    "metrics it is what its most frequent emotion gets."
)
NAMES = {
    "UA": "UA, mean recall of the emotions",
    "WA": "WA, share of clips that are right",
    "WF1": "WF1, F1 weighted by clips",
    "MF1": "Macro F1",
    "precision": "Precision, weighted by clips",
    "unparsed": "Answers that could not be read",
}
"""What each metric is called at the head of its table."""


def row(
    record: Mapping[str, Any],
    answers: Mapping[str, Answers],
    kind: str,
    metric: str,
    columns: Sequence[str],
) -> list[str]:
    """Return the row of chance: percent with one digit, empty where no cell of a column has
    numbers.

    It is made of the true labels alone. No constant is unread, so `unparsed` has no such row: an
    empty list.
    """
    if metric == "unparsed":
        return []

    tasks = {cell["setting"]: cell["task"] for cell in record["cells"] if cell["kind"] == kind}
    values = {
        setting: _best(answers[task], record["tasks"][task]["labels"])[metric]
        for setting, task in tasks.items()
        if task in answers
    }
    # A mean over some of the columns could not stand beside means over all.
    if set(values) >= {column for column in columns if column != AVERAGE}:
        values[AVERAGE] = fmean(values.values())

    return [TITLE, *(f"{100 * values[name]:.1f}" if name in values else "" for name in columns)]


def _best(answers: Answers, labels: Sequence[str]) -> Mapping[str, float]:
    return best_constant(answers.truth, labels)[1]
